"""The organization's stack: accounts, regions, log archive, and what it has not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.settings.given import changed, to


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (to("organization.accounts.prod-core", "nobody"), "an account needs a mail address of at most 64 characters"),
        (
            to("organization.accounts.prod-core", "aws+nonprod-core@novaretail.example"),
            "AWS takes a mail address for one account only",
        ),
        (to("organization.regions", ["us-east-1"]), "customers' data stays in the European Union"),
        (
            to("organization.regions", ["eu-central-1"]),
            "it lacks the region that this stack itself is in (aws:region eu-west-1). Add eu-west-1.",
        ),
        (to("organization.repository", "data-backbone"), "Give the GitHub repository whose pipeline may preview"),
        (
            to("organization.detection.unused_days", 366),
            "less than or equal to 365. Give days after which access that nobody",
        ),
        (to("organization.trail.log_days", 100), "Give days to keep the trail's log group"),
        (to("organization.log_archive.lock_mode", "LEGAL_HOLD"), "input should be 'GOVERNANCE' or 'COMPLIANCE'"),
        (to("organization.log_archive.keep_days", 30), "Give days until a log file is removed, 365 at least"),
        (
            to("organization.log_archive.lock_days", 3000),
            "log_archive.keep_days = 2557: a log file cannot be removed while it is locked (lock_days is 3000). "
            "Give as many days or more.",
        ),
        (
            to("organization.log_archive.cold_days", 2557),
            "log_archive.cold_days = 2557: log files are removed after 2557 days, before they would move. "
            "Give fewer days than keep_days.",
        ),
        (to("alerts.emails", ["nobody"]), "novaretail:alerts.emails[0]"),
        (to("encryption.deletion_days", 3), "Give days before a deleted key is gone, 7 to 30"),
        (lambda raw: raw["organization"]["accounts"].pop("prod-core"), "accounts.prod-core = null: it is missing"),
        (to("organization.accounts.sandbox", "a@b.example"), "there is no such account"),
        (to("network", {}), "an organization stack has no such section"),
        (to("protection.keep_data", False), "data of organization must outlive the program's mistakes"),
    ],
)
def test_an_organization_stack_has_its_own_rules(change: Callable[[dict[str, Any]], object], expected: str) -> None:
    assert any(expected in problem for problem in changed(change, "organization"))
