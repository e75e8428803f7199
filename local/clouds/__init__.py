"""The clouds on one machine: the engine, the providers and the services, which know nothing of what runs on them."""
