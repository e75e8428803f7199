"""The topic through which the platform tells people of alarms, failed runs and findings."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

import settings
from components.blocks.place import Place
from components.blocks.policies import TOPIC_LIMIT, Grantee, allow, attach, deny, document


@dataclass(frozen=True, kw_only=True)
class AlertsArgs:
    """Who is told."""

    where: Place
    alerts: settings.Alerts
    """Each of its addresses gets a mail to confirm, and alerts from then on."""
    kms_key_arn: Input[str]


class Alerts(ComponentResource):
    """The component makes an encrypted topic and a subscription for each address."""

    topic: aws.sns.Topic
    topic_arn: Output[str]
    """Alarms and rules send to it what needs a person; known once the topic's policy is there."""

    def __init__(self, name: str, args: AlertsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:operations:Alerts", name, {}, args.where.options(opts))
        own = ResourceOptions(parent=self)
        self.topic = aws.sns.Topic(
            f"{name}-topic",
            name=args.where.name("alerts"),
            kms_master_key_id=args.kms_key_arn,
            tags=args.where.tags,
            opts=own,
        )
        account = {"StringEquals": {"aws:SourceAccount": args.where.account}}
        topic = [self.topic.arn]
        policy = aws.sns.TopicPolicy(
            f"{name}-topic-policy",
            arn=self.topic.arn,
            policy=document(
                [
                    allow(["sns:Publish"], topic, principal={"Service": "cloudwatch.amazonaws.com"}, when=account),
                    # EventBridge sends no context to SNS: with a condition, its events would be dropped in silence
                    # ("You can't use Condition blocks in Amazon SNS topic policies for EventBridge", its user guide).
                    allow(["sns:Publish"], topic, principal={"Service": "events.amazonaws.com"}),
                    deny(
                        ["sns:Publish"],
                        topic,
                        principal={"AWS": "*"},
                        when={"Bool": {"aws:SecureTransport": "false"}},
                    ),
                ],
                limit=TOPIC_LIMIT,
                of="the topic of alerts",
            ),
            opts=own,
        )
        for mail in args.alerts.emails:
            # Named by the address, so that taking one off the list leaves the others' confirmations alone.
            aws.sns.TopicSubscription(
                f"{name}-mail-{hashlib.sha256(mail.encode()).hexdigest()[:8]}",
                topic=self.topic.arn,
                protocol="email",
                endpoint=mail,
                opts=own,
            )
        # Whoever publishes waits for the policy that lets it.
        self.topic_arn = Output.all(self.topic.arn, policy.id).apply(lambda known: str(known[0]))
        self._name, self._args = name, args
        self.register_outputs({"topic_arn": self.topic_arn})

    def grant_publish(self, grantee: Grantee) -> aws.iam.RolePolicy:
        """Let a role publish to the topic, and use the key for that alone."""
        where = self._args.where
        return attach(
            self,
            f"{self._name}-publish-{grantee.name}",
            grantee,
            [
                allow(["sns:Publish"], [self.topic.arn]),
                allow(["kms:Decrypt", "kms:GenerateDataKey"], [self._args.kms_key_arn], when=where.through("sns")),
            ],
        )
