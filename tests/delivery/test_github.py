"""A comment and an issue are made once and updated afterwards, by a program in the place of `gh` that keeps texts."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from delivery import github
from tests.workflows.fakes import install_gh

MARK = "<!-- mark -->"
REPOSITORY = "novaretail/data-backbone"


@pytest.fixture
def texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that holds what GitHub has."""
    install_gh(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    kept = tmp_path / "texts.json"
    monkeypatch.setenv("FAKE_GITHUB", str(kept))
    return kept


def kept(texts: Path) -> list[dict[str, Any]]:
    return list(json.loads(texts.read_text()))


def test_a_second_run_updates_the_comment_of_the_first(texts: Path) -> None:
    assert github.comment(REPOSITORY, 7, f"{MARK} one", MARK) == "made"
    assert github.comment(REPOSITORY, 7, f"{MARK} two", MARK) == "updated"
    assert github.comment(REPOSITORY, 8, f"{MARK} other", MARK) == "made"

    assert [(text["on"], text["body"]) for text in kept(texts)] == [("7", f"{MARK} two"), ("8", f"{MARK} other")]


def test_somebody_elses_text_with_the_mark_is_left_alone(texts: Path) -> None:
    foreign = {"id": 1, "on": "7", "body": f"{MARK} mine", "user": {"login": "mallory"}}
    texts.write_text(json.dumps([foreign]))

    assert github.comment(REPOSITORY, 7, f"{MARK} ours", MARK) == "made"
    assert kept(texts)[0] == foreign


def test_a_comment_on_a_later_page_is_found(texts: Path) -> None:
    bot = {"login": github.WRITER}
    texts.write_text(
        json.dumps(
            [{"id": n, "on": "7", "body": MARK if n == 150 else f"text {n}", "user": bot} for n in range(1, 160)]
        )
    )

    assert github.comment(REPOSITORY, 7, f"{MARK} new", MARK) == "updated"
    assert kept(texts)[149]["body"] == f"{MARK} new"


def test_drift_keeps_one_issue_and_closes_it_when_all_is_well_again(texts: Path) -> None:
    assert github.close(REPOSITORY, MARK) == "none"
    assert github.issue(REPOSITORY, "drift", f"{MARK} a", MARK) == "made"
    assert github.issue(REPOSITORY, "drift", f"{MARK} b", MARK) == "updated"
    assert github.close(REPOSITORY, MARK) == "closed"
    assert github.issue(REPOSITORY, "drift", f"{MARK} c", MARK) == "made"

    assert [(text["body"], text["state"]) for text in kept(texts)] == [(f"{MARK} b", "closed"), (f"{MARK} c", "open")]


def test_a_refusal_is_told_in_githubs_own_words(texts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_GITHUB_REFUSES", "Resource not accessible by integration")

    with pytest.raises(github.GitHubError, match="Resource not accessible by integration"):
        github.comment(REPOSITORY, 7, MARK, MARK)
