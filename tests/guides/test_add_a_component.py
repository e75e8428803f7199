"""The guide that adds a component ends with the component in every graph."""

from __future__ import annotations

import pytest

from tests.graphs.recording import ROOT
from tests.guides.running import Copy, carry_out

MOST_FILES = 14


@pytest.mark.parametrize("stack", ["prod", "nonprod"])
def test_the_component_is_in_the_reviewed_graph_and_nothing_else_is_new(done: Copy, stack: str) -> None:
    before, after = Copy(tree=ROOT).baseline(stack), done.baseline(stack)

    assert before.keys() - after.keys() == set()
    assert after.keys() - before.keys() == {
        "platform:operations:Undelivered undelivered",
        "aws:sqs/queue:Queue undelivered-queue",
        "aws:sqs/queuePolicy:QueuePolicy undelivered-policy",
        "aws:cloudwatch/metricAlarm:MetricAlarm undelivered-waiting",
    }
    assert after["aws:sqs/queue:Queue undelivered-queue"]["parent"] == "platform:operations:Undelivered undelivered"
    assert [key for key in before if before[key] != after[key]] == [
        "aws:cloudwatch/dashboard:Dashboard dashboard-data-path"
    ], "the alarm is on the dashboard by itself, and nothing else changes"


def test_a_newcomer_touches_few_files(done: Copy) -> None:
    assert len(done.promised) <= MOST_FILES


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return carry_out("add-a-component", tmp_path_factory.mktemp("guide"))
