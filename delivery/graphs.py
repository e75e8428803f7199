"""Graphs as they were reviewed: two commits' baselines of one stack, and what a change of an argument means there.

For a stack that no job of a pull request can log in to (`organization`, in the management account), this is the
preview: the baselines are the program's whole graph, and a test holds them equal to it.
"""

from __future__ import annotations

import functools
import json
import subprocess
from pathlib import Path

from delivery.changes import Change, Graph, compare
from local.clouds.provider.diff import replaces as replaces_shape
from local.clouds.provider.kept_shapes import Shapes

ROOT = Path(__file__).resolve().parents[1]
BASELINES = "tests/baselines"


@functools.cache
def _shapes() -> Shapes:
    return Shapes()


def replaces(type_: str, argument: str) -> bool:
    """Return whether another value of the argument makes a resource of the type anew, as the real providers do."""
    if ":" not in type_ or type_.startswith("platform:"):
        return False
    shape = _shapes().get(type_)
    return shape is not None and replaces_shape(shape, argument)


def since(base: str, stack: str) -> list[Change]:
    """Return what changed in the stack's graph since a commit.

    Args:
        base: anything that git takes for a commit, such as origin/main; what it has in common with HEAD counts.
    Raises: LookupError if the commit is not there (a shallow clone has one only) or has no graph of the stack.
    """
    file = f"{BASELINES}/{stack}.json"
    try:
        fork = _git("merge-base", base, "HEAD").strip()
        before: Graph = json.loads(_git("show", f"{fork}:{file}"))
    except subprocess.CalledProcessError as error:
        raise LookupError(f"git has no {file} of {base}: {error.stderr.strip()}; fetch the whole history") from error
    return compare(before, json.loads((ROOT / file).read_text("utf-8")), replaces)


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout
