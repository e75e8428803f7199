"""SQS queues, SNS topics and log groups."""

from __future__ import annotations

from local.provider.live.base import Live, compact, tag_list, tolerating
from local.provider.wire import Properties
from local.site import ACCOUNT, REGION

_QUEUE_GONE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
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

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        # An attribute set to nothing is back at its default.
        cleared = dict.fromkeys(self._attributes(before).keys() - self._attributes(arguments).keys(), "")
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

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        for name, value in self._attributes(arguments).items():
            self.client("sns").set_topic_attributes(TopicArn=id, AttributeName=name, AttributeValue=value)
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

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        self._retain(id, arguments)
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
