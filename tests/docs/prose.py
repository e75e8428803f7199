"""Documents have one sentence a line, so that a change of one is a change of one line.

`.venv/bin/python -m tests.docs.prose` writes them so; the test asks only whether that would change anything. Tables,
code, headings, quotes and HTML stay as they are. A sentence inside parentheses belongs to the one around it.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GENERATED = "docs/generated/"
FENCE = re.compile(r"^\s*(```|~~~)")
ITEM = re.compile(r"^(\s*)([-*+]|\d+[.)])(\s+)")
AS_IT_IS = re.compile(r"^\s*(#|\||>|<|!\[|\[[^\]]+\]:|---+\s*$|$)")
SPAN = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)|!?\[[^\]]*\]\([^)]*\)|<[^>]+>")
END = re.compile(r"[.!?][*_\"')”]*\s+(?=[*_\"'(“\[]*[A-Z0-9\x00])")
SHORT = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|No|St|[A-Z])|^\s*\d+)\.$")
"""What ends with a full stop and ends no sentence."""


def documents() -> list[Path]:
    """Every Markdown file of the repository that somebody wrote."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return [ROOT / name for name in sorted(listed) if not name.startswith(GENERATED) and (ROOT / name).exists()]


def reflowed(text: str) -> str:
    """The document with each sentence of its prose on a line of its own."""
    lines: list[str] = []
    for block in _blocks(text.splitlines()):
        lines += block if _kept(block) else _paragraph(block)
    return "\n".join(lines) + "\n"


def sentences(paragraph: str) -> list[str]:
    """A paragraph's sentences; code, links and tags are not looked into."""
    masked = SPAN.sub(lambda found: "\x00" * len(found[0]), paragraph)
    found, start = [], 0
    for end in END.finditer(masked):
        before = masked[start : end.start() + 1]
        if SHORT.search(before) or before.count("(") > before.count(")") + end[0].count(")"):
            continue
        found.append(paragraph[start : end.end()].strip())
        start = end.end()
    return [*found, paragraph[start:].strip()]


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """The document's parts: what stays as it is line by line, code whole, paragraphs and items whole."""
    block: list[str] = []
    fence = ""
    for line in lines:
        opened = FENCE.match(line)
        if fence:
            block.append(line)
            if opened and opened[1] == fence:
                yield block
                block, fence = [], ""
        elif opened:
            if block:
                yield block
            block, fence = [line], opened[1]
        elif AS_IT_IS.match(line) or ITEM.match(line):
            if block:
                yield block
            block = []
            if ITEM.match(line):
                block = [line]
            else:
                yield [line]
        else:
            block.append(line)
    if block:
        yield block


def _kept(block: list[str]) -> bool:
    return bool(FENCE.match(block[0]) or (AS_IT_IS.match(block[0]) and not ITEM.match(block[0])))


def _paragraph(block: list[str]) -> list[str]:
    item = ITEM.match(block[0])
    first = item[0] if item else re.match(r"\s*", block[0])[0]  # type: ignore[index]
    text = " ".join([block[0][len(first) :].strip(), *(line.strip() for line in block[1:])])
    begins, *rest = sentences(text)
    return [first + begins, *(" " * len(first) + sentence for sentence in rest)]


def main(arguments: list[str]) -> int:
    """Write the documents so, all or those named; with `--check` only say which are not."""
    named = [Path(name) for name in arguments if name != "--check"]
    wrong = [path for path in named or documents() if reflowed(path.read_text("utf-8")) != path.read_text("utf-8")]
    for path in wrong:
        if "--check" in arguments:
            print(f"{path} has not one sentence a line: .venv/bin/python -m tests.docs.prose {path}")
        else:
            path.write_text(reflowed(path.read_text("utf-8")), "utf-8")
    return 1 if wrong and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
