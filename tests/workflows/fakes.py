"""Programs in the place of `gh` and `pulumi`, for a PATH: they keep what they are told and say what a test wants."""

from __future__ import annotations

import sys
from pathlib import Path

GH = '''\
"""`gh api` over one JSON file (FAKE_GITHUB): comments and issues, in pages of 100, one array after the other."""
import json, os, re, sys
from pathlib import Path

if refusal := os.environ.get("FAKE_GITHUB_REFUSES"):
    sys.exit(refusal)
arguments = sys.argv[1:]
assert arguments.pop(0) == "api"
file = Path(os.environ["FAKE_GITHUB"])
texts = json.loads(file.read_text()) if file.exists() else []
method = "GET"
if "--method" in arguments:
    at = arguments.index("--method")
    method = arguments[at + 1]
    del arguments[at : at + 2]
path = next(a for a in arguments if a.startswith("repos/"))
rest = re.match(r"repos/[^/]+/[^/]+/([^?]*)", path)[1].split("/")
if method == "GET":
    assert "--paginate" in arguments
    on = rest[1] if rest[-1] == "comments" else "issues"
    found = [t for t in texts if t["on"] == on and (on != "issues" or t["state"] == "open")]
    for at in range(0, len(found) or 1, 100):
        print(json.dumps(found[at : at + 100]))
    sys.exit()
told = json.load(sys.stdin)
if method == "POST":
    number = len(texts) + 1
    on = rest[1] if rest[-1] == "comments" else "issues"
    texts.append({"id": number, "number": number, "on": on, "state": "open", **told})
    texts[-1]["user"] = {"login": "github-actions[bot]"}
else:
    (text,) = [t for t in texts if str(t["id"]) == rest[-1]]
    text.update(told)
file.write_text(json.dumps(texts))
'''

PULUMI = '''\
"""A CLI that keeps its arguments (FAKE_PULUMI_LOG) and prints the plan that FAKE_PLANS has for the stack."""
import json, os, sys
from pathlib import Path

arguments = sys.argv[1:]
with Path(os.environ["FAKE_PULUMI_LOG"]).open("a") as log:
    print(json.dumps(arguments), file=log)
if arguments[0] in ("preview", "refresh"):
    stack = arguments[arguments.index("--stack") + 1]
    Path(arguments[arguments.index("--event-log") + 1]).touch()
    print(Path(os.environ["FAKE_PLANS"], f"{arguments[0]}-{stack}.json").read_text())
if arguments[0] != "login":
    sys.exit(int(os.environ.get("FAKE_PULUMI_EXIT", "0")))
'''


def install_gh(folder: Path) -> None:
    install(folder, "gh", GH)


def install_pulumi(folder: Path) -> None:
    install(folder, "pulumi", PULUMI)


def install(folder: Path, name: str, program: str) -> None:
    """Put a Python program on a PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(f"#!{sys.executable}\n{program}")
    file.chmod(0o755)
