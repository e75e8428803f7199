"""The organization's preview is what its reviewed graph says now, against what it said where the branch began."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from delivery import graphs


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose main has one bucket, and a branch that is checked out."""
    monkeypatch.setattr(graphs, "ROOT", tmp_path)
    file = tmp_path / graphs.BASELINES / "organization.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"aws:s3/bucket:Bucket archive": {"parent": "", "inputs": {"bucket": "archive"}}}))
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    git(tmp_path, "checkout", "-qb", "branch")
    return file


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=test", "-c", "user.email=test@novaretail.example"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True)


def test_a_graph_that_is_the_same_has_no_changes(repository: Path) -> None:
    assert graphs.since("main", "organization") == []


def test_what_main_did_meanwhile_is_no_change_of_the_branch(repository: Path) -> None:
    git(repository.parents[2], "checkout", "-q", "main")
    repository.write_text("{}")
    git(repository.parents[2], "commit", "-qam", "two")
    git(repository.parents[2], "checkout", "-q", "branch")

    assert graphs.since("main", "organization") == []


def test_a_renamed_bucket_is_lost_data(repository: Path) -> None:
    repository.write_text(repository.read_text().replace('"bucket": "archive"', '"bucket": "archive-2"'))

    (change,) = graphs.since("main", "organization")
    assert change.kind == "data-losing"
    assert change.what == 'bucket: "archive" -> "archive-2"'


def test_a_commit_that_is_not_there_is_an_error_with_its_way_out(repository: Path) -> None:
    with pytest.raises(LookupError, match="fetch the whole history"):
        graphs.since("nowhere", "organization")
