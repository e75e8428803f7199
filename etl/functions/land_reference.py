"""A reference file that a partner put below incoming/: right, it becomes the edition in use; wrong, it is set aside.

Exchange rates are the only kind: `currency,valid_from,valid_to,units_per_eur`, the whole table in each file. A file is
taken as a whole or not at all. What is wrong with it lies beside it as JSON, every problem at once, and its arrival
there is what people are told of.

Events come at least once and in any order, so: an object that is gone was dealt with; the same content is not written
twice; a file that came before the edition in use does not replace it; and two at once cannot both win (If-Match).
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

import boto3

INCOMING, REJECTED = "incoming/", "rejected/"
EDITION = "reference/exchange_rates/exchange_rates.csv"
KIND = "exchange_rates"
HEADER = ["currency", "valid_from", "valid_to", "units_per_eur"]
REPORTING = "EUR"
MOST_PROBLEMS = 100
"""A file of another kind has a problem a line; the first hundred tell enough."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rate:
    """One line of the file; `line` is its number, the header's is 1."""

    line: int
    currency: str
    first: date
    last: date


def handler(event: Mapping[str, Any], context: object) -> dict[str, str]:
    """Land what EventBridge's `Object Created` of S3 tells of; the answer says what became of the object."""
    detail = event["detail"]
    bucket, key = detail["bucket"]["name"], detail["object"]["key"]
    outcome = land(_s3(), bucket, key, codes=_codes(), most_bytes=int(os.environ["MOST_BYTES"]))
    log.info("%s: %s", key, outcome)
    return {"key": key, "outcome": outcome}


def land(s3: Any, bucket: str, key: str, *, codes: frozenset[str], most_bytes: int) -> str:
    """Deal with one object below incoming/; `codes` are the known currencies.

    Returns: `gone`, `ignored` (a folder's mark), `landed`, `same` (the edition in use) or `rejected`.
    Raises: ClientError, also if another file became the edition meanwhile; then the event comes again.
    """
    if not key.startswith(INCOMING) or key.endswith("/"):
        return "ignored"
    try:
        arrived = s3.get_object(Bucket=bucket, Key=key)
    except s3.exceptions.NoSuchKey:
        return "gone"
    at = arrived["LastModified"].astimezone(UTC)
    current = _edition(s3, bucket)
    if arrived["ContentLength"] > most_bytes:
        body, problems = b"", [f"it has {arrived['ContentLength']} bytes, {most_bytes} are taken at most"]
    else:
        body = arrived["Body"].read()
        problems = [*_unfit(key, at, current), *check(body, codes)][:MOST_PROBLEMS]
        if not problems:
            problems = list(_missing(body, current))
    if problems:
        _reject(s3, bucket, key, at, problems)
        return "rejected"
    digest = hashlib.sha256(body).hexdigest()
    same = current is not None and current.digest == digest
    if not same:
        only_if = {"IfMatch": current.etag} if current else {"IfNoneMatch": "*"}
        s3.put_object(
            Bucket=bucket,
            Key=EDITION,
            Body=body,
            ContentType="text/csv",
            Metadata={"arrived": at.isoformat(), "source": key.removeprefix(INCOMING)},
            **only_if,
        )
    s3.delete_object(Bucket=bucket, Key=key)
    return "same" if same else "landed"


def check(body: bytes, codes: frozenset[str]) -> list[str]:
    """Return everything that is wrong with a file of rates, with the line; empty if it can be used."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return [f"it is not UTF-8 (byte {error.start})"]
    rows = csv.reader(io.StringIO(text, newline=""))
    header = next(rows, [])
    if header != HEADER:
        return [f"line 1: the header is {','.join(header)!r}, not {','.join(HEADER)!r}"]
    problems: list[str] = []
    rates: list[Rate] = []
    for number, row in enumerate(rows, start=2):
        if not row:
            continue
        found = list(_row_problems(number, row, codes))
        problems += found
        if not found:
            rates.append(Rate(number, row[0], date.fromisoformat(row[1]), date.fromisoformat(row[2])))
    if not rates and not problems:
        problems.append("it has no rates")
    return [*problems, *_overlaps(rates)]


def _row_problems(line: int, row: list[str], codes: frozenset[str]) -> Iterator[str]:
    if len(row) != len(HEADER):
        yield f"line {line}: it has {len(row)} fields, not {len(HEADER)}"
        return
    currency, first, last, units = row
    if currency not in codes:
        yield f"line {line}: {currency!r} is no currency of ISO 4217"
    days = {name: _day(text) for name, text in (("valid_from", first), ("valid_to", last))}
    for name, day in days.items():
        if day is None:
            yield f"line {line}: {name} {row[HEADER.index(name)]!r} is no day such as 2026-11-24"
    if days["valid_from"] and days["valid_to"] and days["valid_from"] > days["valid_to"]:
        yield f"line {line}: valid_from {first} is after valid_to {last}"
    rate = _number(units)
    if rate is None or rate <= 0:
        yield f"line {line}: units_per_eur {units!r} is no number above 0"
    elif currency == REPORTING and rate != 1:
        yield f"line {line}: one {REPORTING} is {units} {REPORTING}"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-11-24") else None
    except ValueError:
        return None


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _overlaps(rates: list[Rate]) -> Iterator[str]:
    latest: dict[str, Rate] = {}
    for rate in sorted(rates, key=lambda r: (r.currency, r.first, r.last)):
        before = latest.get(rate.currency)
        if before and before.last >= rate.first:
            yield f"line {rate.line}: {rate.currency} has a rate for {rate.first} already, in line {before.line}"
        if before is None or rate.last > before.last:
            latest[rate.currency] = rate


@dataclass(frozen=True)
class _Edition:
    etag: str
    digest: str
    currencies: frozenset[str]
    arrived: datetime | None


def _edition(s3: Any, bucket: str) -> _Edition | None:
    """Return the edition in use, if there is one; the first one came with the program and says no arrival."""
    try:
        kept = s3.get_object(Bucket=bucket, Key=EDITION)
    except s3.exceptions.NoSuchKey:
        return None
    body = kept["Body"].read()
    arrived = kept["Metadata"].get("arrived")
    return _Edition(
        etag=kept["ETag"],
        digest=hashlib.sha256(body).hexdigest(),
        currencies=_currencies(body),
        arrived=datetime.fromisoformat(arrived) if arrived else None,
    )


def _currencies(body: bytes) -> frozenset[str]:
    rows = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""))
    return frozenset(row[0] for row in list(rows)[1:] if row)


def _unfit(key: str, at: datetime, current: _Edition | None) -> Iterator[str]:
    name = key.removeprefix(INCOMING)
    if not name.startswith(KIND) or not name.endswith(".csv"):
        yield f"its name {name!r} is of no kind that is taken: {KIND}*.csv"
    if current and current.arrived and at < current.arrived:
        yield f"it came at {at.isoformat()}, before the edition in use ({current.arrived.isoformat()})"


def _missing(body: bytes, current: _Edition | None) -> Iterator[str]:
    """Report a currency that is left out. A file is the whole table: its orders would be without a rate."""
    for currency in sorted(current.currencies - _currencies(body)) if current else ():
        yield f"{currency} is missing, which the edition in use has"


def _reject(s3: Any, bucket: str, key: str, at: datetime, problems: list[str]) -> None:
    target = f"{REJECTED}{at:%Y%m%dT%H%M%SZ}/{key.removeprefix(INCOMING)}"
    s3.copy_object(Bucket=bucket, Key=target, CopySource={"Bucket": bucket, "Key": key}, TaggingDirective="REPLACE")
    reasons = {"file": key, "arrived": at.isoformat(), "problems": problems}
    s3.put_object(
        Bucket=bucket,
        Key=f"{target}.reasons.json",
        Body=json.dumps(reasons, indent=1).encode(),
        ContentType="application/json",
    )
    s3.delete_object(Bucket=bucket, Key=key)


@cache
def _s3() -> Any:
    return boto3.client("s3")


@cache
def _codes() -> frozenset[str]:
    """Return the currencies that the contracts know; they lie beside this file."""
    return frozenset(json.loads(Path(__file__).with_name("currencies.json").read_text()))
