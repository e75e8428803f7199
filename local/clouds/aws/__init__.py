"""AWS on this machine: moto's server, and in small modules what it lacks for our use.

Each module has one `extend(...)` that changes moto before the server starts and says in its
docstring which behaviour of AWS it adds and where moto differs. `python -m local.clouds.aws` runs it.

Not imitated: IAM is not enforced, nothing is encrypted, and all state is in memory, so a server
that starts knows nothing of an earlier one (`make up` builds it again).
"""
