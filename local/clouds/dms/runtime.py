"""The process that follows DMS: one replication for each that is started, and their state on disk."""

from __future__ import annotations

import re
import threading
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.clouds.dms import control, progress, source
from local.clouds.dms.control import ControlError
from local.clouds.dms.mappings import MappingError
from local.clouds.dms.progress import Checkpoint, Progress
from local.clouds.dms.replication import Replication
from local.site import Site

INTERVAL_SECONDS = 0.5
STOP_SECONDS = 10.0


class Runtime:
    """All replications of a site."""

    def __init__(self, site: Site) -> None:
        self._site = site
        own = Config(retries={"total_max_attempts": 2}, connect_timeout=2, read_timeout=30, proxies={})
        self._dms = boto3.client("dms", config=own)
        self._secrets = boto3.client("secretsmanager", config=own)
        self._s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}, connect_timeout=2, proxies={}))
        self._running: dict[str, Replication] = {}
        self._progress = progress.read(site)
        self._said = ""

    def run(self, stopping: threading.Event) -> None:
        """Follow DMS until `stopping` is set, then end what runs."""
        print("DMS ready", flush=True)
        while not stopping.is_set():
            try:
                self._reconcile()
                self._say("")
            except (BotoCoreError, ClientError) as error:
                # The control plane may be away for a while: what runs goes on.
                self._say(f"DMS cannot be followed: {error}")
            progress.write(self._site, self._progress)
            stopping.wait(INTERVAL_SECONDS)
        self._end()

    def _reconcile(self) -> None:
        wanted = {one["ReplicationConfigArn"]: one for one in control.wanted(self._dms)}
        for arn, running in list(self._running.items()):
            if arn not in wanted or running.declared.generation != control.generation(wanted[arn]):
                running.stop()
            if not running.is_alive():
                del self._running[arn]
        for arn, one in wanted.items():
            if arn not in self._running:
                self._start(arn, one)
        self._forget_deleted()

    def _start(self, arn: str, replication: dict[str, Any]) -> None:
        generation = control.generation(replication)
        told = self._progress.get(arn)
        if told is not None and told.generation == generation and told.status in ("failed", "stopped"):
            return  # it has ended, and DMS is about to say so
        told = self._progress[arn] = told or Progress(generation)
        told.generation, told.status, told.message = generation, "starting", None
        try:
            declared = control.declared(self._dms, self._secrets, replication)
        except (ControlError, MappingError) as error:
            told.status, told.message = "failed", str(error)
            print(f"{replication['ReplicationConfigIdentifier']}: {error}", flush=True)
            return
        slot = _slot(declared.identifier)
        kept = next((c for c in progress.checkpoints(self._site) if c.arn == arn), None)
        checkpoint = kept or Checkpoint(arn, declared.source.database, slot)
        self._running[arn] = Replication(self._site, declared, checkpoint, told, self._s3)
        self._running[arn].start()

    def _forget_deleted(self) -> None:
        """A replication that is deleted leaves no slot, which would hold the source's log for ever."""
        kept = list(progress.checkpoints(self._site))
        if not kept:
            return
        configs = self._dms.describe_replication_configs()["ReplicationConfigs"]
        there = {config["ReplicationConfigArn"] for config in configs}
        for checkpoint in kept:
            if checkpoint.arn not in there and checkpoint.arn not in self._running:
                source.forget(self._site, checkpoint.database, checkpoint.slot, checkpoint.publication)
                progress.remove_checkpoint(self._site, checkpoint)
                self._progress.pop(checkpoint.arn, None)

    def _end(self) -> None:
        """What runs writes its last batch; it is still to run, so the next process goes on with it."""
        for running in self._running.values():
            running.stop()
        for running in self._running.values():
            running.join(STOP_SECONDS)
        for arn in self._running:
            self._progress[arn].status = "starting"
        progress.write(self._site, self._progress)

    def _say(self, text: str) -> None:
        if text and text != self._said:
            print(text, flush=True)
        self._said = text


def _slot(identifier: str) -> str:
    """A slot's name: small letters, digits and underscores, up to 63."""
    return f"dms_{re.sub('[^a-z0-9]', '_', identifier.lower())}"[:63]
