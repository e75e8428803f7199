"""Alarms and rules: what they watch exists, and each has a paragraph in the runbook."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from settings import SECTIONS, fields_of
from tests.graphs.recording import ROOT, Recording, Registered, record

RUNBOOK = ROOT / "docs" / "operations.md"
BROKER, CLUSTER, LAG = (
    {"Cluster Name", "Broker ID"},
    {"Cluster Name"},
    {"Cluster Name", "Consumer Group", "Topic"},
)
METRICS: dict[str, dict[str, set[str]]] = {
    "AWS/DMS": {
        "CDCLatencySource": {"ReplicationConfigId"},
        "CDCLatencyTarget": {"ReplicationConfigId"},
    },
    "AWS/Kafka": {
        "ActiveControllerCount": CLUSTER,
        "OfflinePartitionsCount": CLUSTER,
        "UnderReplicatedPartitions": BROKER,
        "UnderMinIsrPartitionCount": BROKER,
        "KafkaDataLogsDiskUsed": BROKER,
        "CpuUser": BROKER,
        "CpuSystem": BROKER,
        "CPUCreditBalance": BROKER,
        "SumOffsetLag": LAG,
    },
    "AWS/KafkaConnect": {
        "ErroredTaskCount": {"ConnectorName"},
        "RunningTaskCount": {"ConnectorName"},
    },
    "AWS/Lambda": {
        "DestinationDeliveryFailures": {"FunctionName"},
        "Duration": {"FunctionName"},
        "Errors": {"FunctionName"},
        "Throttles": {"FunctionName"},
    },
    "AWS/RDS": {
        "CPUUtilization": {"DBInstanceIdentifier"},
        "DatabaseConnections": {"DBInstanceIdentifier"},
        "FreeStorageSpace": {"DBInstanceIdentifier"},
        "MaximumUsedTransactionIDs": {"DBInstanceIdentifier"},
        "OldestReplicationSlotLag": {"DBInstanceIdentifier"},
        "ReplicationSlotDiskUsage": {"DBInstanceIdentifier"},
    },
    "AWS/Redshift-Serverless": {
        "QueriesFailed": {"QueryType", "Workgroup"},
        "UsageLimitConsumed": {"UsageLimitId", "UsageType", "Workgroup"},
    },
    "AWS/SQS": {
        "ApproximateAgeOfOldestMessage": {"QueueName"},
        "ApproximateNumberOfMessagesVisible": {"QueueName"},
    },
    "AWS/TransitGateway": {
        "PacketDropCountBlackhole": {"TransitGateway", "TransitGatewayAttachment"},
        "PacketDropCountNoRoute": {"TransitGateway", "TransitGatewayAttachment"},
    },
    "AWS/States": {
        "ExecutionsAborted": {"StateMachineArn"},
        "ExecutionsFailed": {"StateMachineArn"},
        "ExecutionsTimedOut": {"StateMachineArn"},
    },
}
"""Namespace -> metric -> its dimensions, as each service's user guide lists them."""


def watched(alarm: Registered) -> Iterator[tuple[str, str, set[str]]]:
    """(namespace, metric, dimensions) of each metric that an alarm reads."""
    queries = [q["metric"] for q in alarm.inputs.get("metricQueries", []) if "metric" in q]
    for metric in queries or [alarm.inputs]:
        yield metric["namespace"], metric["metricName"], set(metric.get("dimensions") or {})


def of_google(stack: Recording) -> Iterator[str]:
    """The paragraphs that Google's alert policies name: a metric's type without the service."""
    for policy in stack.of("AlertPolicy"):
        for condition in policy.inputs["conditions"]:
            yield condition["displayName"].split("/", 1)[1]


def of_azure(stack: Recording) -> Iterator[str]:
    """The paragraphs that Azure's alert rules name: a metric."""
    for rule in stack.of("MetricAlert"):
        for criterion in rule.inputs["criteria"]["allOf"]:
            yield criterion["metricName"]


def own_metrics(stack: Recording) -> set[tuple[str, str]]:
    """What the graph's own metric filters make."""
    transformations: list[dict[str, Any]] = [f.inputs["metricTransformation"] for f in stack.of("LogMetricFilter")]
    return {(t["namespace"], t["name"]) for t in transformations}


def test_every_alarm_reads_a_metric_that_exists_with_its_dimensions(data_stack: Recording) -> None:
    made = own_metrics(data_stack)
    for alarm in data_stack.of("MetricAlarm"):
        for namespace, metric, dimensions in watched(alarm):
            if namespace == "AWS/VPN":
                assert dimensions in ({"VpnId"}, {"VpnId", "TunnelIpAddress"}), alarm.name
                assert metric in ("TunnelState", "TunnelDataIn", "TunnelDataOut"), alarm.name
            elif namespace in METRICS:
                assert METRICS[namespace][metric] == dimensions, alarm.name
            elif namespace.startswith("NovaRetail/"):
                assert (namespace, metric) in made, alarm.name
                assert dimensions == set(), alarm.name


def test_every_alarm_tells_people_when_it_begins_and_when_it_ends(data_stack: Recording) -> None:
    assert len(data_stack.of("MetricAlarm")) > 20
    for alarm in data_stack.of("MetricAlarm"):
        assert len(alarm.inputs["alarmActions"]) == 1, alarm.name
        assert alarm.inputs["okActions"] == alarm.inputs["alarmActions"], alarm.name
        assert alarm.inputs["alarmActions"][0].endswith(":alerts-topic"), alarm.name


def test_every_alert_of_google_tells_the_same_people_and_names_its_paragraph(data_stack: Recording) -> None:
    channels = data_stack.of("NotificationChannel")
    mails = {channel.inputs["labels"]["email_address"] for channel in channels}
    assert mails == {s.inputs["endpoint"] for s in data_stack.of("TopicSubscription") if s.parent == "alerts"}
    assert data_stack.of("AlertPolicy")
    for policy in data_stack.of("AlertPolicy"):
        assert len(policy.inputs.get("notificationChannels", [])) == len(channels), policy.name
        assert policy.inputs["userLabels"]["project"] == "novaretail", policy.name
        (condition,) = policy.inputs["conditions"]
        paragraph = condition["displayName"].split("/", 1)[1]
        assert policy.inputs["documentation"]["content"].endswith(f"docs/operations.md, {paragraph}."), policy.name


def test_every_alert_of_azure_tells_the_same_people_and_names_its_paragraph(data_stack: Recording) -> None:
    (group,) = data_stack.of("ActionGroup")
    mails = {receiver["emailAddress"] for receiver in group.inputs.get("emailReceivers", [])}
    assert mails == {s.inputs["endpoint"] for s in data_stack.of("TopicSubscription") if s.parent == "alerts"}
    assert len(group.inputs["groupShortName"]) <= 12
    assert data_stack.of("MetricAlert")
    for rule in data_stack.of("MetricAlert"):
        assert [action["actionGroupId"] for action in rule.inputs["actions"]] == [f"{group.name}-id"], rule.name
        (criterion,) = rule.inputs["criteria"]["allOf"]
        paragraph = f" Runbook: docs/operations.md, {criterion['metricName']}."
        assert rule.inputs["description"].endswith(paragraph), rule.name


AZURE_METRICS: dict[str, dict[str, tuple[str, set[str]]]] = {
    "Microsoft.Network/virtualNetworkGateways": {
        "AverageBandwidth": ("Average", {"Instance"}),
        "BgpPeerStatus": ("Average", {"BgpPeerAddress", "Instance"}),
        "BgpRoutesLearned": ("Total", {"BgpPeerAddress", "Instance"}),
        "TunnelAverageBandwidth": ("Average", {"ConnectionName", "RemoteIP", "Instance"}),
        "TunnelEgressPacketDropCount": ("Total", {"ConnectionName", "RemoteIP", "Instance"}),
        "TunnelEgressPacketDropTSMismatch": ("Total", {"ConnectionName", "RemoteIP", "Instance"}),
        "TunnelIngressPacketDropCount": ("Total", {"ConnectionName", "RemoteIP", "Instance"}),
        "TunnelIngressPacketDropTSMismatch": ("Total", {"ConnectionName", "RemoteIP", "Instance"}),
    },
}
"""Resource type -> metric -> its aggregation and dimensions ("Supported metrics" of Azure Monitor)."""


def test_every_alert_of_azure_reads_a_metric_that_exists_as_azure_aggregates_it(data_stack: Recording) -> None:
    for rule in data_stack.of("MetricAlert"):
        (criterion,) = rule.inputs["criteria"]["allOf"]
        if criterion["metricNamespace"] not in AZURE_METRICS:
            continue
        aggregation, dimensions = AZURE_METRICS[criterion["metricNamespace"]][criterion["metricName"]]
        assert criterion["timeAggregation"] == aggregation, rule.name
        assert {dimension["name"] for dimension in criterion.get("dimensions", [])} <= dimensions, rule.name
        # These are reported every five minutes, and a window below that has nothing in it.
        assert rule.inputs["windowSize"] in ("PT15M", "PT30M", "PT1H"), rule.name


def test_a_condition_of_google_is_one_that_its_api_takes(data_stack: Recording) -> None:
    for policy in data_stack.of("AlertPolicy"):
        (condition,) = policy.inputs["conditions"]
        threshold = condition["conditionThreshold"]
        assert threshold["comparison"] in ("COMPARISON_GT", "COMPARISON_LT"), policy.name
        seconds = int(threshold["duration"].removesuffix("s"))
        assert seconds % 60 == 0, policy.name
        # "Conditions setting evaluation_missing_data must have a non-zero duration", says the API.
        assert seconds >= 60, policy.name
        for aggregation in threshold["aggregations"]:
            assert int(aggregation["alignmentPeriod"].removesuffix("s")) >= 60, policy.name
        assert f'metric.type = "{condition["displayName"]}"' in threshold["filter"], policy.name
        assert len(threshold["filter"]) <= 2048, policy.name


def test_a_period_is_one_that_cloudwatch_takes_and_all_of_them_together_are_a_day_at_most(prod: Recording) -> None:
    for alarm in prod.of("MetricAlarm"):
        queries = [q["metric"]["period"] for q in alarm.inputs.get("metricQueries", []) if "metric" in q]
        for period in queries or [alarm.inputs["period"]]:
            assert period % 60 == 0, alarm.name
            assert period * alarm.inputs["evaluationPeriods"] <= 86_400, alarm.name
        assert len(alarm.inputs["alarmDescription"]) <= 1024, alarm.name


def test_a_setting_that_an_alarm_names_is_one_that_a_stack_may_have(prod: Recording) -> None:
    texts = " ".join(alarm.inputs["alarmDescription"] for alarm in prod.of("MetricAlarm"))
    named = set(re.findall(rf"\b({'|'.join(SECTIONS)})\.([a-z_]+)", texts))
    assert ("database", "storage_max_gib") in named
    assert {(section, field) for section, field in named if field not in fields_of(SECTIONS[section])} == set()


def test_every_alarm_and_rule_has_a_paragraph_in_the_runbook(prod: Recording, organization: Recording) -> None:
    headings = re.findall(r"^### (.+)$", RUNBOOK.read_text(), re.M)
    told = [target.inputs["rule"] for target in prod.of("EventTarget") if target.inputs["arn"].endswith("alerts-topic")]
    alarms = [*prod.of("MetricAlarm"), *organization.of("MetricAlarm")]
    wanted = (
        {" + ".join(metric for _, metric, _ in watched(alarm)) for alarm in alarms}
        | set(of_google(prod))
        | set(of_azure(prod))
    )
    assert sorted(wanted - set(headings)) == []
    assert sorted(set(told) - set(headings)) == []
    assert len(headings) == len(set(headings))


def test_the_runbook_has_no_paragraph_for_what_no_stack_has(prod: Recording) -> None:
    headings = set(re.findall(r"^### (.+)$", RUNBOOK.read_text(), re.M))
    found = {
        " + ".join(metric for _, metric, _ in watched(alarm))
        for stack in (prod, record("nonprod"), record("organization"))
        for alarm in stack.of("MetricAlarm")
    }
    found |= {rule.name for rule in prod.of("EventRule")} | set(of_google(prod)) | set(of_azure(prod))
    assert sorted(headings - found) == []


def test_an_alert_of_a_rule_is_a_text_whose_values_all_come_from_the_event(data_stack: Recording) -> None:
    targets = [t for t in data_stack.of("EventTarget") if "inputTransformer" in t.inputs]
    assert targets
    for target in targets:
        transformer = target.inputs["inputTransformer"]
        text = json.loads(transformer["inputTemplate"])
        assert set(re.findall(r"<(\w+)>", text)) == set(transformer["inputPaths"]), target.name
        assert all(path.startswith("$.") for path in transformer["inputPaths"].values()), target.name
        assert len(transformer["inputPaths"]) <= 100, target.name
        assert len(transformer["inputTemplate"]) <= 8192, target.name
