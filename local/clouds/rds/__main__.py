"""`python -m local.clouds.rds [--force-ssl]`: the proxy of the site's RDS instances, until SIGTERM or SIGINT."""

import asyncio
import signal
import sys

from local.clouds.rds.front import Front
from local.site import Site


async def main(force_ssl: bool) -> None:
    serving = asyncio.create_task(Front(Site.current(), force_ssl=force_ssl).serve())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
    try:
        await serving
    except asyncio.CancelledError:
        return


if __name__ == "__main__":
    asyncio.run(main("--force-ssl" in sys.argv[1:]))
