"""The definition of the state machine that curates datasets, builds marts and publishes what is shared.

It is in the Amazon States Language. A dataset that fails is reported at once and stops neither the others nor their
marts; the marts that need it are left as they were, and the run ends as failed with a line about each. One run of the
last job publishes all shared tables, whatever became of the others: a table that has not changed is not published
again. Each step answers with such a line ("curated: orders", "failed: orders"), for JSONPath has no way to look an
object up by a value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PARALLEL = 4
"""Runs at a time of each map, as far as the job's own limit allows."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the state machine runs."""

    curate: str
    """Name of the job, as of the next two."""
    build_mart: str
    publish: str
    alerts_topic_arn: str
    datasets: Sequence[str]
    marts: Mapping[str, Sequence[str]]
    """Mart -> the datasets that it is built of."""
    exchanges: Sequence[str]
    """The shared tables."""
    concurrent_runs: int
    """How many runs a job may have at a time."""
    timeout_seconds: int
    """Of a whole execution."""


def definition(plan: Plan) -> dict[str, Any]:
    """Return the state machine in the Amazon States Language.

    Its input may name datasets, marts and exchanges ({"datasets": ["orders"], "marts": [], "exchanges": []}); what it
    leaves out is all of them.
    """
    everything = {"datasets": list(plan.datasets), "marts": list(plan.marts), "exchanges": list(plan.exchanges)}
    curate = _Step("Dataset", "curated", plan.curate, "--dataset", "The marts that are built of it stay as they were.")
    build = _Step("Mart", "built", plan.build_mart, "--mart", "It stays as it was.")
    publish = _Step(
        "Exchange",
        "published",
        plan.publish,
        "--exchanges",
        "Its readers keep the snapshots that were published before.",
    )
    return {
        "Comment": "Curate every dataset, build every mart whose datasets are curated, publish what is shared",
        "TimeoutSeconds": plan.timeout_seconds,
        "StartAt": "Everything",
        "States": {
            "Everything": {"Type": "Pass", "Result": everything, "ResultPath": "$.everything", "Next": "Input"},
            "Input": {
                "Type": "Pass",
                "Parameters": {"wanted.$": "States.JsonMerge($.everything, $, false)"},
                "OutputPath": "$.wanted",
                "Next": "Curate",
            },
            "Curate": {
                **_map(plan, "$.datasets", {"name.$": "$$.Map.Item.Value"}, curate.states(plan), "CurateDataset"),
                "ResultPath": "$.curated",
                "Next": "Curated",
            },
            "Curated": {
                "Type": "Pass",
                "Parameters": {
                    "marts.$": "$.marts",
                    "exchanges.$": "$.exchanges",
                    "curated.$": "States.JsonToString($.curated)",
                },
                "Next": "Build",
            },
            "Build": {
                **_map(
                    plan,
                    "$.marts",
                    {"name.$": "$$.Map.Item.Value", "curated.$": "$.curated"},
                    {**_sources(plan), **build.states(plan)},
                    "SourcesCurated",
                ),
                "ResultPath": "$.built",
                "Next": "Shared",
            },
            "Shared": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.exchanges[0]", "IsPresent": True, "Next": "Together"}],
                "Default": "Unshared",
            },
            "Unshared": {"Type": "Pass", "Result": [], "ResultPath": "$.published", "Next": "Report"},
            "Together": {
                "Type": "Pass",
                "Parameters": {"name.$": "States.JsonToString($.exchanges)"},
                "ResultPath": "$.together",
                "Next": "Publish",
            },
            # One branch: its failures are reported inside it, as in the maps.
            "Publish": {
                "Type": "Parallel",
                "InputPath": "$.together",
                "Branches": [{"StartAt": "PublishExchange", "States": publish.states(plan)}],
                "ResultPath": "$.published",
                "Next": "Report",
            },
            "Report": {
                "Type": "Pass",
                "Parameters": {
                    "report.$": "States.Format('datasets {}, marts {}, exchanges {}', $.curated, "
                    "States.JsonToString($.built), States.JsonToString($.published))"
                },
                "Next": "Complete",
            },
            "Complete": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.report", "StringMatches": '*"failed: *', "Next": "Incomplete"}],
                "Default": "Done",
            },
            "Incomplete": {"Type": "Fail", "Error": "Incomplete", "CausePath": "$.report"},
            "Done": {"Type": "Succeed"},
        },
    }


@dataclass(frozen=True)
class _Step:
    """A job that is run for one name, and what follows from its end."""

    what: str
    """Dataset, Mart or Exchange: its states' names have it."""
    done: str
    """curated, built or published."""
    job: str
    argument: str
    """The job's argument that takes the name."""
    consequence: str
    """What a failure leaves as it was, for the message."""

    def states(self, plan: Plan) -> dict[str, Any]:
        verb = {"curated": "Curate", "built": "Build", "published": "Publish"}[self.done]
        message = (
            f"{self.what} {{}} was not {self.done} in execution {{}}, after three attempts. {self.consequence} "
            f"Do first: read the log groups of job {self.job}, then start the pipeline again. Error: {{}}. Cause: {{}}"
        )
        run, tell, done, failed = f"{verb}{self.what}", f"Tell{self.what}", f"{self.what}Done", f"{self.what}Failed"
        return {
            run: {
                "Type": "Task",
                "Resource": "arn:aws:states:::glue:startJobRun.sync",
                "Parameters": {
                    "JobName": self.job,
                    "Arguments": {f"{self.argument}.$": "$.name", "--run_id.$": "$$.Execution.Name"},
                },
                "Retry": [_retry(seconds=30, attempts=2)],
                "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": tell}],
                # What the runs report would pile up in the state, which Step Functions limits to 256 KiB.
                "ResultPath": None,
                "Next": done,
            },
            tell: {
                "Type": "Task",
                "Resource": "arn:aws:states:::sns:publish",
                "Parameters": {
                    "TopicArn": plan.alerts_topic_arn,
                    "Subject": f"{self.what} not {self.done}",
                    "Message.$": f"States.Format('{message}', $.name, $$.Execution.Name, $.error.Error, $.error.Cause)",
                },
                "Retry": [_retry(seconds=2, attempts=3)],
                # The run ends as failed in any case, and the alarm on failed runs tells of it.
                "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": failed}],
                "ResultPath": None,
                "Next": failed,
            },
            done: _line(self.done),
            failed: _line("failed"),
        }


def _sources(plan: Plan) -> dict[str, Any]:
    """Return the states that skip a mart if this run failed to curate a dataset that it is built of."""
    rules = [
        {
            "And": [
                {"Variable": "$.name", "StringEquals": mart},
                {"Variable": "$.curated", "StringMatches": f'*"failed: {dataset}"*'},
            ],
            "Next": "MartSkipped",
        }
        for mart, datasets in plan.marts.items()
        for dataset in datasets
    ]
    return {
        "SourcesCurated": {"Type": "Choice", "Choices": rules, "Default": "BuildMart"},
        "MartSkipped": _line("skipped"),
    }


def _map(plan: Plan, items: str, selector: dict[str, str], states: dict[str, Any], start: str) -> dict[str, Any]:
    return {
        "Type": "Map",
        "ItemsPath": items,
        "ItemSelector": selector,
        "MaxConcurrency": min(PARALLEL, plan.concurrent_runs),
        "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, "StartAt": start, "States": states},
    }


def _line(outcome: str) -> dict[str, Any]:
    return {
        "Type": "Pass",
        "Parameters": {"line.$": f"States.Format('{outcome}: {{}}', $.name)"},
        "OutputPath": "$.line",
        "End": True,
    }


def _retry(*, seconds: int, attempts: int) -> dict[str, Any]:
    return {
        "ErrorEquals": ["States.ALL"],
        "IntervalSeconds": seconds,
        "BackoffRate": 2.0,
        "MaxAttempts": attempts,
        "MaxDelaySeconds": 300,
        "JitterStrategy": "FULL",
    }
