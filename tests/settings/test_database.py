"""The shop's database: classes, storage, windows, and a zone that it outlives in prod."""

from __future__ import annotations

import pytest

from tests.settings.given import changed, to


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            "database.instance_class",
            "m7g.large",
            'novaretail:database.instance_class = "m7g.large": string should match pattern '
            "'^db\\.(t4g\\.(micro|small|medium|large|xlarge|2xlarge)|[mr][78]g\\.([0-9]*x?large))$'. "
            "Give an instance class such as db.r7g.large or db.t4g.medium.",
        ),
        (
            "database.engine_version",
            "17.4",
            "novaretail:database.engine_version = \"17.4\": input should be '16' or '17'. "
            "Give major version of PostgreSQL on RDS: 16 or 17.",
        ),
        (
            "database.storage_max_gib",
            210,
            "novaretail:database.storage_max_gib = 210: RDS grows storage by a tenth at least, and it begins at 200 "
            "GiB. Give 220 or more.",
        ),
        (
            "database.held_wal_gib",
            101,
            "novaretail:database.held_wal_gib = 101: held-back log must leave half of the disk (200 GiB) to the data. "
            "Lower it, or give more storage.",
        ),
        (
            "database.backup_window",
            "01:00-01:20",
            'novaretail:database.backup_window = "01:00-01:20": a window is half an hour at least. Give a longer one.',
        ),
        (
            "database.maintenance_window",
            "sun:23:30-mon:01:30",
            'novaretail:database.maintenance_window = "sun:23:30-mon:01:30": RDS takes no window that meets the '
            "backup's (01:00-01:45). Give another time of the day.",
        ),
        (
            "database.multi_az",
            False,
            "novaretail:database.multi_az = false: prod's database outlives a zone. Set it to true.",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_value_rule_and_way_out(path: str, value: object, expected: str) -> None:
    assert expected in changed(to(path, value))
