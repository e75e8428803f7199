"""Google Pub/Sub in the site's in-memory server: topics, subscriptions and schemas."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import grpc
from google.api_core.exceptions import NotFound
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.pubsub_v1 import PublisherClient, SchemaServiceClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.schema_service.transports import SchemaServiceGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from local.clouds.provider.live.base import Live, compact
from local.clouds.provider.types.gcp import PROJECT
from local.clouds.provider.wire import Properties

TIMEOUT_SECONDS = 30.0
KEPT_SECONDS = 7 * 24 * 3600
"""pstest 2.8.1 keeps unacknowledged messages a week at most, and refuses the 31 days that Google allows by now."""


class PubSub(Live):
    """What the three types share: an id that is the full name, and the connection."""

    collection: str

    def name(self, arguments: Properties) -> str:
        return f"projects/{arguments.get('project') or PROJECT}/{self.collection}/{arguments['name']}"

    def identify(self, arguments: Properties) -> str | None:
        return self.name(arguments)

    def computed(self, arguments: Properties) -> Properties:
        labels = arguments.get("labels") or {}
        project = arguments.get("project") or PROJECT
        return {"project": project, "effectiveLabels": labels, "pulumiLabels": labels}

    @cached_property
    def _channel(self) -> grpc.Channel:
        return grpc.insecure_channel(self.site.pubsub_host)

    @cached_property
    def publisher(self) -> Any:
        return PublisherClient(transport=PublisherGrpcTransport(channel=self._channel))

    @cached_property
    def subscriber(self) -> Any:
        return SubscriberClient(transport=SubscriberGrpcTransport(channel=self._channel))

    @cached_property
    def schemas(self) -> Any:
        return SchemaServiceClient(transport=SchemaServiceGrpcTransport(channel=self._channel))


class Topic(PubSub):
    collection = "topics"

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        self.publisher.create_topic(request=self._topic(arguments), timeout=TIMEOUT_SECONDS)
        return self.name(arguments), self.computed(arguments)

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with _unless_gone():
            self.publisher.get_topic(topic=id, timeout=TIMEOUT_SECONDS)
            return {}
        return None

    def observe(self, id: str, outputs: Properties) -> Properties:
        now = self.publisher.get_topic(topic=id, timeout=TIMEOUT_SECONDS)
        return {"labels": dict(now.labels)}

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        mask = FieldMask(paths=["labels", "message_retention_duration"])
        request = {"topic": self._topic(arguments), "update_mask": mask}
        self.publisher.update_topic(request=request, timeout=TIMEOUT_SECONDS)
        return self.computed(arguments)

    def delete(self, id: str, outputs: Properties) -> None:
        with _unless_gone():
            self.publisher.delete_topic(topic=id, timeout=TIMEOUT_SECONDS)

    def _topic(self, arguments: Properties) -> dict[str, Any]:
        schema = arguments.get("schemaSettings")
        return compact(
            name=self.name(arguments),
            labels=arguments.get("labels"),
            message_retention_duration=_duration(arguments.get("messageRetentionDuration")),
            schema_settings=compact(schema=schema["schema"], encoding=schema.get("encoding")) if schema else None,
        )


class Subscription(PubSub):
    collection = "subscriptions"

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        self.subscriber.create_subscription(request=self._subscription(arguments), timeout=TIMEOUT_SECONDS)
        return self.name(arguments), self.computed(arguments)

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with _unless_gone():
            self.subscriber.get_subscription(subscription=id, timeout=TIMEOUT_SECONDS)
            return {}
        return None

    def observe(self, id: str, outputs: Properties) -> Properties:
        now = self.subscriber.get_subscription(subscription=id, timeout=TIMEOUT_SECONDS)
        attempts, dead = now.dead_letter_policy.max_delivery_attempts, now.dead_letter_policy.dead_letter_topic
        return {
            "ackDeadlineSeconds": now.ack_deadline_seconds,
            "labels": dict(now.labels),
            "deadLetterPolicy": {"deadLetterTopic": dead, "maxDeliveryAttempts": attempts} if dead else None,
        }

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        paths = ["ack_deadline_seconds", "labels", "message_retention_duration", "dead_letter_policy", "retry_policy"]
        request = {"subscription": self._subscription(arguments), "update_mask": FieldMask(paths=paths)}
        self.subscriber.update_subscription(request=request, timeout=TIMEOUT_SECONDS)
        return self.computed(arguments)

    def delete(self, id: str, outputs: Properties) -> None:
        with _unless_gone():
            self.subscriber.delete_subscription(subscription=id, timeout=TIMEOUT_SECONDS)

    def _subscription(self, arguments: Properties) -> dict[str, Any]:
        topic = arguments["topic"]
        project = arguments.get("project") or PROJECT
        dead, retry = arguments.get("deadLetterPolicy"), arguments.get("retryPolicy")
        expiration = arguments.get("expirationPolicy")
        return compact(
            name=self.name(arguments),
            topic=topic if topic.startswith("projects/") else f"projects/{project}/topics/{topic}",
            ack_deadline_seconds=arguments.get("ackDeadlineSeconds"),
            enable_message_ordering=arguments.get("enableMessageOrdering"),
            enable_exactly_once_delivery=arguments.get("enableExactlyOnceDelivery"),
            filter=arguments.get("filter"),
            labels=arguments.get("labels"),
            retain_acked_messages=arguments.get("retainAckedMessages"),
            message_retention_duration=_duration(arguments.get("messageRetentionDuration"), KEPT_SECONDS),
            dead_letter_policy=compact(
                dead_letter_topic=dead["deadLetterTopic"], max_delivery_attempts=dead.get("maxDeliveryAttempts")
            )
            if dead
            else None,
            retry_policy=compact(
                minimum_backoff=_duration(retry.get("minimumBackoff")),
                maximum_backoff=_duration(retry.get("maximumBackoff")),
            )
            if retry
            else None,
            expiration_policy=compact(ttl=_duration(expiration.get("ttl"))) if expiration is not None else None,
        )


class Schema(PubSub):
    """A schema. pstest keeps it but does not hold messages against it."""

    collection = "schemas"

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        name = self.name(arguments)
        parent, _, schema_id = name.replace("/schemas/", "|").partition("|")
        schema = compact(type_=arguments.get("type"), definition=arguments.get("definition"))
        request = {"parent": parent, "schema": schema, "schema_id": schema_id}
        made = self.schemas.create_schema(request=request, timeout=TIMEOUT_SECONDS)
        return name, {"revisionId": made.revision_id or "1", "project": arguments.get("project") or PROJECT}

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with _unless_gone():
            self.schemas.get_schema(name=id, timeout=TIMEOUT_SECONDS)
            return {}
        return None

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        schema = compact(name=id, type_=arguments.get("type"), definition=arguments.get("definition"))
        committed = self.schemas.commit_schema(request={"name": id, "schema": schema}, timeout=TIMEOUT_SECONDS)
        return {"revisionId": committed.revision_id}

    def delete(self, id: str, outputs: Properties) -> None:
        with _unless_gone():
            self.schemas.delete_schema(name=id, timeout=TIMEOUT_SECONDS)


@contextmanager
def _unless_gone() -> Iterator[None]:
    try:
        yield
    except NotFound:
        return


def _duration(text: str | None, longest: int | None = None) -> Duration | None:
    """`604800s` as a duration; empty stands for never."""
    if not text:
        return None
    seconds = int(float(text.removesuffix("s")))
    return Duration(seconds=min(seconds, longest) if longest else seconds)
