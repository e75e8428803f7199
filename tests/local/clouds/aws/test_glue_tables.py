from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from local.site import Site
from tests.local.clouds.aws.running import client


@pytest.fixture(scope="module")
def database(site: Site) -> str:
    client(site, "glue").create_database(DatabaseInput={"Name": "locks"})
    return "locks"


def test_an_update_with_a_stale_version_is_refused(site: Site, database: str) -> None:
    glue = client(site, "glue")
    glue.create_table(DatabaseName=database, TableInput={"Name": "stale", "Parameters": {"commit": "0"}})
    version = glue.get_table(DatabaseName=database, Name="stale")["Table"]["VersionId"]
    glue.update_table(
        DatabaseName=database, TableInput={"Name": "stale", "Parameters": {"commit": "1"}}, VersionId=version
    )

    with pytest.raises(glue.exceptions.ConcurrentModificationException, match=r"locks\.stale is at version 2"):
        glue.update_table(
            DatabaseName=database, TableInput={"Name": "stale", "Parameters": {"commit": "2"}}, VersionId=version
        )

    assert glue.get_table(DatabaseName=database, Name="stale")["Table"]["Parameters"] == {"commit": "1"}


def test_of_many_commits_at_once_on_one_version_exactly_one_wins(site: Site, database: str) -> None:
    glue = client(site, "glue")
    glue.create_table(DatabaseName=database, TableInput={"Name": "race"})
    version = glue.get_table(DatabaseName=database, Name="race")["Table"]["VersionId"]

    def commit(number: int) -> bool:
        try:
            glue.update_table(
                DatabaseName=database,
                TableInput={"Name": "race", "Parameters": {"commit": str(number)}},
                VersionId=version,
            )
        except glue.exceptions.ConcurrentModificationException:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = [number for number, done in enumerate(pool.map(commit, range(24))) if done]

    assert len(won) == 1
    assert glue.get_table(DatabaseName=database, Name="race")["Table"]["Parameters"] == {"commit": str(won[0])}


def test_an_update_without_a_version_is_taken_as_aws_takes_it(site: Site, database: str) -> None:
    glue = client(site, "glue")
    glue.create_table(DatabaseName=database, TableInput={"Name": "free"})

    glue.update_table(DatabaseName=database, TableInput={"Name": "free", "Parameters": {"a": "b"}})

    assert glue.get_table(DatabaseName=database, Name="free")["Table"]["Parameters"] == {"a": "b"}
