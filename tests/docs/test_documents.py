"""Documents have one sentence a line, and name only what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .prose import ROOT, SPAN, documents, reflowed

DOCUMENTS = documents()
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
PATH = re.compile(r"[\w.<>*-]+(?:/[\w.<>*-]*)+")
MADE = ("build", ".venv", ".toolchain")
"""What a command makes: it may not be there yet."""
HISTORY = ("CHANGELOG.md", "docs/adr/")
"""They tell what was; a path of then is not corrected."""
WITHOUT_CODE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_a_document_has_one_sentence_a_line(document: Path) -> None:
    text = document.read_text("utf-8")
    wrong = next(
        (n for n, (a, b) in enumerate(zip(text.split("\n"), reflowed(text).split("\n"), strict=False)) if a != b), 0
    )

    assert text == reflowed(text), (
        f"{name(document)}:{wrong + 1} has another number of sentences than one;"
        f" write it so: .venv/bin/python -m tests.docs.prose {name(document)}"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("One. Two\nand a half.", "One.\nTwo and a half."),
        ("- One. Two.\n- Three", "- One.\n  Two.\n- Three"),
        ("1. One. Two.", "1. One.\n   Two."),
        ("- **Bold.** Plain.", "- **Bold.**\n  Plain."),
        ("Say `a. B` once (see it. Yes.) and, e.g. Here.", "Say `a. B` once (see it. Yes.) and, e.g. Here."),
        ("See [a. B](c.md). `make up` runs.", "See [a. B](c.md).\n`make up` runs."),
        ("| a. B | c |\n|---|---|", "| a. B | c |\n|---|---|"),
        ("```sh\na. B\n```", "```sh\na. B\n```"),
        ("# A. Head", "# A. Head"),
        ("Version 3.5.6 runs. It fits.", "Version 3.5.6 runs.\nIt fits."),
        ("(A whole one.) Another.", "(A whole one.)\nAnother."),
    ],
)
def test_prose_is_cut_at_sentences_and_nothing_else_is(before: str, after: str) -> None:
    assert reflowed(before) == after + "\n"
    assert reflowed(after) == after + "\n"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_a_link_leads_to_something(document: Path) -> None:
    text = WITHOUT_CODE.sub("", document.read_text("utf-8"))
    wrong = []
    for link in LINK.findall(text):
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        file = (document.parent / target) if target else document
        if not file.exists():
            wrong.append(f"{name(document)}: the link to {link} leads nowhere{_nearest(target)}")
        elif anchor and file.suffix == ".md" and anchor not in _anchors(file):
            wrong.append(f"{name(document)}: {name(file.resolve())} has no heading #{anchor}")
    assert wrong == []


@pytest.mark.parametrize("document", [d for d in DOCUMENTS if not name(d).startswith(HISTORY)], ids=name)
def test_a_path_in_a_document_is_in_the_tree(document: Path) -> None:
    tops = {path.name for path in ROOT.iterdir()} - {*MADE, ".git"}
    lines = WITHOUT_CODE.sub(lambda code: "\n" * code[0].count("\n"), document.read_text("utf-8")).split("\n")
    wrong = []
    for number, line in enumerate(lines, 1):
        # A command's words too: `pytest tests/docs -q` names a folder.
        for said in (word for code in CODE.findall(line) for word in code.split()):
            if not PATH.fullmatch(said) or said.split("/")[0] not in tops:
                continue
            if not any(ROOT.glob(re.sub(r"<[^>]*>", "*", said).rstrip("/"))):
                wrong.append(f"{name(document)}:{number}: `{said}` is not in the tree{_nearest(said)}")
    assert wrong == []


def _nearest(path: str) -> str:
    """Where else a file of that name is, for the message."""
    last = Path(path).name
    if not last or "*" in last or "<" in last:
        return ""
    found = [
        name(p) for top in ROOT.iterdir() if top.is_dir() and top.name not in (*MADE, ".git") for p in top.rglob(last)
    ]
    return f" (there is {', '.join(sorted(found)[:3])})" if found else ""


def _anchors(file: Path) -> set[str]:
    """The headings' names as GitHub makes them."""
    heads = re.findall(r"^#+\s+(.*)$", WITHOUT_CODE.sub("", file.read_text("utf-8")), re.MULTILINE)
    plain = [re.sub(r"[^\w\s-]", "", SPAN.sub(lambda span: span[0].strip("`"), head).lower()) for head in heads]
    return {re.sub(r"\s", "-", head.strip()) for head in plain}


def test_every_owner_is_of_something() -> None:
    """A line of CODEOWNERS whose folder moved would leave it to the first line's owners."""
    lines = [
        line.split()[0]
        for line in (ROOT / ".github" / "CODEOWNERS").read_text().splitlines()
        if line.startswith(("*", "/"))
    ]

    assert [line for line in lines if not any(ROOT.glob(line.strip("/")))] == []
