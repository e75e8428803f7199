"""The platform on one machine: toolchain, services, provider, replay and report."""
