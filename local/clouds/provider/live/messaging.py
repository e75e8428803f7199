"""SQS queues, SNS topics and log groups."""

from __future__ import annotations

from typing import Any

from local.clouds.provider.live.base import Live, canonical, compact, dropped_tags, tag_list, tag_map, tolerating
from local.clouds.provider.wire import Properties
from local.site import ACCOUNT, REGION

_QUEUE_GONE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
_DOCUMENTS = ("policy", "redrivePolicy")
_QUEUE_ATTRIBUTES = {
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "delaySeconds": "DelaySeconds",
    "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "policy": "Policy",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "redrivePolicy": "RedrivePolicy",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}


_QUEUE_DEFAULTS = {
    "DelaySeconds": "0",
    "KmsDataKeyReusePeriodSeconds": "300",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "Policy": "{}",
    "ReceiveMessageWaitTimeSeconds": "0",
    "VisibilityTimeout": "30",
}


class Queue(Live):
    """A queue; its id is its URL."""

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        name = arguments["name"]
        attributes = {**self._attributes(arguments), **({"FifoQueue": "true"} if arguments.get("fifoQueue") else {})}
        url = self.client("sqs").create_queue(QueueName=name, Attributes=attributes, tags=arguments.get("tags") or {})[
            "QueueUrl"
        ]
        return url, {"arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}", "url": url}

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating(*_QUEUE_GONE):
            self.client("sqs").get_queue_attributes(QueueUrl=id)
            return {}
        return None

    def observe(self, id: str, outputs: Properties) -> Properties:
        sqs = self.client("sqs")
        found = sqs.get_queue_attributes(QueueUrl=id, AttributeNames=["All"]).get("Attributes", {})
        now = {argument: _plain(found.get(name)) for argument, name in _QUEUE_ATTRIBUTES.items()}
        now |= {argument: canonical(found.get(_QUEUE_ATTRIBUTES[argument])) for argument in _DOCUMENTS}
        return now | {"tags": sqs.list_queue_tags(QueueUrl=id).get("Tags") or {}}

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        _retag_queue(self.client("sqs"), id, before, arguments)
        # SQS takes an empty text for "back to the default", moto 5.2.5 does not.
        gone = self._attributes(before).keys() - self._attributes(arguments).keys()
        cleared = {name: _QUEUE_DEFAULTS.get(name, "") for name in gone}
        attributes = {**cleared, **self._attributes(arguments)}
        if attributes:
            self.client("sqs").set_queue_attributes(QueueUrl=id, Attributes=attributes)
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating(*_QUEUE_GONE):
            self.client("sqs").delete_queue(QueueUrl=id)

    def _attributes(self, arguments: Properties) -> dict[str, str]:
        given = {name: arguments.get(argument) for argument, name in _QUEUE_ATTRIBUTES.items()}
        return {
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in given.items()
            if value not in (None, "")
        }


class Topic(Live):
    """A topic; its id is its ARN."""

    def identify(self, arguments: Properties) -> str | None:
        return f"arn:aws:sns:{REGION}:{ACCOUNT}:{arguments['name']}"

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        arn = self.client("sns").create_topic(
            Name=arguments["name"], Attributes=self._attributes(arguments), Tags=tag_list(arguments.get("tags"))
        )["TopicArn"]
        return arn, {"arn": arn, "owner": ACCOUNT}

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating("NotFound"):
            self.client("sns").get_topic_attributes(TopicArn=id)
            return {}
        return None

    def observe(self, id: str, outputs: Properties) -> Properties:
        sns = self.client("sns")
        found = sns.get_topic_attributes(TopicArn=id)["Attributes"]
        return {
            "displayName": found.get("DisplayName") or None,
            "kmsMasterKeyId": found.get("KmsMasterKeyId") or None,
            "policy": canonical(found.get("Policy")),
            "tags": tag_map(sns.list_tags_for_resource(ResourceArn=id).get("Tags", [])),
        }

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        sns = self.client("sns")
        given, earlier = self._attributes(arguments), self._attributes(before)
        cleared = dict.fromkeys(earlier.keys() - given.keys() - {"Policy"}, "")  # a topic always has a policy
        for name, value in {**cleared, **given}.items():
            if name != "FifoTopic":
                sns.set_topic_attributes(TopicArn=id, AttributeName=name, AttributeValue=value)
        if stale := dropped_tags(before, arguments):
            sns.untag_resource(ResourceArn=id, TagKeys=stale)
        if arguments.get("tags"):
            sns.tag_resource(ResourceArn=id, Tags=tag_list(arguments["tags"]))
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating("NotFound"):
            self.client("sns").delete_topic(TopicArn=id)

    def _attributes(self, arguments: Properties) -> dict[str, str]:
        given = compact(
            DisplayName=arguments.get("displayName"),
            KmsMasterKeyId=arguments.get("kmsMasterKeyId"),
            Policy=arguments.get("policy"),
            FifoTopic="true" if arguments.get("fifoTopic") else None,
        )
        return {name: str(value) for name, value in given.items()}


class LogGroup(Live):
    def identify(self, arguments: Properties) -> str | None:
        return str(arguments["name"])

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        name = arguments["name"]
        self.client("logs").create_log_group(
            logGroupName=name, tags=arguments.get("tags") or {}, **compact(kmsKeyId=arguments.get("kmsKeyId"))
        )
        self._retain(name, arguments)
        return name, {"arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}"}

    def read(self, id: str, outputs: Properties) -> Properties | None:
        found = self.client("logs").describe_log_groups(logGroupNamePrefix=id)["logGroups"]
        return {} if any(group["logGroupName"] == id for group in found) else None

    def observe(self, id: str, outputs: Properties) -> Properties:
        logs = self.client("logs")
        found = logs.describe_log_groups(logGroupNamePrefix=id)["logGroups"]
        group = next(group for group in found if group["logGroupName"] == id)
        return {
            "retentionInDays": group.get("retentionInDays"),
            "kmsKeyId": group.get("kmsKeyId"),
            "tags": logs.list_tags_log_group(logGroupName=id).get("tags", {}),
        }

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        self._retain(id, arguments)
        logs = self.client("logs")
        if stale := dropped_tags(before, arguments):
            logs.untag_log_group(logGroupName=id, tags=stale)
        if arguments.get("tags"):
            logs.tag_log_group(logGroupName=id, tags=arguments["tags"])
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating("ResourceNotFoundException"):
            self.client("logs").delete_log_group(logGroupName=id)

    def _retain(self, name: str, arguments: Properties) -> None:
        if days := arguments.get("retentionInDays"):
            self.client("logs").put_retention_policy(logGroupName=name, retentionInDays=days)
        else:
            with tolerating("ResourceNotFoundException"):
                self.client("logs").delete_retention_policy(logGroupName=name)


def _plain(text: str | None) -> str | int | bool | None:
    """An attribute of a queue, all of which are text, as the SDK has it."""
    if text in ("true", "false"):
        return text == "true"
    return int(text) if text and text.isdigit() else text or None


def _retag_queue(sqs: Any, url: str, before: Properties, arguments: Properties) -> None:
    if stale := dropped_tags(before, arguments):
        sqs.untag_queue(QueueUrl=url, TagKeys=stale)
    if arguments.get("tags"):
        sqs.tag_queue(QueueUrl=url, Tags=arguments["tags"])
