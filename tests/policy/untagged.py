"""Which AWS types take no tags, read from the text of the SDK: importing all of it takes half a minute.

`python -m tests.policy.untagged` writes policy/untagged.txt, which the pack reads: it has no SDK to ask.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from local.site import ROOT

FILE = ROOT / "policy" / "untagged.txt"
TOKEN = re.compile(r'@pulumi\.type_token\("(aws:[\w/]+:\w+)"\)')
ARGUMENTS = re.compile(r"def _internal_init\((.*?)\):\n", re.S)


def untagged() -> list[str]:
    spec = importlib.util.find_spec("pulumi_aws")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("pulumi_aws")
    found = []
    for file in Path(spec.origin).parent.rglob("*.py"):
        if file.name.startswith(("_", "get_")):
            continue
        text = file.read_text("utf-8")
        token = TOKEN.search(text)
        arguments = ARGUMENTS.search(text)
        if token and arguments and not re.search(r"\btags: ", arguments[1]):
            found.append(token[1])
    return sorted(set(found))


if __name__ == "__main__":
    FILE.write_text("\n".join([*untagged(), ""]))
