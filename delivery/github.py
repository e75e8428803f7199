"""Tells GitHub of something once: a comment or an issue that is found by its mark is updated, else it is made.

By GitHub's own program `gh`, which the runners have and which takes the job's token from GH_TOKEN.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

WRITER = "github-actions[bot]"
"""Who writes with a job's token; a mark in somebody else's text is not ours."""


class GitHubError(RuntimeError):
    """GitHub refused, in the words of `gh`."""


def comment(repository: str, number: int, body: str, mark: str) -> str:
    """Leave one comment with this mark on a pull request; returns `made` or `updated`."""
    found = _ours(f"repos/{repository}/issues/{number}/comments", mark)
    if found:
        _send("PATCH", f"repos/{repository}/issues/comments/{found['id']}", {"body": body})
        return "updated"
    _send("POST", f"repos/{repository}/issues/{number}/comments", {"body": body})
    return "made"


def issue(repository: str, title: str, body: str, mark: str) -> str:
    """Leave one open issue with this mark; returns `made` or `updated`."""
    found = _ours(f"repos/{repository}/issues?state=open", mark)
    if found:
        _send("PATCH", f"repos/{repository}/issues/{found['number']}", {"title": title, "body": body})
        return "updated"
    _send("POST", f"repos/{repository}/issues", {"title": title, "body": body})
    return "made"


def close(repository: str, mark: str) -> str:
    """Close the open issue with this mark; returns `closed`, or `none` if there is none."""
    found = _ours(f"repos/{repository}/issues?state=open", mark)
    if not found:
        return "none"
    _send("PATCH", f"repos/{repository}/issues/{found['number']}", {"state": "closed", "state_reason": "completed"})
    return "closed"


def _ours(path: str, mark: str) -> Mapping[str, Any] | None:
    """Return the first text that a job wrote with this mark."""
    separator = "&" if "?" in path else "?"
    pages = _gh(["--paginate", f"{path}{separator}per_page=100"])
    for text in _documents(pages):
        if (text.get("user") or {}).get("login") == WRITER and mark in (text.get("body") or ""):
            return text
    return None


def _documents(pages: str) -> Iterator[Mapping[str, Any]]:
    """Yield what several pages hold; `gh` may print them as one JSON array or as one after the other."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(pages):
        page, at = decoder.raw_decode(pages, at)
        yield from page
        while at < len(pages) and pages[at].isspace():
            at += 1


def _send(method: str, path: str, content: Mapping[str, Any]) -> None:
    _gh(["--method", method, path, "--input", "-"], json.dumps(content))


def _gh(arguments: list[str], stdin: str = "") -> str:
    done = subprocess.run(["gh", "api", *arguments], input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise GitHubError(f"gh api {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()
