"""A plan of the engine is classed as a change of the graph is: what loses data, what is made anew, what opens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from delivery.changes import Change
from delivery.values import FILES, MARK, UNKNOWN

from .plans import BUCKET, FUNCTION, POLICY, STEPS, grant, step, urn, written


def only(folder: Path, *steps: dict[str, Any]) -> Change:
    (change,) = written(folder, list(steps)).changes
    return change


def test_the_worst_comes_first_and_what_stays_is_counted(tmp_path: Path) -> None:
    plan = written(tmp_path, STEPS)

    assert [(change.kind, change.resource.split()[1]) for change in plan.changes] == [
        ("data-losing", "raw"),
        ("replacing", "sender"),
        ("safe", "read"),
        ("safe", "loader"),
    ]
    assert plan.unchanged == 1
    assert plan.problems == ()


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        (step("delete", BUCKET, "raw", {}), "data-losing", "is gone"),
        (step("delete", BUCKET, "raw", {}, _retainOnDelete=True), "data-losing", "stays in the account"),
        (step("delete", FUNCTION, "loader", {}), "safe", "is gone"),
        (step("delete", FUNCTION, "loader", {}, _protect=True), "data-losing", "is gone"),
        (step("create", FUNCTION, "loader", new={}), "safe", "is new"),
        (step("import", FUNCTION, "loader", new={}), "safe", "is taken over"),
        (step("replace", FUNCTION, "loader", {}, {}), "replacing", "is made anew"),
    ],
)
def test_what_happens_to_a_resource_has_its_class(tmp_path: Path, given: dict[str, Any], kind: str, said: str) -> None:
    change = only(tmp_path, given)

    assert change.kind == kind
    assert said in change.what


def test_an_argument_that_a_cloud_has_yet_to_say_is_named_as_such(tmp_path: Path) -> None:
    change = only(
        tmp_path,
        step("replace", FUNCTION, "loader", {"role": "a"}, {"role": UNKNOWN}, replaceReasons=["role"]),
    )

    assert change.what == 'role: "a" -> "(known after the update)"'


def test_a_protection_that_goes_is_told_although_nothing_else_changes(tmp_path: Path) -> None:
    given = step("same", BUCKET, "raw", {"bucket": "raw"}, {"bucket": "raw"})
    given["oldState"]["protect"] = True

    assert only(tmp_path, given).what == "loses protect"


def test_wider_access_needs_a_second_reader_and_less_of_it_does_not(tmp_path: Path) -> None:
    narrow, wide = grant("s3:GetObject"), grant("s3:GetObject", "s3:PutObject")

    wider = only(tmp_path, step("update", POLICY, "read", narrow, wide, diffReasons=["policy"]))
    assert "it allows more: s3:PutObject on arn:aws:s3:::raw/*" in wider.second_reader
    assert only(tmp_path, step("update", POLICY, "read", wide, narrow, diffReasons=["policy"])).second_reader == ""
    new = only(tmp_path, step("create", POLICY, "read", new=narrow))
    assert "s3:GetObject" in new.second_reader


def test_no_secret_gets_into_a_change(tmp_path: Path) -> None:
    hidden = [{MARK: "1b47061264138c4ac30d75fd1eb44270", "plaintext": text} for text in ("hunter2", "hunter3")]

    change = only(tmp_path, step("update", FUNCTION, "loader", {"key": hidden[0]}, {"key": hidden[1]}))

    assert "hunter" not in change.what


def test_code_that_changes_is_told_by_its_path_and_hash(tmp_path: Path) -> None:
    old, new = ({MARK: sorted(FILES)[0], "path": "etl", "hash": digest} for digest in ("aa", "bb"))

    change = only(tmp_path, step("update", FUNCTION, "loader", {"code": old}, {"code": new}))

    assert change.what == 'code: {"hash": "aa", "path": "etl"} -> {"hash": "bb", "path": "etl"}'


def test_the_role_of_whoever_looks_is_no_change_of_a_provider(tmp_path: Path) -> None:
    provider = "pulumi:providers:aws"
    given = step("update", provider, "account", {"assumeRoles": "deploy"}, {"assumeRoles": "preview"})
    given["urn"] = f"urn:pulumi:prod::novaretail::{provider}::account"

    assert written(tmp_path, [given]).changes == ()


def test_a_refresh_tells_what_is_there_by_the_outputs(tmp_path: Path) -> None:
    found = step("update", BUCKET, "raw", {}, {}, diffReasons=["tags"])
    found["oldState"]["outputs"], found["newState"]["outputs"] = {"tags": {"zone": "raw"}}, {"tags": {"zone": "hand"}}
    looked = {"op": "refresh", "urn": urn(FUNCTION, "loader"), "oldState": {"inputs": {}}, "newState": {"inputs": {}}}

    plan = written(tmp_path, [looked, found])
    assert [change.what for change in plan.changes] == ['tags: {"zone": "raw"} -> {"zone": "hand"}']
    assert plan.unchanged == 1


def test_a_rule_of_the_policy_pack_and_an_error_of_the_program_are_problems(tmp_path: Path) -> None:
    rule = {
        "policyEvent": {
            "resourceUrn": urn(BUCKET, "raw"),
            "message": "it holds data: give it the options of Place.stateful",
            "policyName": "protected",
            "enforcementLevel": "mandatory",
        }
    }
    error = {"diagnosticEvent": {"severity": "error", "message": "novaretail:lake.days is missing"}}
    warning = {"diagnosticEvent": {"severity": "warning", "message": "never mind"}}

    problems = written(tmp_path, STEPS, [rule, error, warning]).problems

    assert len(problems) == 2
    assert "protected: it holds data" in problems[0]
    assert "'raw'" in problems[0]
    assert problems[1] == "novaretail:lake.days is missing"


def test_a_run_that_left_nothing_is_a_problem_and_not_a_plan_without_changes(tmp_path: Path) -> None:
    (tmp_path / "prod.json").write_text("")

    assert written(tmp_path, []).problems == ("the engine ended without a plan; see the job's log",)
