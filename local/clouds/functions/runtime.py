"""The process that follows moto's event source mappings: one event source for each, and their state on disk."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.clouds.functions import control, progress
from local.clouds.functions.asynchronous import Asynchronous
from local.clouds.functions.code import CodeError, Function, runtime_packages, unpack
from local.clouds.functions.control import ControlError, EventSourceMapping
from local.clouds.functions.event_source import EventSource, GiveUp
from local.clouds.functions.progress import Progress
from local.clouds.functions.worker import Worker
from local.site import Site

INTERVAL_SECONDS = 1.0
STOP_SECONDS = 10.0
"""How long an invocation that is going on may still take when the runtime ends; after that it comes again."""


@dataclass
class _Running:
    mapping: EventSourceMapping
    function: Function
    source: EventSource


class Runtime:
    """All event sources of a site."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._folder = site.state / "functions"
        self._packages = runtime_packages(self._folder)
        own = Config(retries={"total_max_attempts": 2}, connect_timeout=2, read_timeout=30, proxies={})
        self._config = own
        self._lambda = boto3.client("lambda", config=own)
        self._msk = boto3.client("kafka", config=own)
        self._sqs = boto3.client("sqs", config=own)
        self._running: dict[str, _Running] = {}
        self._progress: dict[str, Progress] = {}
        self._said = ""

    def run(self, stopping: threading.Event) -> None:
        """Follow the mappings until `stopping` is set, then end what runs."""
        print("Lambda runtime ready", flush=True)
        asynchronous = Asynchronous(self._worker, self._config)
        asynchronous.start()
        while not stopping.is_set():
            try:
                self._reconcile()
                self._say("")
            except (BotoCoreError, ClientError, ControlError) as error:
                # The control plane may be away for a while: what runs goes on.
                self._say(f"the event source mappings cannot be followed: {error}")
            progress.write(self._site, self._progress)
            stopping.wait(INTERVAL_SECONDS)
        asynchronous.stop()
        self._end()
        asynchronous.join(STOP_SECONDS)

    def _reconcile(self) -> None:
        wanted = {mapping.uuid: mapping for mapping in control.mappings(self._lambda)}
        functions = {mapping.uuid: control.function(self._lambda, mapping.function_arn) for mapping in wanted.values()}
        for uuid, running in list(self._running.items()):
            if (running.mapping, running.function) != (wanted.get(uuid), functions.get(uuid)):
                running.source.stop()
            if not running.source.is_alive():
                del self._running[uuid]
        for uuid, mapping in wanted.items():
            if uuid not in self._running:
                self._start(mapping, functions[uuid])
        for uuid in self._progress.keys() - wanted.keys() - self._running.keys():
            del self._progress[uuid]

    def _start(self, mapping: EventSourceMapping, function: Function) -> None:
        kept = self._progress.setdefault(
            mapping.uuid, Progress(function.name, mapping.topic, mapping.consumer_group)
        )  # counts go on when a new version of the function takes over
        try:
            worker = self._worker(function)
            source = EventSource(
                mapping=mapping,
                bootstrap=control.bootstrap_brokers(self._msk, mapping.cluster_arn),
                worker=worker,
                give_up=self._destination(mapping),
                progress=kept,
            )
        except (CodeError, ControlError, ClientError) as error:
            if kept.last_error != str(error):
                print(f"{function.name} on {mapping.topic} cannot start: {error}", flush=True)
            kept.state, kept.last_error = "failed", str(error)
            return
        source.start()
        self._running[mapping.uuid] = _Running(mapping, function, source)
        print(f"{function.name} reads {mapping.topic} as group {mapping.consumer_group}", flush=True)

    def _worker(self, function: Function) -> Worker:
        return Worker(
            function=function,
            code=unpack(function, self._lambda, self._folder),
            packages=self._packages,
            site_environment=function_environment(self._site),
            log=self._site.logs / f"function-{function.name}.log",
        )

    def _destination(self, mapping: EventSourceMapping) -> GiveUp:
        if mapping.on_failure_queue is None:
            return lambda described: None
        account, name = mapping.on_failure_queue.split(":")[-2:]
        queue = self._sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
        return lambda described: self._sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(described)) and None

    def _end(self) -> None:
        for running in self._running.values():
            running.source.stop()
        for running in self._running.values():
            running.source.join(STOP_SECONDS)
        progress.write(self._site, self._progress)

    def _say(self, text: str) -> None:
        if text and text != self._said:
            print(text, flush=True)
        self._said = text


def function_environment(site: Site) -> dict[str, str]:
    """What a function needs of the site: where AWS and Pub/Sub are, and nothing that only our own processes use."""
    prefixes = ("AWS_", "PUBSUB_")
    site_variables: dict[str, Any] = site.environment()
    return {name: value for name, value in site_variables.items() if name.startswith(prefixes)}
