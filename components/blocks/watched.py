"""A place with what a component needs to keep logs and to tell people, handed on as one value."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import pulumi_aws as aws
from pulumi import Input, Output

from components.blocks.place import Place


@dataclass(frozen=True, kw_only=True)
class Alarms:
    """The alarms of a stack. Each adds itself when it is made (`alarms.alarm`), so none can be left out of a list."""

    topic_arn: Input[str]
    """Alarms and rules send to it what people should know."""
    made: list[aws.cloudwatch.MetricAlarm] = field(default_factory=list, compare=False, repr=False)
    """The alarms made so far, in the order of their making."""

    @property
    def arns(self) -> list[Output[str]]:
        """ARNs of the alarms made so far, sorted by name: the order in which they are made does not matter."""
        return [alarm.arn for alarm in sorted(self.made, key=lambda alarm: alarm.pulumi_resource_name)]


@dataclass(frozen=True, kw_only=True)
class WatchedPlace(Place):
    """A place with the key of its logs, and with those who are told."""

    logs_key_arn: Input[str]
    """Encrypts log groups, and the queues of what failed."""
    alarms: Alarms

    @classmethod
    def of(cls, place: Place, *, logs_key_arn: Input[str], topic_arn: Input[str]) -> WatchedPlace:
        """Return the place with an empty list of alarms, which tell this topic."""
        known = {one.name: getattr(place, one.name) for one in fields(place)}
        return cls(**known, logs_key_arn=logs_key_arn, alarms=Alarms(topic_arn=topic_arn))
