"""Reference files: what starts the function, and the little that it may touch."""

from __future__ import annotations

import json

import contracts
from tests.graphs.recording import Recording


def test_a_file_below_incoming_of_raw_and_no_other_starts_the_function(data_stack: Recording) -> None:
    pattern = data_stack.one("landing-arrived").json("eventPattern")
    assert pattern["source"] == ["aws.s3"]
    assert pattern["detail-type"] == ["Object Created"]
    assert pattern["detail"]["bucket"]["name"] == [data_stack.one("lake-raw").inputs["bucket"]]
    assert pattern["detail"]["object"]["key"] == [{"prefix": "incoming/"}]


def test_only_the_rule_may_invoke_the_function_and_what_it_cannot_deliver_is_kept(data_stack: Recording) -> None:
    permission = data_stack.one("landing-arrived-invokes").inputs
    assert permission["principal"] == "events.amazonaws.com"
    assert permission["sourceArn"].endswith(":landing-arrived")
    target = data_stack.one("landing-arrived-function").inputs
    assert target["deadLetterConfig"]["arn"].endswith(":landing-failures")
    assert 0 < target["retryPolicy"]["maximumRetryAttempts"] <= 185
    allowed, denied = data_stack.one("landing-failures-policy").json("policy")["Statement"]
    assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
    assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": [permission["sourceArn"]]}}
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_function_reads_incoming_writes_the_edition_and_sets_aside_and_no_more(data_stack: Recording) -> None:
    on: dict[str, set[str]] = {}
    for statement in data_stack.one("lake-landing-land-reference").json("policy")["Statement"]:
        for action in statement["Action"]:
            on.setdefault(action, set()).update(arn.rsplit(":", 1)[-1] for arn in statement["Resource"])
    assert on["s3:GetObject"] == {"lake-raw/incoming/*", "lake-raw/reference/*"}
    assert on["s3:DeleteObject"] == {"lake-raw/incoming/*"}
    assert on["s3:PutObject"] == {"lake-raw/reference/*", "lake-raw/rejected/*"}
    assert on.keys() == {
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "s3:DeleteObject",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObject",
    }


def test_the_archive_has_the_handler_alone_and_the_currencies_of_the_contracts(data_stack: Recording) -> None:
    function = data_stack.one("landing-function").inputs
    assets = function["code"]["assets"]
    assert assets.keys() == {"land_reference.py", "currencies.json"}
    assert assets["land_reference.py"] == {"path": "etl/functions/land_reference.py"}
    assert json.loads(assets["currencies.json"]["text"]) == sorted(contracts.currencies())
    assert function["handler"] == "land_reference.handler"
    assert function["environment"]["variables"] == {"MOST_BYTES": str(1024 * 1024)}


def test_the_edition_in_use_is_not_put_back_to_the_first_one(data_stack: Recording) -> None:
    assert "source" in data_stack.one("lake-exchange-rates").ignore_changes


def test_every_function_is_bounded_traced_in_the_vpc_and_has_a_log_group_and_a_failure_queue(
    data_stack: Recording,
) -> None:
    groups = {g.inputs["name"] for g in data_stack.of("LogGroup")}
    queues = {q.name for q in data_stack.of("Queue")}
    destinations = {c.inputs["functionName"]: c.inputs for c in data_stack.of("FunctionEventInvokeConfig")}
    functions = data_stack.of("lambda/function:Function")
    assert {f.inputs["name"] for f in functions} == {"capture-user", "land-reference", "pubsub-bridge"}
    for function in functions:
        given = function.inputs
        assert given["reservedConcurrentExecutions"] >= 1, function.name
        assert given["loggingConfig"]["logGroup"] in groups, function.name
        assert given["tracingConfig"] == {"mode": "Active"}, function.name
        assert given["vpcConfig"]["subnetIds"], function.name
        kept = destinations[given["name"]]
        assert kept["destinationConfig"]["onFailure"]["destination"].rsplit(":", 1)[-1] in queues, function.name
        assert 0 <= kept["maximumRetryAttempts"] <= 2, function.name
        assert 60 <= kept["maximumEventAgeInSeconds"] <= 21600, function.name


def test_the_bridge_may_run_as_many_at_a_time_as_its_event_sources_poll(data_stack: Recording) -> None:
    sources = data_stack.of("EventSourceMapping")
    pollers = sum(s.inputs["provisionedPollerConfig"]["maximumPollers"] for s in sources)
    assert data_stack.one("bridge-function").inputs["reservedConcurrentExecutions"] >= pollers
