"""What tests share is made once a run, by whichever process asks first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import once

ASK = """
import sys
from pathlib import Path
from tests.once import once

def make():
    with Path(sys.argv[1]).open("a") as log:
        log.write("made\\n")
    return "text"

assert once("thing.txt", make) == "text"
"""


def test_several_processes_of_a_run_make_a_thing_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(once.VARIABLE, str(tmp_path))
    log = tmp_path / "log"

    processes = [subprocess.Popen([sys.executable, "-c", ASK, str(log)]) for _ in range(4)]

    assert [process.wait() for process in processes] == [0, 0, 0, 0]
    assert log.read_text() == "made\n"


def test_what_could_not_be_made_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(once, "folder", lambda: tmp_path)

    def fails() -> str:
        raise OSError("not now")

    with pytest.raises(OSError, match="not now"):
        once.once("thing.txt", fails)
    assert once.once("thing.txt", lambda: "text") == "text"
