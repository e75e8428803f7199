"""What a live type is: create, read, update and delete of one resource type against the site's services."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from local.clouds.provider.wire import Properties
from local.site import REGION, Site


class PartlyMadeError(Exception):
    """A resource exists, but its making did not end well; the engine notes it and mends it in the next run."""

    def __init__(self, id: str, outputs: Properties, reason: str) -> None:
        super().__init__(reason)
        self.id, self.outputs = id, outputs


class Clients:
    """One client a service, made once; boto3's clients may be shared by threads, their making may not."""

    def __init__(self, site: Site) -> None:
        self._site, self._made, self._lock = site, dict[tuple[str, str], Any](), threading.Lock()

    def get(self, service: str, region: str = REGION) -> Any:
        with self._lock:
            if (service, region) not in self._made:
                self._made[service, region] = self._session.client(  # type: ignore[call-overload]
                    service,
                    region_name=region,
                    endpoint_url=self._site.aws_url,
                    config=Config(
                        max_pool_connections=32,
                        connect_timeout=5,
                        read_timeout=300,
                        retries={"mode": "standard", "total_max_attempts": 3},
                        s3={"addressing_style": "path"},
                    ),
                )
            return self._made[service, region]

    @cached_property
    def _session(self) -> boto3.Session:
        return boto3.Session(aws_access_key_id="local", aws_secret_access_key="local", region_name=REGION)  # noqa: S106


class Live:
    """One live type. Arguments come without secret marks; assets and archives as their classes.

    What a service refuses is raised as the service's own exception and shown by the engine.
    """

    def __init__(self, site: Site, root: Path, clients: Clients) -> None:
        """`root` is the program's folder, to which the paths of assets are relative."""
        self.site, self.root, self._clients = site, root, clients

    def client(self, service: str, region: str | None = None) -> Any:
        return self._clients.get(service, region or REGION)

    def identify(self, arguments: Properties) -> str | None:
        """The id that a resource with these arguments gets; None if only its making tells.

        A creation that was killed halfway is cleared away by this id before the next.
        """
        return None

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        """(id, computed outputs); outputs equal to the arguments need not be repeated.

        Raises: PartlyMadeError if the resource exists in spite of an error.
        """
        raise NotImplementedError

    def read(self, id: str, outputs: Properties) -> Properties | None:
        """The computed outputs as they are now; None if the resource is gone."""
        raise NotImplementedError

    def observe(self, id: str, outputs: Properties) -> Properties:
        """The arguments as the service has them now, by the SDK's names, as far as people change them by hand.

        Not among them is what another actor changes on its own: Iceberg's commits, autoscaling, rotated secrets. What
        the service reports right after this program wrote is what every later observation is held against, so defaults
        and spellings of the service need no translation back.
        """
        return {}

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        """Change the resource from the outputs `before` to the new arguments; returns computed outputs."""
        raise NotImplementedError

    def delete(self, id: str, outputs: Properties) -> None:
        """Remove the resource; one that is gone already is no error, anything else is."""
        raise NotImplementedError


@contextlib.contextmanager
def partly_made(id: str, outputs: Properties) -> Iterator[None]:
    """What fails in here fails after the resource has come to exist."""
    try:
        yield
    except Exception as error:
        raise PartlyMadeError(id, outputs, str(error)) from error


@contextlib.contextmanager
def tolerating(*codes: str) -> Iterator[None]:
    """Take these error codes of an AWS service as an answer: the resource is gone."""
    try:
        yield
    except ClientError as error:
        if code(error) not in codes:
            raise


def code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def compact(**members: Any) -> dict[str, Any]:
    """The members that are given; AWS's APIs want the others left out."""
    return {name: value for name, value in members.items() if value is not None}


def tag_map(tags: Iterable[Mapping[str, str]], key: str = "Key", value: str = "Value") -> dict[str, str]:
    return {tag[key]: tag[value] for tag in tags}


def dropped_tags(before: Properties, arguments: Properties) -> list[str]:
    """The names of tags that are there and not wanted."""
    return sorted((before.get("tags") or {}).keys() - (arguments.get("tags") or {}).keys())


def canonical(document: str | None) -> str | None:
    """A JSON document in one spelling, for a document that was only written differently has not changed."""
    if not document:
        return document
    try:
        return json.dumps(json.loads(document), sort_keys=True, separators=(",", ":"))
    except ValueError:
        return document


def tag_list(tags: Properties | None, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    return [{key: name, value: text} for name, text in (tags or {}).items()]
