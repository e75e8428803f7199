"""The report says the same to machines, on a page and on the terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from local.rehearsal.report import write

REPORT: dict[str, Any] = {
    "stack": "local",
    "engine": {
        "version": "v3.259.0",
        "created": 120,
        "unchanged": 120,
        "live_types": ["aws:s3/bucket:Bucket"],
        "state_only_types": ["aws:ec2/vpc:Vpc"],
    },
    "replay": {"period": "2017-05"},
    "datasets": {
        "orders": {
            "produced": 41234,
            "landed": 41234,
            "accepted": 41000,
            "quarantined": {"json": 34, "currency": 100},
            "duplicates": 100,
            "problems": [],
            "conserved": True,
        }
    },
    "captured": {
        "kinds": {"customer_email": 186, "product_new": 124},
        "tables": {
            "customers": {
                "rows": 2_438,
                "filled": 2_376,
                "committed": 589,
                "loaded": 2_376,
                "files": {"load": 1, "changes": 2},
                "landed": {"I": 93, "U": 465, "D": 31},
                "missing": 0,
                "repeated": 0,
                "out_of_order": 0,
                "unexpected": 0,
                "different": 0,
                "complete": True,
            }
        },
    },
    "bridge": {
        "orders": {
            "produced": 41234,
            "received": 41200,
            "rejected": 34,
            "missing": 0,
            "repeated": 0,
            "out_of_order": 0,
        }
    },
    "exchanges": {
        "orders": {
            "rows": 39_876,
            "snapshot": "7-ab",
            "published": 39_876,
            "files": 1,
            "bytes": 654_321,
            "missing": 0,
            "altered": 0,
            "different": 0,
            "unshared": 0,
            "complete": True,
        }
    },
    "warehouse": {"SELECT 1": [{"sale_date": "2017-05-01", "orders": 412}], "SELECT 2": []},
    "daily_totals": [
        {"sale_date": "2017-05-01", "net_amount_eur": "1234.50"},
        {"sale_date": "2017-05-02", "net_amount_eur": "617.25"},
    ],
    "problems": [],
    "seconds": {"replay": 3.5},
}


def test_the_json_is_the_report(tmp_path: Path) -> None:
    write.write(tmp_path / "report", REPORT)

    assert json.loads((tmp_path / "report" / "report.json").read_text()) == REPORT
    assert {p.name for p in (tmp_path / "report").iterdir()} == {"report.json", "index.html"}


def test_the_page_shows_counts_answers_and_bars(tmp_path: Path) -> None:
    write.write(tmp_path, REPORT)

    page = (tmp_path / "index.html").read_text()
    assert "<td>41,234</td>" in page
    assert "<td>654,321</td>" in page
    assert "Every record is accounted for" in page
    assert 'y="50.0" width="8" height="50.0"><title>2017-05-02: 617.25 EUR' in page
    assert "aws:ec2/vpc:Vpc" in page


def test_the_page_shows_problems_instead_of_the_good_news_and_escapes_them(tmp_path: Path) -> None:
    write.write(tmp_path, {**REPORT, "problems": ["1 <lost>"]})

    page = (tmp_path / "index.html").read_text()
    assert "1 &lt;lost&gt;" in page
    assert "Every record is accounted for" not in page


@pytest.mark.parametrize("expected", ["41,234", "134", "yes", "39,876", "v3.259.0", "2017-05-01", "is accounted for"])
def test_the_terminal_shows_the_same(expected: str) -> None:
    console = Console(record=True, width=140)
    write.show(console, REPORT)

    assert expected in console.export_text()


def test_the_terminal_shows_problems_instead_of_the_good_news() -> None:
    console = Console(record=True, width=140)
    write.show(console, {**REPORT, "problems": ["1 produced but not in raw"]})

    shown = console.export_text()
    assert "PROBLEM: 1 produced but not in raw" in shown
    assert "Every record is accounted for" not in shown
