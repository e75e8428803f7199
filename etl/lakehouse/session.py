"""The Spark session of a job: what its results depend on is set here, the rest by the job's --conf."""

from __future__ import annotations

from pyspark.sql import SparkSession

SEMANTICS = {
    # Timestamps are UTC whatever the machine's zone.
    "spark.sql.session.timeZone": "UTC",
    # What does not fit raises: without ANSI mode it would become NULL or wrap around in silence.
    "spark.sql.ansi.enabled": "true",
}


def session() -> SparkSession:
    spark = SparkSession.builder.getOrCreate()
    for name, value in SEMANTICS.items():
        spark.conf.set(name, value)
    return spark
