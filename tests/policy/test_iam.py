"""The evaluator itself: what IAM's documentation says of each rule."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graphs.iam import Principal, Request, decide

ROLE = Principal("arn:aws:iam::111122223333:role/job", "111122223333", "o-ours")
BUCKET = "arn:aws:s3:::lake"


def _document(**statement: Any) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{BUCKET}/*", **statement}]}


def _request(**context: Any) -> Request:
    return Request(ROLE, "s3:GetObject", f"{BUCKET}/a/b", context)


def _fits(condition: dict[str, Any], context: dict[str, Any]) -> bool:
    request = Request(ROLE, "s3:GetObject", f"{BUCKET}/a", context)
    return bool(decide(request, identity=[_document(Condition=condition)]))


@pytest.mark.parametrize(
    ("condition", "present", "missing"),
    [
        ({"StringEquals": {"k": ["a", "b"]}}, True, False),
        ({"StringNotEquals": {"k": ["a", "b"]}}, False, True),
        ({"StringNotEquals": {"k": "z"}}, True, True),
        ({"StringEqualsIfExists": {"k": "z"}}, False, True),
        ({"StringNotEqualsIfExists": {"k": "a"}}, False, True),
        ({"StringLike": {"k": "?"}}, True, False),
        ({"Bool": {"k": "true"}}, False, False),
        ({"BoolIfExists": {"k": "false"}}, False, True),
        ({"Null": {"k": "true"}}, False, True),
        ({"Null": {"k": "false"}}, True, False),
        ({"ForAllValues:StringEquals": {"k": ["a", "c"]}}, True, True),
        ({"ForAnyValue:StringEquals": {"k": ["a", "c"]}}, True, False),
    ],
)
def test_a_missing_key_counts_as_the_documentation_says(condition: Any, present: bool, missing: bool) -> None:
    assert _fits(condition, {"k": "a"}) is present
    assert _fits(condition, {}) is missing


def test_addresses_are_compared_with_blocks() -> None:
    inside = {"IpAddress": {"k": ["10.1.0.0/16", "192.0.2.7/32"]}}
    outside = {"NotIpAddress": {"k": ["10.1.0.0/16", "192.0.2.7/32"]}}
    for address, expected in (("10.1.2.3", True), ("192.0.2.7", True), ("10.2.0.1", False)):
        assert _fits(inside, {"k": address}) is expected
        assert _fits(outside, {"k": address}) is not expected
    assert not _fits(inside, {})
    assert _fits(outside, {})


def test_numbers_are_compared_as_numbers_and_keys_have_no_case() -> None:
    assert _fits({"NumericLessThan": {"s3:TlsVersion": "1.2"}}, {"S3:tlsversion": "1.1"})
    assert not _fits({"NumericLessThan": {"s3:TlsVersion": "1.2"}}, {"s3:TlsVersion": "1.3"})


def test_all_lines_of_a_condition_must_fit() -> None:
    both = {"StringEquals": {"a": "1", "b": "2"}}
    assert _fits(both, {"a": "1", "b": "2"})
    assert not _fits(both, {"a": "1"})


def test_a_denial_wins_and_silence_denies() -> None:
    allow = _document()
    assert decide(_request(), identity=[allow])
    assert not decide(_request(), identity=[])
    assert not decide(_request(), identity=[allow, _document(Effect="Deny")])
    assert not decide(_request(), identity=[allow], resource=_document(Effect="Deny", Principal={"AWS": "*"}))
    assert not decide(_request(), identity=[allow], boundary=_document(Effect="Deny"))


def test_a_boundary_limits_and_gives_nothing() -> None:
    assert not decide(_request(), identity=[], boundary=_document())
    assert not decide(_request(), identity=[_document()], boundary=_document(Action="s3:PutObject"))
    # Also what a resource's policy gives to the role.
    mine = _document(Principal={"AWS": ROLE.arn})
    assert not decide(_request(), identity=[], resource=mine, boundary=_document(Action="s3:PutObject"))


def test_another_account_needs_both_sides_and_a_key_does_always() -> None:
    account = _document(Principal={"AWS": "arn:aws:iam::111122223333:root"})
    assert decide(_request(), identity=[_document()], resource=account, owner="999999999999")
    assert not decide(_request(), identity=[], resource=account, owner="999999999999")
    assert not decide(_request(), identity=[_document()], owner="999999999999")
    assert not decide(_request(), identity=[_document()], resource=_document(Principal={"AWS": "x"}), delegates=False)


def test_a_service_and_the_anonymous_get_in_by_the_resource_alone() -> None:
    service = Principal("logging.s3.amazonaws.com", service=True)
    request = Request(service, "s3:GetObject", f"{BUCKET}/a")
    assert not decide(request, resource=_document(Effect="Deny", Principal="*"))
    assert decide(request, resource=_document(Principal={"Service": "logging.s3.amazonaws.com"}))
    assert not decide(request, resource=_document(Principal={"Service": "cloudtrail.amazonaws.com"}))
    assert not decide(
        Request(Principal(None), "s3:GetObject", f"{BUCKET}/a"), resource=_document(Principal={"AWS": "x"})
    )


@pytest.mark.parametrize(
    ("pattern", "arn", "fits"),
    [
        ("arn:aws:s3:::lake/*", "arn:aws:s3:::lake/a/b", True),
        ("arn:aws:s3:::lake/a/*", "arn:aws:s3:::lake/ab", False),
        ("arn:aws:sqs:*:1:q", "arn:aws:sqs:eu:2:1:q", False),
        ("arn:aws:glue:eu:1:table/raw/*", "arn:aws:glue:eu:1:table/raw/orders", True),
        ("*", "anything", True),
    ],
)
def test_wildcards_stay_within_the_parts_of_an_arn(pattern: str, arn: str, fits: bool) -> None:
    request = Request(ROLE, "s3:GetObject", arn)
    assert bool(decide(request, identity=[_document(Resource=pattern)])) is fits


def test_a_policy_variable_is_the_callers_value() -> None:
    own = {"StringEquals": {"redshift-data:statement-owner-iam-userid": "${aws:userid}"}}
    assert _fits(own, {"aws:userid": "AROA:me", "redshift-data:statement-owner-iam-userid": "AROA:me"})
    assert not _fits(own, {"aws:userid": "AROA:me", "redshift-data:statement-owner-iam-userid": "AROA:other"})
    assert not _fits(own, {"redshift-data:statement-owner-iam-userid": "AROA:other"})


@pytest.mark.parametrize("element", [{"NotPrincipal": {"AWS": "x"}}, {"Condition": {"DateLessThan": {"k": "1"}}}])
def test_what_is_not_known_is_not_guessed(element: dict[str, Any]) -> None:
    with pytest.raises((NotImplementedError, KeyError)):
        decide(Request(ROLE, "s3:GetObject", f"{BUCKET}/a", {"k": "1"}), identity=[_document(**element)])
