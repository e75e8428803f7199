"""`python -m local.dms`: run the site's replications until SIGTERM or SIGINT."""

from local.dms.runtime import Runtime
from local.services.loop import run

if __name__ == "__main__":
    run(Runtime)
