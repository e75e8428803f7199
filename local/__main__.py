"""The project's commands: `python -m local <command>`; the Makefile has a target for each."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from local import toolchain
from local.site import ROOT, Site


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(required=True)

    def command(name: str, run: Callable[[argparse.Namespace], int], what: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=what, description=what)
        sub.set_defaults(run=run)
        return sub

    up = command("up", _up, "the local stack from nothing to the report")
    up.add_argument("--replay", choices=("day", "month", "year"), default="month", help="how much is replayed")
    command("down", _down, "destroy the local stack, stop its services, remove their state")
    preview = command("preview", _preview, "what a stack would create, on the real engine, without an account")
    preview.add_argument("--stack", default="prod", help="a Pulumi.<stack>.yaml of this project")
    links = command("links", _links, "try the links of a stack: real IKEv2 and BGP between both ends")
    links.add_argument("--stack", default="prod", help="a Pulumi.<stack>.yaml of this project")
    query = command("query", _query, "ask the running platform's warehouse")
    query.add_argument("sql", help='Redshift SQL, such as "SELECT * FROM analytics.daily_sales"')
    command("toolchain", _toolchain, "install what is missing of the toolchain")
    command("bench", _bench, "how long a preview of prod takes, against what its imports take")
    command("docs", _docs, "write the pages of docs/generated")
    command("package", _package, "build the function's layer and the sink's plugin")
    command("doctor", _doctor, "say what is there and what is missing")

    chosen = parser.parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except KeyboardInterrupt:
        print("\ninterrupted; the same command starts afresh, `make down` cleans up", file=sys.stderr)
        return 130
    except Exception as error:
        if not isinstance(error, _known_errors()):
            raise
        print(f"\n{error}", file=sys.stderr)
        return 1


def _known_errors() -> tuple[type[Exception], ...]:
    """Errors that say what, where, why and the way out; any other is a defect and keeps its traceback."""
    known: list[type[Exception]] = [toolchain.StepError]
    for module, names in (
        ("contracts", ["ContractErrors"]),
        ("local.docs", ["DocsError"]),
        ("local.clouds.engine.engine", ["EngineError"]),
        ("local.links.namespaces", ["NamespaceError"]),
        ("local.links.waiting", ["SlowError"]),
        ("local.rehearsal.replay", ["ReplayError", "SourceError"]),
        ("local.clouds.services", ["ServiceError"]),
        ("local.steps", ["StepError"]),
        ("local.clouds.warehouse", ["WarehouseError"]),
    ):
        if module in sys.modules:  # what was never imported cannot have been raised
            known += [getattr(sys.modules[module], name) for name in names]
    return tuple(known)


def _up(chosen: argparse.Namespace) -> int:
    from local.rehearsal.up import REPORT, up

    report = up(Site.current(), chosen.replay)
    folder = REPORT.relative_to(ROOT)
    print(f"\nThe report: {folder / 'index.html'}, for machines {folder / 'report.json'}")
    print('Next: make query SQL="SELECT * FROM analytics.daily_sales LIMIT 10", and in the end make down')
    if report["problems"]:
        print(f"{len(report['problems'])} problems; see above", file=sys.stderr)
        return 1
    return 0


def _down(_: argparse.Namespace) -> int:
    from local.rehearsal.up import down

    down(Site.current())
    print("nothing of the local stack is left; `make up` builds it again")
    return 0


def _preview(chosen: argparse.Namespace) -> int:
    from local.clouds.engine.engine import Engine
    from local.toolchain import packages

    packages.build()
    print(f"preview of the stack {chosen.stack} on the real engine, no account needed")
    outcome = Engine(Site.current(), chosen.stack, policy_packs=(ROOT / "policy",)).preview()
    by_type = {**outcome.live, **outcome.state_only}
    for token in sorted(by_type):
        print(f"  {by_type[token]:4}  {token}")
    for operation, count in outcome.changes.items():
        print(f"{count} resources to {operation}, components included")
    print(
        f"no rule of policy/ is broken; in {outcome.seconds:.1f} s; all of it is in build/preview/{chosen.stack}.json"
    )
    return 0


def _links(chosen: argparse.Namespace) -> int:
    from local.links.command import links

    return links(Site.current(), chosen.stack)


def _query(chosen: argparse.Namespace) -> int:
    from local.clouds import services
    from local.clouds.warehouse import Warehouse
    from local.steps import StepError

    site = Site.current()
    if "aws" not in {status.name for status in services.status(site) if status.state == "running"}:
        raise StepError("the local platform does not run; `make up` starts it")
    Warehouse(site).execute(chosen.sql).print()
    return 0


def _toolchain(_: argparse.Namespace) -> int:
    toolchain.install()
    return 0


def _bench(_: argparse.Namespace) -> int:
    from local import bench
    from local.toolchain import packages

    packages.build()
    return 0 if bench.run().holds else 1


def _docs(_: argparse.Namespace) -> int:
    from local import docs

    for file in docs.write():
        print(f"wrote {file.relative_to(ROOT)}")
    return 0


def _package(_: argparse.Namespace) -> int:
    from local.toolchain import packages

    packages.build()
    return 0


def _doctor(_: argparse.Namespace) -> int:
    from local import doctor

    return doctor.report()


if __name__ == "__main__":
    sys.exit(main())
