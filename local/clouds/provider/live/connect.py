"""MSK Connect on the site's own Connect worker.

MSK Connect starts workers of its own for each connector, with the connector's plugin and worker
configuration. Here one worker serves all: it is started with the first connector, and started anew when a
plugin or the worker's configuration has changed since.
"""

from __future__ import annotations

import shutil
import threading
import time
import uuid
import zipfile
from pathlib import Path
from typing import Any

import requests

from local.clouds import services
from local.clouds.provider.live.base import Live, partly_made
from local.clouds.provider.wire import Properties
from local.clouds.services.connect import plugin_folder, settings_file
from local.site import ACCOUNT, REGION

RUNNING_SECONDS = 90
POLL_SECONDS = 0.5
SOURCE = ".source"
"""File in a plugin's folder: which object it was unpacked from."""

_worker = threading.Lock()


class ConnectError(RuntimeError):
    """What Connect refused, or why a task failed."""


class CustomPlugin(Live):
    """A plugin, unpacked from its object into the worker's folder of plugins."""

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        name, place = arguments["name"], arguments["location"]["s3"]
        arn = _arn("custom-plugin", name)
        source = f"{place['bucketArn'].rsplit(':', 1)[-1]}/{place['fileKey']}"
        folder = plugin_folder(self.site) / name
        with _worker:
            self._remove_earlier(source)
            part = self.site.state / "connect" / "unpacking" / name
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            archive = part.with_suffix(".zip")
            bucket, key = source.split("/", 1)
            version = {"VersionId": place["objectVersion"]} if place.get("objectVersion") else {}
            self.client("s3").download_file(bucket, key, str(archive), ExtraArgs=version)
            with zipfile.ZipFile(archive) as packed:
                packed.extractall(part)
            archive.unlink()
            (part / SOURCE).write_text(source, "utf-8")
            folder.parent.mkdir(parents=True, exist_ok=True)
            part.rename(folder)
        return arn, {"arn": arn, "latestRevision": 1, "state": "ACTIVE"}

    def read(self, id: str, outputs: Properties) -> Properties | None:
        return {} if self._folder(id).exists() else None

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        raise RuntimeError("a custom plugin cannot be changed")

    def delete(self, id: str, outputs: Properties) -> None:
        if self._folder(id).exists():
            shutil.rmtree(self._folder(id))

    def _folder(self, arn: str) -> Path:
        return plugin_folder(self.site) / _name(arn)

    def _remove_earlier(self, source: str) -> None:
        """A new version of an object takes the place of the old one: two copies of a class confuse the worker."""
        for marker in plugin_folder(self.site).glob(f"*/{SOURCE}"):
            if marker.read_text("utf-8") == source:
                shutil.rmtree(marker.parent)


class WorkerConfiguration(Live):
    """Properties for the worker; they take effect with the next connector."""

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        arn = _arn("worker-configuration", arguments["name"])
        file = worker_file(self.site.state, arn)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(arguments["propertiesFileContent"], "utf-8")
        return arn, {"arn": arn, "latestRevision": 1}

    def read(self, id: str, outputs: Properties) -> Properties | None:
        return {} if worker_file(self.site.state, id).exists() else None

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        raise RuntimeError("a worker configuration cannot be changed")

    def delete(self, id: str, outputs: Properties) -> None:
        worker_file(self.site.state, id).unlink(missing_ok=True)


class Connector(Live):
    """A connector; made when it and all its tasks run, with the task's trace if one fails."""

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        self._ensure_worker(arguments)
        name = arguments["name"]
        arn = _arn("connector", name)
        computed = {"arn": arn, "version": "1"}
        self._put(name, arguments["connectorConfiguration"])
        with partly_made(arn, computed):
            self._await_running(name)
        return arn, computed

    def read(self, id: str, outputs: Properties) -> Properties | None:
        try:
            answer = requests.get(self._url(_name(id)), timeout=10)
        except requests.ConnectionError:
            return None  # no worker, no connector; making it starts the worker
        if answer.status_code == requests.codes.not_found:
            return None
        with partly_made(id, outputs):  # it exists but does not run: the engine then updates it, which restarts it
            self._require_not_failed(_name(id))
        return {}

    def observe(self, id: str, outputs: Properties) -> Properties:
        answer = requests.get(f"{self._url(_name(id))}/config", timeout=10)
        return {"connectorConfiguration": answer.json()} if answer.ok else {}

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        self._ensure_worker(arguments)
        self._put(_name(id), arguments["connectorConfiguration"])
        self._await_running(_name(id))
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        try:
            answer = self._retried("DELETE", self._url(_name(id)))
        except requests.ConnectionError:
            return
        if answer.status_code not in (requests.codes.no_content, requests.codes.not_found):
            raise ConnectError(_refusal(answer))

    def _ensure_worker(self, arguments: Properties) -> None:
        given = arguments.get("workerConfiguration")
        wanted = parse_properties(worker_file(self.site.state, given["arn"]).read_text("utf-8")) if given else {}
        plugins = [plugin_folder(self.site) / _name(p["customPlugin"]["arn"]) for p in arguments["plugins"]]
        with _worker:
            running = next(s for s in services.status(self.site) if s.name == "connect")
            newest = max((folder.stat().st_ctime for folder in plugins), default=0.0)
            # When the worker was started; the process itself says so to the second only, and may seem to be older.
            started = settings_file(self.site)
            if running.state == "running" and started.exists() and started.stat().st_mtime < newest:
                services.restart(self.site, "connect", worker=wanted)
            else:
                services.start(self.site, "connect", worker=wanted)  # leaves a worker alone that runs with these

    def _put(self, name: str, configuration: Properties) -> None:
        answer = self._retried("PUT", f"{self._url(name)}/config", json={**configuration, "name": name})
        if not answer.ok:
            raise ConnectError(_refusal(answer))
        # A task that failed stays so, also with a new configuration.
        self._retried("POST", f"{self._url(name)}/restart?includeTasks=true&onlyFailed=true")

    def _retried(self, method: str, url: str, **given: Any) -> requests.Response:
        """A request, repeated while the worker says 409: it is about to rebalance and will answer soon."""
        deadline = time.monotonic() + RUNNING_SECONDS
        while True:
            answer = requests.request(method, url, timeout=60, **given)
            if answer.status_code != requests.codes.conflict or time.monotonic() > deadline:
                return answer
            time.sleep(POLL_SECONDS)

    def _await_running(self, name: str) -> None:
        deadline = time.monotonic() + RUNNING_SECONDS
        states: list[str] = []
        while time.monotonic() < deadline:
            states = self._require_not_failed(name)
            if len(states) > 1 and set(states) == {"RUNNING"}:
                return
            time.sleep(POLL_SECONDS)
        log = next(s.log for s in services.status(self.site) if s.name == "connect")
        raise ConnectError(
            f"the connector {name!r} does not run after {RUNNING_SECONDS} s (states: {states or 'none'}); see {log}"
        )

    def _require_not_failed(self, name: str) -> list[str]:
        """The states of the connector and its tasks; none while the worker does not know yet.

        Raises: ConnectError with the trace of what failed.
        """
        answer = requests.get(f"{self._url(name)}/status", timeout=10)
        if not answer.ok:
            return []
        status = answer.json()
        parts = [status["connector"], *status["tasks"]]
        failed = next((part for part in parts if part["state"] == "FAILED"), None)
        if failed is not None:
            raise ConnectError(f"the connector {name!r} failed:\n{failed.get('trace', '').strip()}")
        return [part["state"] for part in parts]

    def _url(self, name: str) -> str:
        return f"{self.site.connect_url}/connectors/{name}"


def worker_file(state: Path, arn: str) -> Path:
    return state / "connect" / "worker-configurations" / f"{_name(arn)}.properties"


def parse_properties(text: str) -> dict[str, str]:
    """A Java properties file without its escapes, which worker configurations do without."""
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith(("#", "!")))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _arn(kind: str, name: str) -> str:
    return f"arn:aws:kafkaconnect:{REGION}:{ACCOUNT}:{kind}/{name}/{uuid.uuid4()}-2"


def _name(arn: str) -> str:
    return arn.split("/")[1]


def _refusal(answer: requests.Response) -> str:
    return f"Kafka Connect: {answer.status_code}: {answer.text.strip()}"
