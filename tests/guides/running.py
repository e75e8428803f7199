"""Carries out a guide of docs/guides on a copy of the tree: what its blocks say to write is written, and to run is run.

The words behind a fence say what a block is:

    python file=a/b.py   makes a file that is not there yet; any language
    diff file=a/b.py     changes one: what its lines without `+` are, once in the file; parts are parted by `@@`
    sh                   is run from the tree's root, and ends well; `sh fails` does not
    text                 lines that the command before it has written, each somewhere
    text files           every file that a reader touches, a line each, with what is done there
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.site import ROOT

GUIDES = ROOT / "docs" / "guides"
FENCE = re.compile(r"^ *```(\S+)(?: (\S+))?\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
LENT = (".venv", ".toolchain", "build/packages")
"""What the copy has of this tree by a link: what commands make, and no guide changes."""
TIMEOUT_SECONDS = 600


class GuideError(Exception):
    """A step of a guide cannot be taken, or does not do what the guide says."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """One fenced block of a page."""

    language: str
    option: str
    """`file=...`, `fails`, `files`, or nothing."""
    text: str
    at: str
    """Page and line, for messages."""

    @property
    def file(self) -> str | None:
        return self.option.removeprefix("file=") if self.option.startswith("file=") else None


@dataclass(kw_only=True)
class Copy:
    """A tree of its own, as the guide has left it so far."""

    tree: Path
    promised: list[str] = field(default_factory=list)
    """The files of the guide's own list."""
    said: str = ""
    """What the last command wrote."""
    edits: int = 0

    @classmethod
    def make(cls, tree: Path) -> Copy:
        """Copy what git knows of this tree or would; the copy's own git has all of it as its beginning."""
        for name in _git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard"):
            if (ROOT / name).is_file():
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, tree / name)
        for name in LENT:
            if (ROOT / name).exists():
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                (tree / name).symlink_to((ROOT / name).resolve())
        _git(tree, "init", "--quiet")
        # The ignored folders are links here, which a pattern with a slash at its end is not about.
        (tree / ".git" / "info" / "exclude").write_text("".join(f"/{name}\n" for name in LENT), "utf-8")
        _git(tree, "add", "--all")
        return cls(tree=tree)

    def changed(self) -> set[str]:
        """The files that are not as in the beginning, new ones among them."""
        return {
            *_git(self.tree, "diff", "--name-only"),
            *_git(self.tree, "ls-files", "--others", "--exclude-standard"),
        }

    def run(self, command: str) -> int:
        """Run a command; what it writes is `said`. Graphs that were recorded since the last edit are used again."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=self.tree,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        self.said = done.stdout
        return done.returncode

    def _environment(self) -> dict[str, str]:
        """That of a person at a shell; of the test run around it, only what no run of pytest has put there."""
        made = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        made.pop("PYTHONDONTWRITEBYTECODE", None)
        self.kept.mkdir(exist_ok=True)
        return made | {"NOVARETAIL_TEST_RUN": str(self.kept)}

    @property
    def kept(self) -> Path:
        """Where tests/once.py keeps what was made since the last edit; of another state of the tree it is of no use."""
        return self.tree.parent / f"{self.tree.name}-run-{self.edits}"

    def resource(self, stack: str, name: str) -> dict[str, Any]:
        """The inputs of a resource in the one graph of a stack that commands have recorded since the last edit."""
        (graph,) = self.kept.glob(f"graph-{stack}-*.json")
        (found,) = [one for one in json.loads(graph.read_text("utf-8"))["resources"] if one["name"] == name]
        return dict(found["inputs"])

    def take(self, block: Block) -> None:
        """Do what a block says.

        Raises: GuideError.
        """
        if block.language == "sh":
            status = self.run(block.text)
            if (status != 0) != (block.option == "fails"):
                raise GuideError(f"{block.at}: it ends with {status}:\n{block.text}\n{self.said}")
        elif block.file is not None:
            self.edits += 1
            self._edit(block, self.tree / block.file)
        elif (block.language, block.option) == ("text", "files"):
            self.promised += [line.split()[0] for line in block.text.splitlines()]
        elif (block.language, block.option) == ("text", ""):
            missing = [line for line in block.text.splitlines() if line.strip() not in self.said]
            if missing:
                raise GuideError(f"{block.at}: the command does not say {missing}, but:\n{self.said}")
        else:
            raise GuideError(f"{block.at}: nothing is known of {block.language} {block.option}")

    def _edit(self, block: Block, file: Path) -> None:
        if block.language != "diff":
            if file.exists():
                raise GuideError(f"{block.at}: {block.file} is there already")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, "utf-8")
            return
        text = file.read_text("utf-8")
        for part in re.split(r"^@@\n", block.text, flags=re.MULTILINE):
            lines = part.splitlines(keepends=True)
            before = "".join(line[1:] or "\n" for line in lines if line[0] != "+")
            after = "".join(line[1:] or "\n" for line in lines if line[0] != "-")
            # A part is of whole lines: what it finds begins where a line does.
            found = f"\n{text}".count(f"\n{before}")
            if found != 1:
                raise GuideError(f"{block.at}: {block.file} has this {found} times:\n{before}")
            text = f"\n{text}".replace(f"\n{before}", f"\n{after}")[1:]
        file.write_text(text, "utf-8")

    def baseline(self, stack: str) -> dict[str, Any]:
        """The reviewed graph of a stack: `<type> <name>` -> what it is."""
        found: dict[str, Any] = json.loads((self.tree / "tests" / "baselines" / f"{stack}.json").read_text("utf-8"))
        return found


def blocks(page: Path) -> Iterator[Block]:
    """The page's blocks, in their order."""
    text = page.read_text("utf-8")
    for found in FENCE.finditer(text):
        at = f"{page.name}:{text.count(chr(10), 0, found.start()) + 1}"
        yield Block(language=found[1], option=found[2] or "", text=found[3], at=at)


def carry_out(guide: str, folder: Path) -> Copy:
    """Take every step of a guide, in a new folder below `folder`; its files then look as ours do.

    Raises: GuideError with page and line of the step that fails.
    """
    copy = Copy.make(folder / "tree")
    for block in blocks(GUIDES / f"{guide}.md"):
        copy.take(block)
    changed = copy.changed()
    if changed != set(copy.promised):
        odd = sorted(changed ^ set(copy.promised))
        raise GuideError(f"{guide}.md: its list of files and what it changes differ in {', '.join(odd)}")
    for command, ending in (
        ("ruff format --check", ".py"),
        ("ruff check", ".py"),
        ("yamllint --strict", ".yaml"),
        ("python -m tests.docs.prose --check", ".md"),
    ):
        files = " ".join(sorted(name for name in changed if name.endswith(ending)))
        if files and copy.run(f".venv/bin/{command} {files}"):
            raise GuideError(f"{guide}.md: {command}\n{copy.said}")
    return copy


def _git(tree: Path, *arguments: str) -> list[str]:
    """The lines that a command of git writes; names are as they are, for none here is quoted."""
    command = ["git", "-c", "core.hooksPath=/dev/null", *arguments]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=True).stdout.splitlines()
