"""`python -m local.clouds.dms`: run the site's replications until SIGTERM or SIGINT."""

from local.clouds.dms.runtime import Runtime
from local.clouds.services.loop import run

if __name__ == "__main__":
    run(Runtime)
