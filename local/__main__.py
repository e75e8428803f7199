"""The project's commands: `python -m local <command>`; the Makefile has a target for each."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from local import doctor, services, toolchain
from local.site import Site
from local.toolchain import packages


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(required=True)

    def command(name: str, run: Callable[[argparse.Namespace], int], what: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=what, description=what)
        sub.set_defaults(run=run)
        return sub

    command("toolchain", _toolchain, "install what is missing of the toolchain")
    command("package", _package, "build the function's layer and the sink's plugin")
    command("doctor", lambda _: doctor.report(), "say what is there and what is missing")
    start = command("start", _start, "start services of the local platform")
    start.add_argument("services", nargs="*", choices=services.NAMES, help="which; all if none is named")
    command("down", _down, "stop the services of the local platform")

    chosen = parser.parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except (toolchain.StepError, services.ServiceError) as error:
        print(error, file=sys.stderr)
        return 1


def _toolchain(_: argparse.Namespace) -> int:
    toolchain.install()
    return 0


def _package(_: argparse.Namespace) -> int:
    packages.build()
    return 0


def _start(chosen: argparse.Namespace) -> int:
    site = Site.current()
    for name in chosen.services or services.NAMES:
        services.start(site, name)
        print(f"{name} is ready; its log: {site.logs / f'{name}.log'}")
    return 0


def _down(_: argparse.Namespace) -> int:
    site = Site.current()
    services.stop(site)
    print(f"all services are stopped; their data stays in {site.state}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
