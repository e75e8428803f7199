"""Runs the toolchain's steps: side by side, only what is missing, resumable, and with errors that help.

Standard library only: it runs before anything is installed.

A step is done when its stamp holds the hash of its inputs and its outputs exist. It works in a folder of
its own below `partial/` and moves a result to its place in one rename, so an interrupted step leaves nothing
that looks finished.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

HEARTBEAT_SECONDS = 15
LOG_TAIL_LINES = 15


class StepError(Exception):
    """A step did not do its work; the text names the step, the reason, its log and the way out."""


class CommandError(Exception):
    """A program that a step ran did not end well."""


@dataclass(frozen=True)
class Step:
    """One thing that the toolchain needs.

    Args:
        what: what it does, for the person who waits.
        inputs: everything that its result depends on; a Path stands for the file's content.
        outputs: paths that exist once it is done.
        run: does the work; gets a Work.
        needs: names of the steps that must be done before.
        way_out: what to do if it fails.
        stamp: where its stamp lies, if not with the others: in a folder whose removal undoes the step.
    """

    name: str
    what: str
    inputs: Sequence[str | Path]
    outputs: Sequence[Path]
    run: Callable[[Work], None]
    needs: Sequence[str] = ()
    way_out: str = "run the same command again: it goes on where it stopped"
    stamp: Path | None = None

    @property
    def key(self) -> str:
        digest = hashlib.sha256()
        for item in (self.name, *self.inputs):
            data = item.read_bytes() if isinstance(item, Path) else item.encode()
            digest.update(len(data).to_bytes(8, "big") + data)
        return digest.hexdigest()


@dataclass
class Work:
    """What a running step is given: its folder for unfinished things, its log, and a way to run programs."""

    partial: Path
    log: Path
    _runner: Runner = field(repr=False)

    def call(
        self, command: Sequence[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        """Run a program, its output into the log; CommandError if it exits with another code than 0."""
        words = [str(word) for word in command]
        with self.log.open("ab") as log:
            log.write(f"$ {' '.join(words)}\n".encode())
            log.flush()
            code = self._runner.wait_for(words, cwd=cwd, env={**os.environ, **(env or {})}, log=log)
        if code != 0:
            raise CommandError(f"{Path(words[0]).name} exited with {code}: {' '.join(words)}")

    def publish(self, result: Path, place: Path) -> None:
        """Move a finished file or folder to its place; what was there before goes."""
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_dir() and not place.is_symlink():
            place.rename(self.partial / f"replaced-{place.name}")
        result.replace(place)

    def link(self, place: Path, target: Path | str) -> None:
        """Make `place` a symbolic link to `target`, in one rename."""
        fresh = self.partial / f"link-{place.name}"
        fresh.symlink_to(target)
        self.publish(fresh, place)


class Runner:
    """Runs steps; their stamps, logs and unfinished things lie in `folder`, and `title` heads what it says."""

    def __init__(
        self, steps: Sequence[Step], folder: Path, say: Callable[[str], None] = print, *, title: str = "toolchain"
    ) -> None:
        self._steps = {step.name: step for step in steps}
        self._folder = folder
        self._say = say
        self._title = title
        self._cancelled = threading.Event()
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._guard = threading.Lock()

    def missing(self) -> list[Step]:
        """The steps that are not done, in the order given."""
        return [step for step in self._steps.values() if not self._is_done(step)]

    def run(self) -> int:
        """Do what is missing; returns how many steps ran. StepError names the first step that failed."""
        if not self.missing():
            return 0
        with self._alone():
            todo = self.missing()  # another run may have done them while this one waited
            if todo:
                self._say(f"{self._title}: {len(todo)} of {len(self._steps)} steps to do")
                self._run_all(todo)
            return len(todo)

    def _run_all(self, todo: Sequence[Step]) -> None:
        began = {}
        waiting = {step.name: {need for need in step.needs if need in {s.name for s in todo}} for step in todo}
        running: dict[Future[None], str] = {}
        with ThreadPoolExecutor(max_workers=len(todo)) as pool:
            try:
                while waiting or running:
                    for name in [name for name, needs in waiting.items() if not needs]:
                        del waiting[name]
                        self._say(f"  {name:<12} {self._steps[name].what}")
                        began[name] = time.monotonic()
                        running[pool.submit(self._run_one, self._steps[name])] = name
                    finished, _ = wait(running, timeout=HEARTBEAT_SECONDS, return_when=FIRST_COMPLETED)
                    for future in finished:
                        name = running.pop(future)
                        future.result()
                        self._say(f"  {name:<12} done in {time.monotonic() - began[name]:.0f} s")
                        for needs in waiting.values():
                            needs.discard(name)
                    if not finished:
                        ages = (f"{name} ({time.monotonic() - began[name]:.0f} s)" for name in running.values())
                        self._say(f"  {'':<12} still at work: {', '.join(ages)}")
            except BaseException:
                self._cancel()
                raise

    def _run_one(self, step: Step) -> None:
        partial = self._folder / "partial" / step.name
        work = Work(partial=partial, log=self._folder / "logs" / f"{step.name}.log", _runner=self)
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        work.log.parent.mkdir(parents=True, exist_ok=True)
        work.log.write_bytes(b"")
        began = time.monotonic()
        try:
            step.run(work)
            absent = [str(path) for path in step.outputs if not path.exists()]
            if absent:
                raise CommandError(f"it ended, but these are not there: {', '.join(absent)}")
        except (CommandError, OSError) as error:
            said = (line.rstrip() for line in work.log.read_text(errors="replace").splitlines())
            tail = [line for line in said if line][-LOG_TAIL_LINES:]
            raise StepError(
                f"the step '{step.name}' ({step.what}) failed after {time.monotonic() - began:.0f} s\n"
                f"  why:         {error}\n"
                + "".join(f"             | {line}\n" for line in tail)
                + f"  log:         {work.log}\n"
                f"  what to do:  {step.way_out}"
            ) from error
        stamp = self._stamp(step)
        stamp.parent.mkdir(parents=True, exist_ok=True)
        fresh = partial / "stamp"
        fresh.write_text(step.key)
        fresh.replace(stamp)
        shutil.rmtree(partial)

    def wait_for(self, words: Sequence[str], *, cwd: Path | None, env: Mapping[str, str], log: object) -> int:
        """Run a program in a process group of its own, so that all of it can be ended if the run is."""
        with self._guard:
            if self._cancelled.is_set():
                raise CommandError("the run was cancelled")
            process = subprocess.Popen(  # type: ignore[call-overload]
                words,
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._processes.add(process)
        try:
            return int(process.wait())
        finally:
            with self._guard:
                self._processes.discard(process)

    def _cancel(self) -> None:
        with self._guard:
            self._cancelled.set()
            for process in self._processes:
                with contextlib.suppress(ProcessLookupError):  # it has just ended
                    os.killpg(process.pid, signal.SIGTERM)

    def _is_done(self, step: Step) -> bool:
        stamp = self._stamp(step)
        return stamp.is_file() and stamp.read_text() == step.key and all(path.exists() for path in step.outputs)

    def _stamp(self, step: Step) -> Path:
        return step.stamp or self._folder / "stamps" / step.name

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Two runs at once (`make up` and `make test`) must not write the same files: the second waits."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._say(f"{self._title}: another run is at it, waiting for that one")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def say(text: str) -> None:
    """Progress goes to standard error, so that a command's own output stays clean."""
    print(text, file=sys.stderr, flush=True)
