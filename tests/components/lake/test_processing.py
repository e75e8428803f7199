"""Jobs that run the scripts of etl/, and the state machine that runs them in order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import contracts
from components.lake.pipeline import Plan, definition
from components.lake.processing import spark_conf
from tests.graphs.recording import Recording


def test_a_job_runs_the_script_of_its_name_from_etl(data_stack: Recording) -> None:
    for job in ("curate", "build_mart", "publish"):
        resource = data_stack.one(f"processing-{job.replace('_', '-')}").inputs
        script = data_stack.one(f"artifacts-glue-{job}.py").inputs
        assert resource["name"] == job
        assert script["source"] == {"path": f"etl/jobs/{job}.py"}
        assert resource["command"] == {
            "name": "glueetl",
            "pythonVersion": "3",
            "scriptLocation": f"s3://{script['bucket']}/{script['key']}",
        }


def test_the_package_and_the_marts_lie_at_the_root_of_the_archive_without_compiled_files(prod: Recording) -> None:
    archive = prod.one("artifacts-glue-lakehouse.zip").inputs["source"]["assets"]
    assert archive["lakehouse/__init__.py"] == {"path": "etl/lakehouse/__init__.py"}
    assert archive["marts/daily_sales.sql"] == {"path": "etl/marts/daily_sales.sql"}
    assert not [path for path in archive if "__pycache__" in path or path.endswith(".pyc")]
    assert all(Path(asset["path"]).is_file() for asset in archive.values())


def test_a_job_gets_the_contracts_as_json_beside_it(prod: Recording) -> None:
    shipped = json.loads(prod.one("artifacts-glue-contracts.json").inputs["source"]["text"])
    assert shipped == json.loads(json.dumps(contracts.compile_all(contracts.load())))
    arguments = prod.one("processing-curate").inputs["defaultArguments"]
    assert arguments["--extra-files"] == "s3://novaretail-prod-code/glue/contracts.json"
    assert arguments["--extra-py-files"] == "s3://novaretail-prod-code/glue/lakehouse.zip"
    assert arguments["--contracts"] == "contracts.json"


def test_jobs_call_aws_by_the_endpoints_of_the_vpc_or_the_lake_would_refuse_them(data_stack: Recording) -> None:
    jobs = data_stack.of("glue/job:Job")
    assert jobs
    for job in jobs:
        assert job.inputs["defaultArguments"]["--disable-proxy-v2"] == "true", job.name
        assert job.inputs["connections"], job.name


def test_every_argument_of_a_job_begins_with_two_dashes_and_is_text(data_stack: Recording) -> None:
    for job in data_stack.of("glue/job:Job"):
        for key, value in job.inputs["defaultArguments"].items():
            assert key.startswith("--")
            assert isinstance(value, str), key


def test_spark_gets_several_properties_in_one_conf_argument() -> None:
    properties = dict(part.split("=", 1) for part in spark_conf("s3://warehouse").split(" --conf "))
    assert properties["spark.sql.catalog.glue_catalog"] == "org.apache.iceberg.spark.SparkCatalog"
    assert properties["spark.sql.catalog.glue_catalog.warehouse"] == "s3://warehouse"
    assert properties["spark.sql.session.timeZone"] == "UTC"
    assert "spark.sql.extensions" in properties


def test_jobs_are_bounded_encrypted_and_inside_the_vpc(data_stack: Recording) -> None:
    for job in data_stack.of("glue/job:Job"):
        assert job.inputs["glueVersion"] == "5.1"
        assert job.inputs["workerType"] == "G.1X"
        assert 5 <= job.inputs["timeout"] <= 1440
        assert job.inputs["maxRetries"] == 0, "the state machine tries again; two layers multiply"
        assert job.inputs["securityConfiguration"]
        assert len(job.inputs["connections"]) == 1
    connection = data_stack.one("processing-network").inputs
    assert connection["connectionType"] == "NETWORK"
    assert connection["physicalConnectionRequirements"]["subnetId"].startswith("network-applications-eu-west-1a")
    encryption = data_stack.one("processing-security").inputs["encryptionConfiguration"]
    assert encryption["s3Encryption"]["s3EncryptionMode"] == "SSE-KMS"
    assert encryption["cloudwatchEncryption"]["cloudwatchEncryptionMode"] == "SSE-KMS"


PLAN = Plan(
    curate="curate",
    build_mart="build_mart",
    publish="publish",
    alerts_topic_arn="arn:aws:sns:eu-west-1:210987654321:alerts",
    datasets=["orders", "carts"],
    marts={"daily_sales": ["orders"], "funnel": ["carts", "orders"]},
    exchanges=["daily_sales", "orders"],
    concurrent_runs=2,
    timeout_seconds=3600,
)


def _steps(state: str) -> dict[str, Any]:
    found = definition(PLAN)["States"][state]
    states: dict[str, Any] = (found["ItemProcessor"] if "ItemProcessor" in found else found["Branches"][0])["States"]
    return states


def test_datasets_are_curated_before_marts_are_built() -> None:
    states = definition(PLAN)["States"]
    assert (states["Curate"]["ItemsPath"], states["Curate"]["Next"]) == ("$.datasets", "Curated")
    assert (states["Curated"]["Next"], states["Build"]["ItemsPath"]) == ("Build", "$.marts")
    for state, task, argument in (("Curate", "CurateDataset", "--dataset.$"), ("Build", "BuildMart", "--mart.$")):
        run = _steps(state)[task]
        assert run["Resource"] == "arn:aws:states:::glue:startJobRun.sync"
        assert run["Parameters"]["Arguments"] == {argument: "$.name", "--run_id.$": "$$.Execution.Name"}


def test_a_failed_run_is_tried_again_with_backoff_and_jitter_and_then_told_of() -> None:
    for state, task, tell in (
        ("Curate", "CurateDataset", "TellDataset"),
        ("Build", "BuildMart", "TellMart"),
        ("Publish", "PublishExchange", "TellExchange"),
    ):
        run = _steps(state)[task]
        (retry,) = run["Retry"]
        assert retry["BackoffRate"] > 1
        assert retry["JitterStrategy"] == "FULL"
        assert retry["MaxAttempts"] == 2
        assert run["Catch"] == [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": tell}]
        message = _steps(state)[tell]["Parameters"]
        assert message["TopicArn"] == PLAN.alerts_topic_arn
        assert len(message["Subject"]) <= 100
        assert message["Message.$"].count("{}") == 4
        assert message["Message.$"].count("'") == 2, "the template's own quotes would end it"


def test_what_is_shared_is_published_in_one_run_after_the_marts_whatever_became_of_them() -> None:
    states = definition(PLAN)["States"]
    assert states["Build"]["Next"] == "Shared"
    assert states["Shared"]["Choices"] == [{"Variable": "$.exchanges[0]", "IsPresent": True, "Next": "Together"}]
    assert states["Together"]["Parameters"] == {"name.$": "States.JsonToString($.exchanges)"}
    assert (states["Together"]["ResultPath"], states["Together"]["Next"]) == ("$.together", "Publish")
    assert states["Publish"]["InputPath"] == "$.together"
    run = _steps("Publish")["PublishExchange"]
    assert run["Parameters"]["JobName"] == "publish"
    assert run["Parameters"]["Arguments"] == {"--exchanges.$": "$.name", "--run_id.$": "$$.Execution.Name"}
    # Without anything shared, the report is complete all the same.
    assert states[states["Shared"]["Default"]]["Next"] == states["Publish"]["Next"] == "Report"
    assert states["Unshared"]["ResultPath"] == states["Publish"]["ResultPath"] == "$.published"


def test_the_job_publish_knows_the_bucket_of_the_exchange_and_the_tables_that_are_shared(data_stack: Recording) -> None:
    arguments = data_stack.one("processing-publish").inputs["defaultArguments"]
    assert arguments["--exchange_bucket"] == data_stack.one("lake-analytics").inputs["bucket"]
    shipped = json.loads(data_stack.one("artifacts-glue-contracts.json").inputs["source"]["text"])
    assert shipped["exchanges"].keys() == {exchange.name for exchange in contracts.load().exchanges}


def test_a_mart_is_skipped_if_any_of_its_datasets_failed() -> None:
    rules = _steps("Build")["SourcesCurated"]["Choices"]
    assert [(r["And"][0]["StringEquals"], r["And"][1]["StringMatches"], r["Next"]) for r in rules] == [
        ("daily_sales", '*"failed: orders"*', "MartSkipped"),
        ("funnel", '*"failed: carts"*', "MartSkipped"),
        ("funnel", '*"failed: orders"*', "MartSkipped"),
    ]


def test_a_map_starts_no_more_runs_than_a_job_may_have(local: Recording) -> None:
    assert definition(PLAN)["States"]["Curate"]["MaxConcurrency"] == 2
    assert local.one("processing-pipeline").json("definition")["States"]["Build"]["MaxConcurrency"] == 1


def test_an_execution_ends_by_itself_even_if_a_job_does_not(data_stack: Recording) -> None:
    assert data_stack.one("processing-pipeline").json("definition")["TimeoutSeconds"] == 360 * 60


def test_every_mart_waits_for_the_datasets_of_its_contract(data_stack: Recording) -> None:
    machine = data_stack.one("processing-pipeline").json("definition")
    rules = machine["States"]["Build"]["ItemProcessor"]["States"]["SourcesCurated"]["Choices"]
    assert ("daily_sales", '*"failed: orders"*') in {
        (r["And"][0]["StringEquals"], r["And"][1]["StringMatches"]) for r in rules
    }
    assert {r["And"][0]["StringEquals"] for r in rules} == {m.name for m in contracts.load().marts}


def test_failed_and_late_runs_of_jobs_are_told_in_words(data_stack: Recording) -> None:
    failed = data_stack.one("processing-job-failed").json("eventPattern")
    assert failed["detail"] == {"jobName": ["curate", "build_mart", "publish"], "state": ["FAILED", "TIMEOUT", "ERROR"]}
    late = data_stack.one("processing-job-late").json("eventPattern")
    assert late["detail-type"] == ["Glue Job Run Status"]
    for job in data_stack.of("glue/job:Job"):
        assert job.inputs["notificationProperty"]["notifyDelayAfter"] < job.inputs["timeout"]
        assert job.inputs["jobRunQueuingEnabled"] is True


def test_what_the_input_leaves_out_is_everything_that_the_contracts_have(data_stack: Recording) -> None:
    machine = data_stack.one("processing-pipeline").json("definition")
    data = contracts.load()
    assert machine["States"]["Everything"]["Result"] == {
        "datasets": [d.name for d in data.curated_datasets],
        "marts": [m.name for m in data.marts],
        "exchanges": [e.name for e in data.exchanges],
    }


def test_the_pipeline_starts_its_own_jobs_and_no_others(data_stack: Recording) -> None:
    statements = data_stack.one("processing-start-jobs").json("policy")["Statement"]
    (start,) = [s for s in statements if "glue:StartJobRun" in s["Action"]]
    names = sorted(arn.rsplit(":", 1)[-1] for arn in start["Resource"])
    assert names == ["processing-build-mart", "processing-curate", "processing-publish"]


def test_the_pipeline_logs_everything_and_is_traced(data_stack: Recording) -> None:
    machine = data_stack.one("processing-pipeline").inputs
    assert machine["name"] == "lake-pipeline"
    assert machine["loggingConfiguration"]["level"] == "ALL"
    # Step Functions wants the ARN of a log group with its streams.
    assert machine["loggingConfiguration"]["logDestination"].endswith(":*")
    assert machine["tracingConfiguration"] == {"enabled": True}


def test_a_schedule_exists_where_the_settings_have_one(prod: Recording, local: Recording) -> None:
    (schedule,) = prod.of("Schedule")
    assert schedule.inputs["scheduleExpression"] == "rate(1 hour)"
    assert schedule.inputs["target"]["input"] == "{}"
    assert local.of("Schedule") == []


def test_a_jobs_log_groups_are_those_that_glue_derives_from_its_prefix(data_stack: Recording) -> None:
    groups = {g.inputs["name"] for g in data_stack.of("LogGroup")}
    for job in data_stack.of("glue/job:Job"):
        prefix = job.inputs["defaultArguments"]["--custom-logGroup-prefix"]
        assert {f"{prefix}/error", f"{prefix}/output"} <= groups
