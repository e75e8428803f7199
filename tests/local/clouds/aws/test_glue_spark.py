from __future__ import annotations

import pytest

from local.site import Site
from tests.local.clouds.aws.running import bucket, client
from tests.local.clouds.aws.test_glue_jobs import ended

CONF = " --conf ".join(
    f"{name}={value}"
    for name, value in {
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.catalog.glue_catalog": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.glue_catalog.catalog-impl": "org.apache.iceberg.aws.glue.GlueCatalog",
        "spark.sql.catalog.glue_catalog.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        "spark.sql.catalog.glue_catalog.warehouse": "s3://spark/warehouse",
        "spark.sql.shuffle.partitions": "3",
    }.items()
)
SCRIPT = """
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
spark.sql("CREATE TABLE glue_catalog.spark.numbers (a bigint) USING iceberg LOCATION 's3://spark/numbers'")
spark.range(10).selectExpr("id AS a").writeTo("glue_catalog.spark.numbers").append()
print(spark.table("glue_catalog.spark.numbers").count(), spark.conf.get("spark.sql.shuffle.partitions"))
"""


@pytest.mark.spark
@pytest.mark.parametrize(
    ("formats", "state", "told"), [("iceberg", "SUCCEEDED", "10 3"), ("", "FAILED", "iceberg")], ids=["with", "without"]
)
def test_a_job_has_iceberg_if_it_asks_for_it(site: Site, formats: str, state: str, told: str) -> None:
    glue, name = client(site, "glue"), f"spark-{formats or 'plain'}"
    client(site, "s3").put_object(Bucket=bucket(site, "spark"), Key="job.py", Body=SCRIPT.encode())
    if formats:
        glue.create_database(DatabaseInput={"Name": "spark"})
    arguments = {"--conf": CONF, **({"--datalake-formats": formats} if formats else {})}
    glue.create_job(
        Name=name,
        Role="r",
        Command={"Name": "glueetl", "ScriptLocation": "s3://spark/job.py"},
        DefaultArguments=arguments,
    )

    run = ended(site, name, glue.start_job_run(JobName=name)["JobRunId"])

    assert run["JobRunState"] == state, run
    printed = (site.state / "glue" / name / run["Id"] / "stdout.log").read_text().strip()
    assert told in (run["ErrorMessage"] if state == "FAILED" else printed)
