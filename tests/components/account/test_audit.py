"""What is recorded, what people are told of, and the one picture of the data's path."""

from __future__ import annotations

import re
from typing import Any

import pytest

from components.account.cis import CONTROLS, PATTERN_LIMIT
from components.account.dashboard import alarm_widgets
from tests.components.test_alarms import METRICS, own_metrics
from tests.graphs.recording import Recording

DOCUMENTED: dict[str, dict[str, set[str]]] = {
    "AWS/Kafka": {
        "BytesInPerSec": {"Cluster Name", "Broker ID"},
        "BytesOutPerSec": {"Cluster Name", "Broker ID"},
    },
    "AWS/DMS": {"CDCLatencySource": {"ReplicationConfigId"}, "CDCLatencyTarget": {"ReplicationConfigId"}},
    "AWS/Redshift-Serverless": {"ComputeCapacity": {"Workgroup"}},
    "AWS/VPN": {metric: {"VpnId", "TunnelIpAddress"} for metric in ("TunnelState", "TunnelDataIn", "TunnelDataOut")},
    "AWS/States": {"ExecutionsSucceeded": {"StateMachineArn"}, "ExecutionTime": {"StateMachineArn"}},
    "Glue": {"glue.driver.aggregate.elapsedTime": {"JobName", "JobRunId", "Type"}},
}
"""What the dashboard shows besides what alarms watch, as the services' user guides list it."""


def test_the_trail_has_every_read_and_write_of_the_lake_and_what_is_done_to_the_account(data_stack: Recording) -> None:
    trail = data_stack.one("audit-trail").inputs
    management, data = ({f["field"]: f for f in s["fieldSelectors"]} for s in trail["advancedEventSelectors"])
    assert management == {"eventCategory": {"field": "eventCategory", "equals": ["Management"]}}
    assert data["eventCategory"]["equals"] == ["Data"]
    assert data["resources.type"]["equals"] == ["AWS::S3::Object"]
    # Ending in a slash: a bucket whose name begins like ours is not ours.
    assert [arn.rsplit(":", 1)[-1] for arn in data["resources.ARN"]["startsWiths"]] == [
        "lake-raw/",
        "lake-curated/",
        "lake-analytics/",
    ]
    assert "readOnly" not in data
    assert trail["isMultiRegionTrail"]
    assert trail["includeGlobalServiceEvents"]


def test_the_trail_is_validated_encrypted_and_kept_in_the_organizations_archive(data_stack: Recording) -> None:
    trail = data_stack.one("audit-trail").inputs
    assert trail["enableLogFileValidation"]
    assert "log-archive" in trail["s3BucketName"]
    assert trail["kmsKeyId"].startswith("arn:aws:kms:")
    assert re.fullmatch(r"novaretail-\w+-data", trail["name"]), "the archive's policy knows it by this name"
    assert trail["cloudWatchLogsGroupArn"].endswith(":*")


def test_the_trails_role_writes_its_own_streams_and_nothing_else(data_stack: Recording) -> None:
    (statement,) = data_stack.one("audit-deliver-trail").json("policy")["Statement"]
    assert statement["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    (streams,) = statement["Resource"]
    assert re.search(r":log-stream:\d{12}_CloudTrail_eu-west-1\*$", streams)


def test_every_control_of_the_benchmark_has_a_filter_and_an_alarm(data_stack: Recording) -> None:
    filters = {
        f.inputs["metricTransformation"]["name"]: f.inputs["pattern"]
        for f in data_stack.of("LogMetricFilter")
        if f.parent == "audit"
    }
    alarms = {a.inputs.get("metricName") for a in data_stack.of("MetricAlarm") if a.parent == "audit"}
    assert [c.number for c in CONTROLS] == [f"4.{number}" for number in range(1, 16)]
    assert filters == {c.metric: c.pattern for c in CONTROLS}
    assert alarms == filters.keys()


@pytest.mark.parametrize("control", CONTROLS, ids=lambda c: c.number)
def test_a_pattern_is_short_enough_and_its_brackets_and_quotes_are_closed(control: Any) -> None:
    assert len(control.pattern) <= PATTERN_LIMIT
    assert control.pattern[0] + control.pattern[-1] == "{}"
    assert control.pattern.count("(") == control.pattern.count(")")
    assert control.pattern.count('"') % 2 == 0
    names = re.findall(r"\$\.eventName = \"?(\w+)", control.pattern)
    assert len(names) == len(set(names))


def test_findings_of_guardduty_and_of_access_analyzer_become_alerts(data_stack: Recording) -> None:
    pattern = data_stack.one("audit-guardduty").json("eventPattern")
    assert pattern["detail"] == {"severity": [{"numeric": [">=", 4]}]}
    assert data_stack.one("audit-access").json("eventPattern")["source"] == ["aws.access-analyzer"]
    assert data_stack.of("Detector") == [], "members get theirs from the organization; a second one is refused"


def test_the_account_has_an_analyzer_of_outside_access_and_of_unused_access_by_setting(
    prod: Recording, local: Recording
) -> None:
    assert {a.inputs["type"] for a in prod.of("Analyzer")} == {"ACCOUNT", "ACCOUNT_UNUSED_ACCESS"}
    assert {a.inputs["type"] for a in local.of("Analyzer")} == {"ACCOUNT"}


def test_every_log_group_has_a_key_and_a_retention(data_stack: Recording) -> None:
    groups = data_stack.of("LogGroup")
    assert groups
    assert [g.name for g in groups if not g.inputs.get("retentionInDays") or not g.inputs.get("kmsKeyId")] == []


def _body(recording: Recording) -> dict[str, Any]:
    body: dict[str, Any] = recording.one("dashboard-data-path").json("dashboardBody")
    return body


def test_every_metric_of_the_dashboard_is_one_that_exists(data_stack: Recording) -> None:
    made = own_metrics(data_stack)
    shown = [m for w in _body(data_stack)["widgets"] if w["type"] == "metric" for m in w["properties"]["metrics"]]
    assert len(shown) > 15
    for namespace, metric, *dimensions in ([part for part in m if isinstance(part, str)] for m in shown):
        names = set(dimensions[::2])
        assert len(dimensions) == 2 * len(names)
        if namespace.startswith("NovaRetail/"):
            assert (namespace, metric) in made
        else:
            known = METRICS.get(namespace, {}) | DOCUMENTED.get(namespace, {})
            assert known[metric] == names, metric


def test_the_dashboard_is_within_cloudwatchs_limits_and_its_widgets_do_not_overlap(data_stack: Recording) -> None:
    widgets = _body(data_stack)["widgets"]
    assert len(widgets) <= 500
    taken: set[tuple[int, int]] = set()
    for widget in widgets:
        assert widget["x"] + widget["width"] <= 24
        cells = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert not cells & taken, widget["properties"]["title"]
        taken |= cells
        if widget["type"] == "metric":
            assert len(widget["properties"]["metrics"]) <= 500
    for alarms in (w for w in widgets if w["type"] == "alarm"):
        assert 0 < len(alarms["properties"]["alarms"]) <= 100


def test_the_dashboard_shows_every_alarm_of_the_graph_once(data_stack: Recording) -> None:
    shown = [arn for w in _body(data_stack)["widgets"] if w["type"] == "alarm" for arn in w["properties"]["alarms"]]
    made = [f"arn:aws:cloudwatch:eu-west-1:000000000000:{alarm.name}" for alarm in data_stack.of("MetricAlarm")]
    assert sorted(shown) == sorted(made)


def test_alarms_that_one_widget_cannot_show_are_in_the_next() -> None:
    widgets = alarm_widgets([f"arn:{number}" for number in range(201)])
    assert [len(w["properties"]["alarms"]) for w in widgets] == [100, 100, 1]
    assert [arn for w in widgets for arn in w["properties"]["alarms"]] == [f"arn:{number}" for number in range(201)]
    assert [w["properties"]["title"] for w in widgets] == ["Alarms, 1 of 3", "Alarms, 2 of 3", "Alarms, 3 of 3"]
    assert [w["y"] for w in widgets] == [0, 6, 12]


def test_the_dashboard_shows_the_path_from_topics_to_the_warehouse_in_order(prod: Recording) -> None:
    titles = [w["properties"]["title"].split(":")[0] for w in _body(prod)["widgets"]]
    assert list(dict.fromkeys(titles)) == [
        "Alarms",
        "Kafka",
        "Sinks",
        "Capture",
        "Pipeline",
        "Jobs",
        "Bridge",
        "Functions",
        "Warehouse",
        "Links",
    ]


def test_the_dashboard_shows_every_tunnel_of_the_links_by_its_name(prod: Recording) -> None:
    for metric in ("TunnelState", "TunnelDataIn", "TunnelDataOut"):
        (shown,) = [
            w["properties"]["metrics"]
            for w in _body(prod)["widgets"]
            if w["type"] == "metric" and w["properties"]["metrics"][0][1] == metric
        ]
        names = {options["label"]: address for *_, address, options in shown}
        assert list(names) == [f"{link}-{n}-{t}" for link in ("gcp", "azure") for n in (1, 2) for t in (1, 2)]
        assert len(set(names.values())) == 8
