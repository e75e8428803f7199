"""The toolchain's steps: only what is missing, resumable, and with errors that help."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from local.toolchain.runner import Runner, Step, StepError, Work


def writes(place: Path, text: str = "done") -> Callable[[Work], None]:
    def run(work: Work) -> None:
        result = work.partial / "result"
        result.write_text(text)
        work.publish(result, place)

    return run


@pytest.fixture
def said() -> list[str]:
    return []


def runner(folder: Path, said: list[str], *steps: Step) -> Runner:
    return Runner(steps, folder / "toolchain", said.append)


def test_a_second_run_does_nothing_and_says_nothing(tmp_path: Path, said: list[str]) -> None:
    step = Step("tool", "a tool", ["1.0"], [tmp_path / "tool"], writes(tmp_path / "tool"))
    assert runner(tmp_path, said, step).run() == 1
    said.clear()

    assert runner(tmp_path, said, step).run() == 0
    assert said == []


def test_a_step_runs_again_when_its_version_an_input_file_or_its_result_is_not_as_it_was(
    tmp_path: Path, said: list[str]
) -> None:
    lock, place = tmp_path / "lock.txt", tmp_path / "tool"
    lock.write_text("a")

    def missing(version: str) -> bool:
        return bool(runner(tmp_path, said, Step("tool", "a tool", [version, lock], [place], writes(place))).missing())

    runner(tmp_path, said, Step("tool", "a tool", ["1.0", lock], [place], writes(place))).run()
    assert not missing("1.0")
    assert missing("1.1")
    lock.write_text("b")
    assert missing("1.0")
    lock.write_text("a")
    place.unlink()
    assert missing("1.0")


def test_inputs_that_join_to_the_same_text_are_told_apart(tmp_path: Path) -> None:
    first = Step("tool", "", ["ab", "c"], [], writes(tmp_path))
    second = Step("tool", "", ["a", "bc"], [], writes(tmp_path))

    assert first.key != second.key


def test_a_step_waits_for_what_it_needs_and_independent_ones_run_side_by_side(tmp_path: Path, said: list[str]) -> None:
    both_run = threading.Barrier(2)

    def meets(place: Path) -> Callable[[Work], None]:
        def run(work: Work) -> None:
            both_run.wait(timeout=10)  # passes only if the other one runs at the same time
            writes(place)(work)

        return run

    def builds(work: Work) -> None:
        text = (tmp_path / "left").read_text() + (tmp_path / "right").read_text()
        writes(tmp_path / "built", text)(work)

    runner(
        tmp_path,
        said,
        Step("build", "built", [], [tmp_path / "built"], builds, needs=["left", "right"]),
        Step("left", "left", [], [tmp_path / "left"], meets(tmp_path / "left")),
        Step("right", "right", [], [tmp_path / "right"], meets(tmp_path / "right")),
    ).run()

    assert (tmp_path / "built").read_text() == "donedone"


def test_a_failure_names_the_step_the_reason_the_last_lines_the_log_and_the_way_out(
    tmp_path: Path, said: list[str]
) -> None:
    def fails(work: Work) -> None:
        work.call([sys.executable, "-c", "print('no route to the index'); raise SystemExit(3)"])

    step = Step("archives", "the archives", [], [tmp_path / "jars"], fails, way_out="see that the network is there")
    with pytest.raises(StepError) as failure:
        runner(tmp_path, said, step).run()

    log = tmp_path / "toolchain" / "logs" / "archives.log"
    text = str(failure.value)
    assert "the step 'archives' (the archives) failed" in text
    assert "exited with 3" in text
    assert "| no route to the index" in text
    assert str(log) in text
    assert "see that the network is there" in text
    assert "no route to the index" in log.read_text()


def test_a_program_that_is_not_there_is_a_failure_of_its_step(tmp_path: Path, said: list[str]) -> None:
    step = Step("tool", "a tool", [], [], lambda work: work.call([tmp_path / "absent"]))

    with pytest.raises(StepError, match="absent"):
        runner(tmp_path, said, step).run()


def test_a_step_that_ends_without_its_result_has_failed(tmp_path: Path, said: list[str]) -> None:
    step = Step("tool", "a tool", [], [tmp_path / "tool"], lambda work: None)

    with pytest.raises(StepError, match="these are not there"):
        runner(tmp_path, said, step).run()


def test_what_was_done_before_a_failure_is_not_done_again(tmp_path: Path, said: list[str]) -> None:
    good = Step("good", "good", [], [tmp_path / "good"], writes(tmp_path / "good"))
    bad = Step("bad", "bad", [], [], lambda work: work.call([tmp_path / "absent"]), needs=["good"])
    with pytest.raises(StepError):
        runner(tmp_path, said, good, bad).run()

    assert [step.name for step in runner(tmp_path, said, good, bad).missing()] == ["bad"]


def test_a_failure_ends_the_programs_of_the_steps_beside_it(tmp_path: Path, said: list[str]) -> None:
    started = threading.Event()

    def hangs(work: Work) -> None:
        threading.Timer(0.2, started.set).start()
        work.call([sys.executable, "-c", "import time; time.sleep(600)"])

    def fails(work: Work) -> None:
        started.wait()
        work.call([tmp_path / "absent"])

    with pytest.raises(StepError, match="'bad'"):  # at once, not in ten minutes
        runner(tmp_path, said, Step("long", "", [], [], hangs), Step("bad", "", [], [], fails)).run()


KILLED_ONCE = """
import os, sys
from pathlib import Path
from local.toolchain.runner import Runner, Step

folder = Path(sys.argv[1])

def run(work):
    assert not list(work.partial.iterdir()), "rests of the interrupted run"
    result = work.partial / "jars"
    result.mkdir()
    (result / "first.jar").write_text("1")
    if not (folder / "second-try").exists():
        (folder / "second-try").touch()
        os.kill(os.getpid(), 9)
    (result / "second.jar").write_text("2")
    work.publish(result, folder / "jars")

Runner([Step("archives", "archives", [], [folder / "jars"], run)], folder / "toolchain").run()
"""


def test_a_run_that_was_killed_half_way_leaves_nothing_that_looks_finished_and_the_next_run_completes_it(
    tmp_path: Path,
) -> None:
    def again() -> int:
        command = [sys.executable, "-c", KILLED_ONCE, str(tmp_path)]
        return subprocess.run(command, env={**os.environ, "PYTHONPATH": "."}, check=False).returncode

    assert again() == -9
    assert not (tmp_path / "jars").exists()
    assert again() == 0
    assert sorted(path.name for path in (tmp_path / "jars").iterdir()) == ["first.jar", "second.jar"]


def test_a_folder_that_is_replaced_keeps_nothing_of_the_old_one(tmp_path: Path, said: list[str]) -> None:
    place = tmp_path / "jars"
    place.mkdir()
    (place / "old.jar").touch()

    def run(work: Work) -> None:
        fresh = work.partial / "jars"
        fresh.mkdir()
        (fresh / "new.jar").touch()
        work.publish(fresh, place)

    runner(tmp_path, said, Step("archives", "", [], [place], run)).run()

    assert [path.name for path in place.iterdir()] == ["new.jar"]


def test_two_runs_at_once_do_the_work_once(tmp_path: Path) -> None:
    times: list[int] = []
    entered = threading.Event()

    def run(work: Work) -> None:
        times.append(1)
        entered.set()
        writes(tmp_path / "tool")(work)

    def again(said: list[str]) -> None:
        runner(tmp_path, said, Step("tool", "", [], [tmp_path / "tool"], run)).run()

    threads = [threading.Thread(target=again, args=([],)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert times == [1]
