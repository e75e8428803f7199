"""Reference files: taken as a whole or set aside with every reason, however often and in whatever order events come."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from contracts.compiled import currencies
from etl.functions import land_reference as subject
from etl.lakehouse.amounts import RatesError, parse_rates

CODES = frozenset(currencies())
HEADER = "currency,valid_from,valid_to,units_per_eur\n"
GOOD = HEADER + "EUR,1999-01-01,9999-12-31,1\nUSD,2026-01-01,2026-12-31,1.08\n"
BUCKET = "raw"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("s3", region_name="eu-west-1")
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        yield client


def put(s3: Any, text: str, name: str = "exchange_rates.csv") -> str:
    key = f"incoming/{name}"
    s3.put_object(Bucket=BUCKET, Key=key, Body=text.encode())
    return key


def land(s3: Any, key: str, most_bytes: int = 100_000) -> str:
    return subject.land(s3, BUCKET, key, codes=CODES, most_bytes=most_bytes)


def keys(s3: Any) -> list[str]:
    return sorted(item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []))


def text(s3: Any, key: str) -> str:
    return s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()


def reasons(s3: Any) -> list[str]:
    (key,) = [key for key in keys(s3) if key.endswith(".reasons.json")]
    problems: list[str] = json.loads(text(s3, key))["problems"]
    return problems


def test_a_right_file_becomes_the_edition_in_use_and_leaves_incoming(s3: Any) -> None:
    assert land(s3, put(s3, GOOD)) == "landed"
    assert keys(s3) == [subject.EDITION]
    assert text(s3, subject.EDITION) == GOOD


def test_an_event_that_comes_again_changes_nothing(s3: Any) -> None:
    key = put(s3, GOOD)
    assert [land(s3, key), land(s3, key)] == ["landed", "gone"]


def test_the_same_content_is_not_written_again(s3: Any) -> None:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    assert [land(s3, put(s3, GOOD)), land(s3, put(s3, GOOD))] == ["landed", "same"]
    assert len(s3.list_object_versions(Bucket=BUCKET, Prefix=subject.EDITION)["Versions"]) == 1


def test_a_wrong_file_is_set_aside_as_it_came_with_every_reason_and_the_edition_stays(s3: Any) -> None:
    land(s3, put(s3, GOOD))
    bad = HEADER + "EUR,1999-01-01,9999-12-31,2\nXQQ,2026-01-01,2025-01-01,-1\n"
    assert land(s3, put(s3, bad, "exchange_rates_new.csv")) == "rejected"
    moved, beside, edition = sorted(keys(s3), key=lambda key: (key == subject.EDITION, len(key)))
    assert moved.startswith("rejected/")
    assert moved.endswith("/exchange_rates_new.csv")
    assert beside == f"{moved}.reasons.json"
    assert text(s3, moved) == bad
    assert text(s3, edition) == GOOD
    assert reasons(s3) == [
        "line 2: one EUR is 2 EUR",
        "line 3: 'XQQ' is no currency of ISO 4217",
        "line 3: valid_from 2026-01-01 is after valid_to 2025-01-01",
        "line 3: units_per_eur '-1' is no number above 0",
    ]


def test_a_file_that_is_too_large_is_set_aside_unread(s3: Any) -> None:
    assert land(s3, put(s3, GOOD), most_bytes=10) == "rejected"
    assert reasons(s3) == [f"it has {len(GOOD)} bytes, 10 are taken at most"]


def test_a_file_of_another_kind_is_set_aside(s3: Any) -> None:
    assert land(s3, put(s3, GOOD, "holidays.csv")) == "rejected"
    assert reasons(s3) == ["its name 'holidays.csv' is of no kind that is taken: exchange_rates*.csv"]


def test_a_file_that_leaves_a_currency_out_is_set_aside(s3: Any) -> None:
    land(s3, put(s3, GOOD))
    assert land(s3, put(s3, HEADER + "EUR,1999-01-01,9999-12-31,1\n")) == "rejected"
    assert reasons(s3) == ["USD is missing, which the edition in use has"]


def test_a_file_that_came_before_the_edition_in_use_does_not_replace_it(s3: Any) -> None:
    key = put(s3, GOOD.replace("1.08", "1.01"))
    s3.put_object(
        Bucket=BUCKET, Key=subject.EDITION, Body=GOOD.encode(), Metadata={"arrived": "9999-01-01T00:00:00+00:00"}
    )
    assert land(s3, key) == "rejected"
    assert "before the edition in use" in reasons(s3)[0]
    assert text(s3, subject.EDITION) == GOOD


def test_of_two_files_at_once_the_second_to_write_is_refused_and_comes_again(s3: Any) -> None:
    land(s3, put(s3, GOOD))
    key, theirs, ours = put(s3, GOOD.replace("1.08", "1.09")), GOOD.replace("1.08", "1.10"), s3.put_object

    def overtaken(**given: Any) -> Any:
        if "IfMatch" in given:
            ours(Bucket=BUCKET, Key=subject.EDITION, Body=theirs.encode())
        return ours(**given)

    s3.put_object = overtaken
    with pytest.raises(ClientError, match="PreconditionFailed"):
        land(s3, key)
    assert text(s3, subject.EDITION) == theirs
    assert key in keys(s3)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"\xff\xfe", "it is not UTF-8 (byte 0)"),
        (b"", "line 1: the header is '', not 'currency,valid_from,valid_to,units_per_eur'"),
        (HEADER.encode(), "it has no rates"),
        (f"{HEADER}USD,2026-01-01,2026-12-31\n".encode(), "line 2: it has 3 fields, not 4"),
        (
            f"{HEADER}USD,2026-02-30,2026-12-31,1\n".encode(),
            "line 2: valid_from '2026-02-30' is no day such as 2026-11-24",
        ),
        (f"{HEADER}USD,20260101,2026-12-31,1\n".encode(), "line 2: valid_from '20260101' is no day such as 2026-11-24"),
        (f"{HEADER}USD,2026-01-01,2026-12-31,NaN\n".encode(), "line 2: units_per_eur 'NaN' is no number above 0"),
        (f"{HEADER}usd,2026-01-01,2026-12-31,1\n".encode(), "line 2: 'usd' is no currency of ISO 4217"),
        (
            f"{HEADER}USD,2026-01-01,2026-12-31,1\nUSD,2026-12-31,2027-12-31,1\n".encode(),
            "line 3: USD has a rate for 2026-12-31 already, in line 2",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_line(body: bytes, problem: str) -> None:
    assert subject.check(body, CODES) == [problem]


DAYS = st.dates().map(str)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["USD", "GBP", "EUR", "usd", ""]),
        DAYS,
        DAYS,
        st.sampled_from(["1", "0", "-1", "1.5", "1e3", "x", "NaN", " 2"]),
    ),
    max_size=4,
)


@given(ROWS)
def test_what_is_taken_can_be_read_by_the_jobs(rows: list[tuple[str, str, str, str]]) -> None:
    body = HEADER + "".join(f"{','.join(row)}\n" for row in rows)
    if subject.check(body.encode(), CODES) == []:
        try:
            parse_rates(body)
        except RatesError as error:
            pytest.fail(f"{error} in\n{body}")


def test_the_handler_reads_its_event_and_the_currencies_beside_it(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "_s3", lambda: s3)
    monkeypatch.setattr(subject, "_codes", lambda: CODES)
    monkeypatch.setenv("MOST_BYTES", "100000")
    key = put(s3, GOOD)
    event = {"source": "aws.s3", "detail": {"bucket": {"name": BUCKET}, "object": {"key": key, "size": 1}}}
    assert subject.handler(event, None) == {"key": key, "outcome": "landed"}
