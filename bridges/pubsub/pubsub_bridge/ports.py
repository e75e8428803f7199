"""What the bridge needs of the outside: somewhere to publish, somewhere to leave what cannot be published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pubsub_bridge.event import Record


class PublishError(Exception):
    """Pub/Sub did not take a request."""


class RefusedError(PublishError):
    """Something in the request is not acceptable, and will not be tomorrow (INVALID_ARGUMENT)."""


class UnavailableError(PublishError):
    """Pub/Sub throttles, fails, or does not let us in; the same request may be taken later."""


@dataclass(frozen=True, slots=True)
class Message:
    data: bytes
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Poison:
    """A record that cannot be sent, now or ever, and why."""

    record: Record
    reason: str
    detail: str


class Publisher(Protocol):
    def publish(self, topic: str, ordering_key: str, messages: Sequence[Message], timeout: float) -> None:
        """Publish all of the messages in one request, or raise RefusedError or UnavailableError.

        When this returns, Pub/Sub holds all of them. When it raises UnavailableError it may still hold
        them: a request can succeed after its caller gave up.
        """
        ...


class Failures(Protocol):
    def put(self, poison: Sequence[Poison]) -> None:
        """Keep all of these. Raises if any one was not kept."""
        ...
