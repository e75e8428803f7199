"""`python -m local.clouds.aws`: serve the site's AWS endpoint until SIGTERM or SIGINT."""

from __future__ import annotations

import sys

from local.clouds.aws.server import PortInUseError, serve
from local.site import Site


def main() -> int:
    try:
        serve(Site.current())
    except PortInUseError as error:
        print(error, file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
