"""Small reference files, from where partners put them to where jobs read them.

A file that arrives below incoming/ of raw is an event; the function land_reference makes it the edition in use, or sets
it aside below rejected/ with its reasons, and a rule tells people of that event. The function itself may tell nobody:
it reads incoming/, writes reference/ and rejected/, and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi_aws as aws
from pulumi import ComponentResource, FileAsset, Input, Output, Resource, ResourceOptions

import settings
from components.blocks.assets import archive, json_asset
from components.blocks.event_rules import tell
from components.blocks.functions import FunctionArgs, failure_queue, function, queue_policy
from components.blocks.policies import Grantee
from components.blocks.watched import WatchedPlace

FUNCTION = "land-reference"
FAILURES = "land-reference-failures"
DELIVERY_ATTEMPTS = 20
"""Of an event to Lambda; once Lambda has accepted it, the function's own retries count."""


@dataclass(frozen=True, kw_only=True)
class LandingArgs:
    """What lands reference files, and where."""

    where: WatchedPlace
    landing: settings.Landing
    code: Path
    """The handler's file."""
    currencies: Sequence[str]
    """Codes of the known ones."""
    role: Grantee
    bucket: Input[str]
    """That of raw."""
    subnet_ids: Sequence[Input[str]]
    security_group_id: Input[str]
    kms_key_arn: Input[str]
    depends_on: Sequence[Resource]
    """What must exist before the function gets events: its grants."""


class Landing(ComponentResource):
    """The component makes the function, the rules that start it and report rejects, and the queue of its failures."""

    failures: aws.sqs.Queue
    """Events that the function could not process."""
    function: aws.lambda_.Function

    def __init__(self, name: str, args: LandingArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:processing:Landing", name, {}, args.where.options(opts))
        self._name, self._args = name, args
        self.failures = failure_queue(
            self,
            f"{name}-failures",
            where=args.where,
            physical_name=FAILURES,
            kms_key_arn=args.kms_key_arn,
        )
        self.function = function(
            self,
            name,
            FunctionArgs(
                where=args.where,
                physical_name=FUNCTION,
                description="Reference files from incoming/ to reference/, or to rejected/ with reasons",
                handler=f"{args.code.stem}.handler",
                code=archive(
                    {args.code.name: FileAsset(str(args.code))}, {"currencies.json": json_asset(list(args.currencies))}
                ),
                role=args.role,
                failures=self.failures,
                memory_mib=args.landing.memory_mib,
                timeout_seconds=args.landing.timeout_seconds,
                concurrency=args.landing.concurrency,
                retries=args.landing.retries,
                max_age_seconds=args.landing.max_age_seconds,
                subnet_ids=args.subnet_ids,
                security_group_id=args.security_group_id,
                kms_key_arn=args.kms_key_arn,
                log_days=args.landing.log_days,
                environment={"MOST_BYTES": str(args.landing.max_kib * 1024)},
            ),
        )
        self._arrivals()
        tell(
            self,
            f"{name}-rejected",
            where=args.where,
            description="Reference files that were set aside",
            pattern=_created(args.bucket, {"suffix": ".reasons.json"}),
            paths={"bucket": "$.detail.bucket.name", "key": "$.detail.object.key"},
            text="A reference file cannot be used and was set aside; the edition before it stays in use. Do first: "
            "read s3://<bucket>/<key>, which has every reason, and tell the partner.",
        )
        self.register_outputs({"function": self.function.name, "failures": self.failures.url})

    def _arrivals(self) -> None:
        args, name, own = self._args, self._name, ResourceOptions(parent=self)
        rule = aws.cloudwatch.EventRule(
            f"{name}-arrived",
            description="Files that partners put below incoming/",
            event_pattern=Output.json_dumps(_created(args.bucket, {"prefix": "incoming/"})),
            tags=args.where.tags,
            opts=own,
        )
        queue_policy(self, f"{name}-failures-policy", self.failures, rules=[rule.arn])
        permitted = aws.lambda_.Permission(
            f"{name}-arrived-invokes",
            statement_id="arrived",
            function=self.function.name,
            action="lambda:InvokeFunction",
            principal="events.amazonaws.com",
            # The rule's ARN has its account.
            source_arn=rule.arn,
            opts=own,
        )
        aws.cloudwatch.EventTarget(
            f"{name}-arrived-function",
            rule=rule.name,
            arn=self.function.arn,
            dead_letter_config={"arn": self.failures.arn},
            retry_policy={
                "maximum_event_age_in_seconds": args.landing.max_age_seconds,
                "maximum_retry_attempts": DELIVERY_ATTEMPTS,
            },
            opts=ResourceOptions(parent=self, depends_on=[permitted, *args.depends_on]),
        )


def _created(bucket: Input[str], key: dict[str, str]) -> dict[str, Any]:
    """Return the pattern of S3's events of new objects in a bucket."""
    return {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [bucket]}, "object": {"key": [key]}},
    }
