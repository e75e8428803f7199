"""`python -m local.functions`: run the site's functions until SIGTERM or SIGINT."""

from local.functions.runtime import Runtime
from local.services.loop import run

if __name__ == "__main__":
    run(Runtime)
