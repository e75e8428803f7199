"""One stand-in for the providers aws, azure-native and gcp, spoken to by the real Pulumi engine.

`server` speaks the `ResourceProvider` service; `shapes` and `check` hold every resource against the
installed SDK's own schema; `live` creates what carries data in the site's real servers, and what is not
live is kept as state (`state`, `outputs`).
"""
