"""`python -m local.clouds.functions`: run the site's functions until SIGTERM or SIGINT."""

from local.clouds.functions.runtime import Runtime
from local.clouds.services.loop import run

if __name__ == "__main__":
    run(Runtime)
