"""One Spark for the tests of pure functions, one lake for those that run the jobs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from etl.lakehouse.session import session
from local.site import ROOT, Site
from tests import ports
from tests.etl.lake import SPARK_LOCAL, Lake, Session, open_session, serve


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """Spark without Iceberg or any catalog: functions from DataFrame to DataFrame need none."""
    before = dict(os.environ)
    os.environ.update(
        JAVA_HOME=str(Site.current().java_home),
        PYSPARK_PYTHON=sys.executable,
        PYTHONPATH=str(ROOT),
        SPARK_LOCAL_IP="127.0.0.1",
    )
    builder = SparkSession.builder
    for name, value in SPARK_LOCAL.items():
        builder = builder.config(name, value)
    builder.getOrCreate()
    yield session()
    session().stop()
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A lake for the jobs of one test module; its tests call `reset`."""
    before = dict(os.environ)
    site = Site(tmp_path_factory.mktemp("lake") / "site", ports.free_block())
    site.activate()
    with serve(site):
        served = Lake(site, site.state / "run")
        served.pack()
        yield served
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="module")
def jobs(lake: Lake) -> Iterator[Session]:
    """The jobs, in a Spark session that the tests of a module share."""
    with open_session(lake) as session:
        yield session
