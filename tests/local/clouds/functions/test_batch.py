"""An answer's batchItemFailures, as Lambda reads them for Kafka."""

from __future__ import annotations

import pytest

from local.clouds.functions.batch import AnswerError, left_over, next_offsets
from tests.local.clouds.functions.messages import message, places

BATCH = [message(0, 5), message(0, 6), message(0, 9), message(1, 0), message(1, 1)]


def failed(*items):
    return {"batchItemFailures": [{"itemIdentifier": {"partition": p, "offset": o}} for p, o in items]}


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}, "done", 7])
def test_an_answer_without_failures_means_that_all_are_done(answer):
    assert left_over(BATCH, answer) == []


def test_a_partition_begins_again_at_the_record_named_and_the_others_are_done():
    assert places(left_over(BATCH, failed(("orders-0", 6)))) == [(0, 6), (0, 9)]


def test_of_several_records_of_a_partition_the_first_counts():
    assert places(left_over(BATCH, failed(("orders-0", 9), ("orders-0", 6), ("orders-1", 1)))) == [
        (0, 6),
        (0, 9),
        (1, 1),
    ]


@pytest.mark.parametrize(
    "answer",
    [
        failed(("orders-0", 7)),
        failed(("orders-2", 0)),
        {"batchItemFailures": [{"itemIdentifier": "orders-0"}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{}]},
        {"batchItemFailures": ["orders-0"]},
    ],
)
def test_a_failure_that_names_no_record_of_the_batch_is_an_error(answer):
    with pytest.raises(AnswerError):
        left_over(BATCH, answer)


def test_what_is_committed_lies_before_everything_that_comes_again():
    again = left_over(BATCH, failed(("orders-0", 6)))
    assert next_offsets(BATCH, again) == {("orders", 0): 6, ("orders", 1): 2}
    assert next_offsets(BATCH, []) == {("orders", 0): 10, ("orders", 1): 2}
