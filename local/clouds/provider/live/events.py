"""EventBridge rules and their targets, and CloudWatch alarms."""

from __future__ import annotations

import uuid
from typing import Any

from local.clouds.provider.live.base import Live, compact, tag_list, tolerating
from local.clouds.provider.live.casing import pascal
from local.clouds.provider.wire import Properties
from local.site import ACCOUNT, REGION

_GONE = "ResourceNotFoundException"
_DEFAULT_BUS = "default"


class Rule(Live):
    """A rule of the default bus; its id is its name."""

    def identify(self, arguments: Properties) -> str | None:
        return str(arguments["name"])

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        name = arguments["name"]
        arn = self._put(arguments)
        return name, {"arn": arn, "eventBusName": arguments.get("eventBusName") or _DEFAULT_BUS}

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating(_GONE):
            self.client("events").describe_rule(Name=id)
            return {}
        return None

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        self._put(arguments)
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating(_GONE):
            targets = self.client("events").list_targets_by_rule(Rule=id)["Targets"]
            if targets and outputs.get("forceDestroy"):
                self.client("events").remove_targets(Rule=id, Ids=[target["Id"] for target in targets])
            self.client("events").delete_rule(Name=id)

    def _put(self, arguments: Properties) -> str:
        answer = self.client("events").put_rule(
            Name=arguments["name"],
            State=arguments.get("state") or "ENABLED",
            Tags=tag_list(arguments.get("tags")),
            **compact(
                Description=arguments.get("description"),
                EventPattern=arguments.get("eventPattern"),
                ScheduleExpression=arguments.get("scheduleExpression"),
            ),
        )
        return str(answer["RuleArn"])


class Target(Live):
    """One target of a rule; its id is the rule's name and its own."""

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        target_id = arguments.get("targetId") or f"pulumi-{uuid.uuid4().hex[:12]}"
        self._put(arguments, target_id)
        return f"{arguments['rule']}-{target_id}", {"targetId": target_id}

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating(_GONE):
            targets = self.client("events").list_targets_by_rule(Rule=outputs["rule"])["Targets"]
            return {} if any(target["Id"] == outputs["targetId"] for target in targets) else None
        return None

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        self._put(arguments, before["targetId"])
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating(_GONE):
            self.client("events").remove_targets(Rule=outputs["rule"], Ids=[outputs["targetId"]])

    def _put(self, arguments: Properties, target_id: str) -> None:
        transformer = arguments.get("inputTransformer")
        target: dict[str, Any] = compact(
            Id=target_id,
            Arn=arguments["arn"],
            Input=arguments.get("input"),
            InputTransformer=compact(
                InputPathsMap=transformer.get("inputPaths"), InputTemplate=transformer["inputTemplate"]
            )
            if transformer
            else None,
            DeadLetterConfig=pascal(arguments.get("deadLetterConfig")),
            RetryPolicy=pascal(arguments.get("retryPolicy")),
        )
        answer = self.client("events").put_targets(Rule=arguments["rule"], Targets=[target])
        if answer["FailedEntryCount"]:
            raise RuntimeError(f"the target {target_id} of {arguments['rule']} is refused: {answer['FailedEntries']}")


class MetricAlarm(Live):
    """An alarm; its id is its name."""

    def identify(self, arguments: Properties) -> str | None:
        return str(arguments["name"])

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        self._put(arguments)
        name = arguments["name"]
        return name, {"arn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"}

    def read(self, id: str, outputs: Properties) -> Properties | None:
        return {} if self.client("cloudwatch").describe_alarms(AlarmNames=[id])["MetricAlarms"] else None

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        self._put(arguments)
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating("ResourceNotFound"):
            self.client("cloudwatch").delete_alarms(AlarmNames=[id])

    def _put(self, arguments: Properties) -> None:
        self.client("cloudwatch").put_metric_alarm(
            AlarmName=arguments["name"],
            EvaluationPeriods=arguments["evaluationPeriods"],
            ComparisonOperator=arguments["comparisonOperator"],
            Tags=tag_list(arguments.get("tags")),
            **compact(
                AlarmDescription=arguments.get("alarmDescription"),
                Namespace=arguments.get("namespace"),
                MetricName=arguments.get("metricName"),
                Dimensions=_dimensions(arguments),
                Statistic=arguments.get("statistic"),
                Period=arguments.get("period"),
                Threshold=arguments.get("threshold"),
                DatapointsToAlarm=arguments.get("datapointsToAlarm"),
                TreatMissingData=arguments.get("treatMissingData"),
                AlarmActions=arguments.get("alarmActions"),
                OKActions=arguments.get("okActions"),
                Metrics=[_query(query) for query in arguments.get("metricQueries") or []] or None,
            ),
        )


def _query(query: Properties) -> dict[str, Any]:
    metric = query.get("metric")
    return compact(
        Id=query["id"],
        Expression=query.get("expression"),
        Label=query.get("label"),
        ReturnData=bool(query.get("returnData")),
        MetricStat={
            "Metric": {
                "Namespace": metric.get("namespace"),
                "MetricName": metric["metricName"],
                "Dimensions": _dimensions(metric) or [],
            },
            "Period": metric["period"],
            "Stat": metric["stat"],
        }
        if metric
        else None,
    )


def _dimensions(given: Properties) -> list[dict[str, str]] | None:
    return [{"Name": name, "Value": value} for name, value in (given.get("dimensions") or {}).items()] or None
