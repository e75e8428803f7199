from __future__ import annotations

from pathlib import Path

import pytest

from local.clouds.aws.glue_arguments import ArgumentError, parse, spark_properties, submit_arguments


def test_one_conf_value_holds_several_properties() -> None:
    conf = (
        "spark.sql.catalog.glue_catalog=org.apache.iceberg.spark.SparkCatalog "
        "--conf spark.driver.extraJavaOptions=-Da=b -Dc=d --conf spark.sql.session.timeZone=UTC"
    )

    assert spark_properties(conf) == {
        "spark.sql.catalog.glue_catalog": "org.apache.iceberg.spark.SparkCatalog",
        "spark.driver.extraJavaOptions": "-Da=b -Dc=d",
        "spark.sql.session.timeZone": "UTC",
    }


def test_a_conf_that_starts_with_the_option_itself_is_read_too() -> None:
    assert spark_properties("--conf a=1 --conf b=2") == {"a": "1", "b": "2"}
    assert spark_properties("") == {}


@pytest.mark.parametrize("conf", ["spark.a", "spark.a=1 --conf spark.b", "=1", "two words=1"])
def test_a_conf_without_name_and_value_is_refused(conf: str) -> None:
    with pytest.raises(ArgumentError, match=r"is not name=value"):
        spark_properties(conf)


def test_the_script_gets_every_argument_but_the_launchers() -> None:
    launch = parse(
        {
            "--dataset": "orders",
            "--enable-metrics": "true",
            "--TempDir": "s3://bucket/tmp/",
            "--datalake-formats": "iceberg",
            "--conf": "spark.a=1",
            "--extra-py-files": "s3://bucket/a.zip, s3://bucket/b.zip",
            "--extra-files": "s3://bucket/contracts.json",
        },
        job_name="curate",
        run_id="jr_1",
    )

    assert launch.script_arguments == (
        *("--JOB_NAME", "curate", "--JOB_RUN_ID", "jr_1", "--dataset", "orders"),
        *("--enable-metrics", "true", "--TempDir", "s3://bucket/tmp/", "--datalake-formats", "iceberg"),
    )
    assert launch.spark == {"spark.a": "1"}
    assert launch.py_files == ("s3://bucket/a.zip", "s3://bucket/b.zip")
    assert launch.files == ("s3://bucket/contracts.json",)
    assert launch.datalake_formats == {"iceberg"}


def test_packages_are_not_installed_while_a_job_runs() -> None:
    with pytest.raises(ArgumentError, match=r"--additional-python-modules=x==1: packages are not installed"):
        parse({"--additional-python-modules": "x==1"}, job_name="curate", run_id="jr_1")


def test_submit_arguments_survive_the_shell_split_of_pyspark() -> None:
    import shlex

    words = shlex.split(submit_arguments({"spark.x": "a b 'c'"}, [Path("/j/a.jar"), Path("/j/b.jar")]))

    assert words == ["--driver-class-path", "/j/a.jar:/j/b.jar", "--conf", "spark.x=a b 'c'", "pyspark-shell"]
