"""Supervision of services, shown with tiny programs in their place."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from local.clouds.services import supervisor as supervisor_module
from local.clouds.services.definition import DiskSpaceError, NotReadyError, PortInUseError, Service, ServiceDiedError
from local.clouds.services.probes import listens
from local.clouds.services.processes import Handle
from local.clouds.services.supervisor import Supervisor, require_disk_space
from local.site import Site

SERVES = """
import socket, sys, time
door = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("open", flush=True)
while True:
    door.accept()[0].close()
"""


def program(code: str, *arguments: object) -> list[str]:
    return [sys.executable, "-c", code, *map(str, arguments)]


@pytest.fixture
def supervisor(site: Site) -> Supervisor:
    return Supervisor(site)


@pytest.fixture
def service(site: Site, supervisor: Supervisor) -> Iterator[Service]:
    """A service that opens its port and takes connections."""
    port = site.ports["pubsub"]
    made = Service(
        name="pubsub",
        command=program(SERVES, port),
        ports=[port],
        ready=lambda: listens(port),
        ready_seconds=20,
        stop_seconds=5,
    )
    yield made
    supervisor.stop(made)


def pid_of(supervisor: Supervisor, service: Service) -> int:
    handle = supervisor.handle(service.name)
    assert handle is not None
    return handle.pid


def test_a_started_service_answers_is_seen_running_and_has_its_output_in_its_log(
    site: Site, supervisor: Supervisor, service: Service
) -> None:
    supervisor.start(service)

    status = supervisor.status("pubsub")
    assert status.state == "running"
    assert listens(site.ports["pubsub"])
    assert (site.logs / "pubsub.log").read_text() == "open\n"
    supervisor.check("pubsub")


def test_a_stopped_service_is_gone_and_forgotten(site: Site, supervisor: Supervisor, service: Service) -> None:
    supervisor.start(service)
    pid = pid_of(supervisor, service)

    supervisor.stop(service)

    assert not psutil.pid_exists(pid)
    assert not listens(site.ports["pubsub"])
    assert supervisor.status("pubsub").state == "stopped"
    supervisor.check("pubsub")


def test_stopping_what_does_not_run_is_no_error(supervisor: Supervisor, service: Service) -> None:
    supervisor.stop(service)
    supervisor.start(service)
    supervisor.stop(service)
    supervisor.stop(service)

    assert supervisor.status(service.name).state == "stopped"


def test_a_service_that_runs_as_wanted_is_left_alone_also_by_another_process(
    site: Site, supervisor: Supervisor, service: Service
) -> None:
    supervisor.start(service)
    pid = pid_of(supervisor, service)

    Supervisor(site).start(service)  # knows it by its handle only

    assert pid_of(supervisor, service) == pid


def test_a_service_that_is_wanted_with_other_settings_is_started_anew(
    tmp_path: Path, supervisor: Supervisor, service: Service
) -> None:
    settings = tmp_path / "settings"
    supervisor.start(replace(service, files={settings: "a"}))
    pid = pid_of(supervisor, service)

    supervisor.start(replace(service, files={settings: "b"}))

    assert pid_of(supervisor, service) != pid
    assert settings.read_text() == "b"


def test_a_service_that_was_killed_starts_again(supervisor: Supervisor, service: Service) -> None:
    supervisor.start(service)
    os.kill(pid_of(supervisor, service), signal.SIGKILL)
    supervisor._children[pid_of(supervisor, service)].wait(timeout=10)

    supervisor.start(service)

    assert supervisor.status("pubsub").state == "running"


def test_a_dead_service_is_not_taken_for_running_because_another_program_has_its_port(
    site: Site, supervisor: Supervisor, service: Service
) -> None:
    supervisor.start(service)
    os.kill(pid_of(supervisor, service), signal.SIGKILL)
    supervisor._children[pid_of(supervisor, service)].wait(timeout=10)

    with socket.create_server(("127.0.0.1", site.ports["pubsub"])), pytest.raises(PortInUseError):
        supervisor.start(service)


def test_a_service_that_no_longer_answers_is_started_anew(site: Site, supervisor: Supervisor, service: Service) -> None:
    supervisor.start(service)
    pid = pid_of(supervisor, service)
    answers = iter([False])

    supervisor.start(replace(service, ready=lambda: next(answers, listens(site.ports["pubsub"]))))

    assert pid_of(supervisor, service) != pid
    assert not psutil.pid_exists(pid)


def test_a_port_in_use_is_named_with_the_process_that_has_it(
    site: Site, supervisor: Supervisor, service: Service
) -> None:
    port = site.ports["pubsub"]
    with socket.create_server(("127.0.0.1", port)), pytest.raises(PortInUseError) as failure:
        supervisor.start(service)

    text = str(failure.value)
    assert f"'pubsub' needs port {port}" in text
    assert f"process {os.getpid()} (" in text
    assert "NOVARETAIL_PORT_BASE" in text
    assert supervisor.status("pubsub").state == "stopped"


def test_a_service_that_dies_at_its_start_is_named_with_its_exit_code_its_last_words_and_its_log(
    site: Site, supervisor: Supervisor, service: Service
) -> None:
    dying = replace(service, command=program("print('the store is broken'); raise SystemExit(7)"))

    with pytest.raises(ServiceDiedError) as failure:
        supervisor.start(dying)

    text = str(failure.value)
    assert "the service 'pubsub' ended with exit code 7" in text
    assert "| the store is broken" in text
    assert f"log: {site.logs / 'pubsub.log'}" in text
    supervisor.start(service)  # and it does not stand in the way of the next start


def test_a_service_that_dies_later_is_found_by_check(site: Site, supervisor: Supervisor, service: Service) -> None:
    supervisor.start(service)
    os.kill(pid_of(supervisor, service), signal.SIGKILL)
    supervisor._children[pid_of(supervisor, service)].wait(timeout=10)

    with pytest.raises(ServiceDiedError, match=r"(?s)'pubsub' was killed by signal 9.*\| open.*log: .*pubsub\.log"):
        supervisor.check("pubsub")
    with pytest.raises(ServiceDiedError, match="'pubsub' ended"):
        Supervisor(site).check("pubsub")  # another process cannot know how it ended
    assert supervisor.status("pubsub").state == "died"


def test_a_service_that_does_not_answer_in_time_is_named_and_ended(
    site: Site, supervisor: Supervisor, service: Service
) -> None:
    silent = replace(
        service,
        command=program("import time; print('still thinking', flush=True); time.sleep(600)"),
        ready=lambda: "still" in (site.logs / "pubsub.log").read_text() and False,
        ready_seconds=0.5,
    )
    seen: list[int] = []
    spawn = supervisor._spawn

    def spawned(service: Service, log: Path) -> subprocess.Popen[bytes]:
        process = spawn(service, log)
        seen.append(process.pid)
        return process

    supervisor._spawn = spawned  # type: ignore[method-assign]
    with pytest.raises(NotReadyError, match=r"(?s)'pubsub' does not answer.*log: "):
        supervisor.start(silent)

    assert not psutil.pid_exists(seen[0])
    assert supervisor.status("pubsub").state == "stopped"


def test_stop_never_ends_a_process_that_has_the_recorded_pid_but_another_start_time(
    site: Site, supervisor: Supervisor, service: Service
) -> None:
    stranger = subprocess.Popen(program("import time; time.sleep(600)"), start_new_session=True)
    try:
        started = psutil.Process(stranger.pid).create_time()
        Handle(
            name="pubsub", pid=stranger.pid, started=started - 60, fingerprint=service.fingerprint, log="pubsub.log"
        ).write(site.state / "run")
        assert supervisor.status("pubsub").state == "died"

        supervisor.stop(service)

        assert stranger.poll() is None
        assert supervisor.status("pubsub").state == "stopped"
    finally:
        stranger.kill()
        stranger.wait()


def test_stop_ends_what_ignores_it_and_what_the_service_started(supervisor: Supervisor, service: Service) -> None:
    stubborn = """
import signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
""" + SERVES.replace("import socket, sys, time", "import socket")
    deaf = replace(service, command=program(stubborn, service.ports[0]), stop_seconds=0.5)
    supervisor.start(deaf)
    handle = supervisor.handle("pubsub")
    assert handle is not None
    child = int(Path(handle.log).read_text().split()[0])

    supervisor.stop(deaf)

    assert not psutil.pid_exists(handle.pid)
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_a_job_that_outlives_its_killed_service_is_ended_with_it(supervisor: Supervisor, service: Service) -> None:
    parent = """
import subprocess, sys
print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid, flush=True)
""" + SERVES.replace("import socket, sys, time", "import socket")
    supervisor.start(replace(service, command=program(parent, service.ports[0])))
    handle = supervisor.handle("pubsub")
    assert handle is not None
    child = int(Path(handle.log).read_text().split()[0])
    os.kill(handle.pid, signal.SIGKILL)
    supervisor._children[handle.pid].wait(timeout=10)

    supervisor.stop(service)

    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_a_setup_that_fails_is_named_with_its_last_words(supervisor: Supervisor, service: Service) -> None:
    broken = replace(service, setup=program("print('cannot format'); raise SystemExit(2)"))

    with pytest.raises(ServiceDiedError, match=r"(?s)its setup.*exit code 2.*\| cannot format"):
        supervisor.start(broken)


def test_a_service_without_a_door_is_ready_once_it_has_stayed_alive(
    supervisor: Supervisor, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "SETTLE_SECONDS", 0.3)
    without = replace(service, ports=[], ready=None)

    supervisor.start(replace(without, command=program("import time; time.sleep(600)")))
    assert supervisor.status("pubsub").state == "running"
    with pytest.raises(ServiceDiedError, match="exit code 1"):
        supervisor.start(replace(without, command=program("raise SystemExit(1)")))


def test_the_log_of_the_run_before_is_kept(site: Site, supervisor: Supervisor, service: Service) -> None:
    supervisor.start(replace(service, command=program("print('first', flush=True)\n" + SERVES, service.ports[0])))
    supervisor.stop(service)
    supervisor.start(service)

    assert "first" in (site.logs / "pubsub.previous.log").read_text()
    assert "first" not in (site.logs / "pubsub.log").read_text()


def test_too_little_disk_space_is_said_before_anything_starts(
    site: Site, supervisor: Supervisor, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DiskSpaceError, match=r"(?s)GiB free for .*NOVARETAIL_SITE"):
        require_disk_space(site.state, minimum=2**60)

    def full(folder: Path) -> None:
        raise DiskSpaceError("full")

    monkeypatch.setattr(supervisor_module, "require_disk_space", full)
    with pytest.raises(DiskSpaceError):
        supervisor.start(service)
    assert not listens(service.ports[0])
