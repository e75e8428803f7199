"""One stand-in for the providers aws, azure-native and gcp, spoken to by the real Pulumi engine.

`server` speaks the `ResourceProvider` service and `resources` does what it is asked. `shapes` and `check` hold every
resource against the installed SDK's own schema; what the SDK does not say of a type is its row in `types`. `live`
creates what carries data in the site's real servers, and what is not live is kept as state (`state`, `outputs`).
"""
