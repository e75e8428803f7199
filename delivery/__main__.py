"""What the workflows run: `python -m delivery <command>`; the Makefile has a target for each."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from delivery import comment, engine, github, graphs, logins, plan


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m delivery", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    target = commands.add_parser("target", help="what the login steps need, as name=value")
    target.add_argument("stack")
    target.add_argument("use", choices=("preview", "deploy"))
    commands.add_parser("login", help="log the engine in where its state is")
    planned = commands.add_parser("plan", help="what an update would do; build/plan/<stack>.json")
    drift = commands.add_parser("drift", help="what is not as deployed; build/plan/<stack>.json")
    deploy = commands.add_parser("deploy", help="bring a stack up")
    for engines in (planned, drift, deploy):
        engines.add_argument("stack")
        engines.add_argument("--role", default="", help="preview in a job that may only read, admin for a person")
    written = commands.add_parser("comment", help="the plans as Markdown; build/plan/comment.md")
    written.add_argument("kind", choices=("preview", "drift"))
    written.add_argument("stacks", nargs="+")
    written.add_argument("--base", default="", help="commit that the organization's graph is held against")
    told = commands.add_parser("tell", help="put build/plan/comment.md on GitHub, once")
    told.add_argument("kind", choices=("preview", "drift"))
    told.add_argument("--pull-request", type=int, default=0)
    chosen = parser.parse_args(arguments)
    try:
        return _run(chosen)
    except (engine.EngineError, github.GitHubError, logins.LoginError, LookupError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1


def _run(chosen: argparse.Namespace) -> int:
    match chosen.command:
        case "target":
            for name, value in logins.target(chosen.stack, chosen.use).items():
                print(f"{name}={value}")
        case "login":
            print(f"the engine's state is at {logins.log_in()}")
        case "plan":
            return engine.preview(chosen.stack, role=chosen.role)
        case "drift":
            return engine.drift(chosen.stack, role=chosen.role)
        case "deploy":
            return engine.deploy(chosen.stack, role=chosen.role)
        case "comment":
            return _comment(chosen)
        case "tell":
            return _tell(chosen)
    return 0


def _comment(chosen: argparse.Namespace) -> int:
    """Write the page; in a drift, anything that is not as deployed is a failure, and without one there is no page."""
    plans = []
    for stack in chosen.stacks:
        if stack == "organization":
            plans.append(plan.Plan(stack=stack, changes=tuple(graphs.since(chosen.base or "origin/main", stack))))
        else:
            plans.append(plan.read(stack, engine.output_of(stack), engine.events_of(stack)))
    render = comment.preview if chosen.kind == "preview" else comment.drift
    page = engine.plans() / "comment.md"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(render(plans, os.environ.get("RUN_URL", "")), "utf-8")
    print(page.read_text("utf-8"))
    stopped = any(plan.problems for plan in plans)
    differs = chosen.kind == "drift" and any(plan.changes for plan in plans)
    if chosen.kind == "drift" and not stopped and not differs:
        page.unlink()
    return 1 if stopped or differs else 0


def _tell(chosen: argparse.Namespace) -> int:
    page, repository = engine.plans() / "comment.md", os.environ["GITHUB_REPOSITORY"]
    if chosen.kind == "preview":
        body = page.read_text("utf-8")
        print("comment:", github.comment(repository, chosen.pull_request, body, comment.PREVIEW_MARK))
    elif page.exists():
        body = page.read_text("utf-8")
        print("issue:", github.issue(repository, "What is deployed is not what is there", body, comment.DRIFT_MARK))
    else:
        print("issue:", github.close(repository, comment.DRIFT_MARK))
    return 0


if __name__ == "__main__":
    sys.exit(main())
