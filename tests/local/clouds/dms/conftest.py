"""A shop's database that DMS replicates, made by the live types from arguments such as a program gives."""

from __future__ import annotations

import io
import itertools
import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from local.clouds import services
from local.clouds.provider.live import Clients, Live
from local.clouds.provider.types import live_class
from local.clouds.rds import certificates
from local.site import Site

MAPPINGS = {
    "rules": [
        {
            "rule-type": "selection",
            "rule-id": "1",
            "rule-name": "items",
            "rule-action": "include",
            "object-locator": {"schema-name": "shop", "table-name": "items"},
        },
        {
            "rule-type": "transformation",
            "rule-id": "2",
            "rule-name": "folder",
            "rule-action": "rename",
            "rule-target": "schema",
            "object-locator": {"schema-name": "shop"},
            "value": "cdc",
        },
    ]
}
TABLE = """
    CREATE SCHEMA shop;
    CREATE TABLE shop.items (
        id bigint PRIMARY KEY, name varchar(64), price numeric(12,2), sold boolean, code char(4),
        added date, changed timestamp, note text
    );
"""

_NUMBERS = itertools.count()


class Shop:
    """A database and its replication to cdc/items in a bucket, both of that name."""

    def __init__(self, site: Site, folder: Path, name: str) -> None:
        self.name, self.instance = name, dict[str, Any]()
        clients = Clients(site)
        self.site, self.client = site, clients.get
        self._live: Callable[[str], Live] = lambda token: live_class(token)(site, folder, clients)
        self.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        self.replications = self._live("aws:dms/replicationConfig:ReplicationConfig")

    def make_instance(self, **parameters: str) -> dict[str, Any]:
        """An instance whose parameter group has these parameters (`rds.` is added)."""
        self._live("aws:rds/parameterGroup:ParameterGroup").create(
            {
                "name": self.name,
                "family": "postgres17",
                "parameters": [{"name": f"rds.{name}", "value": value} for name, value in parameters.items()],
            }
        )
        arguments = {
            "identifier": self.name,
            "engine": "postgres",
            "engineVersion": "17.6",
            "instanceClass": "db.t4g.micro",
            "allocatedStorage": 20,
            "dbName": self.name,
            "username": f"admin_{self.name}",
            "manageMasterUserPassword": True,
            "parameterGroupName": self.name,
        }
        self.instances = self._live("aws:rds/instance:Instance")
        id, computed = self.instances.create(arguments)
        self.instance = {"id": id, **arguments, **computed}
        secret = self.client("secretsmanager").get_secret_value(SecretId=computed["masterUserSecrets"][0]["secretArn"])
        self.master = json.loads(secret["SecretString"])
        return self.instance

    def replicate(self, ssl_mode: str = "verify-full", **settings: Any) -> str:
        """Starts a replication of shop.items, with these settings of the S3 endpoint; gives its ARN."""
        reach = {"host": self.instance["address"], "port": self.instance["port"]}
        secret, _ = self._live("aws:secretsmanager/secret:Secret").create({"name": self.name})
        self._live("aws:secretsmanager/secretVersion:SecretVersion").create(
            {"secretId": secret, "secretString": json.dumps({**self.master, **reach})}
        )
        _, source = self._live("aws:dms/endpoint:Endpoint").create(
            {
                "endpointId": f"{self.name}-source",
                "endpointType": "source",
                "engineName": "postgres",
                "databaseName": self.name,
                "secretsManagerArn": secret,
                "secretsManagerAccessRoleArn": "arn:aws:iam::123456789012:role/dms",
                "postgresSettings": {"mapBooleanAsBoolean": True, "pluginName": "test-decoding"},
                "sslMode": ssl_mode,
            }
        )
        _, target = self._live("aws:dms/s3Endpoint:S3Endpoint").create(
            {
                "endpointId": f"{self.name}-target",
                "endpointType": "target",
                "bucketName": self.name,
                "dataFormat": "parquet",
                "includeOpForFullLoad": True,
                "timestampColumnName": "committed",
                "cdcMaxBatchInterval": 1,
                "serviceAccessRoleArn": "arn:aws:iam::123456789012:role/dms",
                **settings,
            }
        )
        self.arguments = {
            "replicationConfigIdentifier": self.name,
            "replicationType": "full-load-and-cdc",
            "sourceEndpointArn": source["endpointArn"],
            "targetEndpointArn": target["endpointArn"],
            "tableMappings": json.dumps(MAPPINGS),
            "computeConfig": {"replicationSubnetGroupId": "shop", "maxCapacityUnits": 1},
            "startReplication": True,
        }
        self.arn, _ = self.replications.create(self.arguments)
        return self.arn

    def connect(self) -> Any:
        master = self.master
        connection = psycopg2.connect(
            host=self.instance["address"],
            port=self.instance["port"],
            dbname=self.name,
            user=master["username"],
            password=master["password"],
            sslmode="verify-full",
            sslrootcert=certificates.root_file(self.site),
        )
        connection.autocommit = True
        return connection

    def run(self, *statements: str) -> None:
        """Each in a transaction of its own."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def rows(self, columns: str = "*") -> list[tuple[Any, ...]]:
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT {columns} FROM shop.items ORDER BY id")
            return list(cursor.fetchall())

    def files(self) -> dict[str, pa.Table]:
        """The table's files in the order of their names."""
        while True:
            try:
                return self._files()
            except ClientError as error:  # a truncate removes files between their listing and their reading
                if error.response["Error"]["Code"] != "NoSuchKey":
                    raise

    def _files(self) -> dict[str, pa.Table]:
        s3 = self.client("s3")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        keys = sorted(item["Key"] for page in pages for item in page.get("Contents", []))
        body = {key: s3.get_object(Bucket=self.name, Key=key)["Body"].read() for key in keys}
        # digits come before letters, but the load comes before the changes
        order = sorted(body, key=lambda key: ("LOAD" not in key, key))
        return {key: pq.read_table(io.BytesIO(body[key])) for key in order}

    def landed(self) -> list[dict[str, Any]]:
        """All rows of the files, in their order."""
        return [row for file in self.files().values() for row in file.to_pylist()]

    def rebuilt(self, columns: Iterable[str]) -> list[tuple[Any, ...]]:
        """The table as the files have it: of each key the last row, unless that is a delete."""
        last = {row["id"]: row for row in self.landed()}
        return [tuple(row[c] for c in columns) for _, row in sorted(last.items()) if row["Op"] != "D"]

    def wait(self, done: Callable[[], bool], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < deadline, f"not within {seconds} s; DMS says {self.described()}"
            time.sleep(0.1)

    def described(self) -> dict[str, Any]:
        return self.client("dms").describe_replications(Filters=self._filter())["Replications"][0]

    def _filter(self) -> list[dict[str, Any]]:
        return [{"Name": "replication-config-id", "Values": [self.name]}]

    def remove(self) -> None:
        configs = self.client("dms").describe_replication_configs()["ReplicationConfigs"]
        for config in configs:
            if config["ReplicationConfigIdentifier"] == self.name:
                self.replications.delete(config["ReplicationConfigArn"], {})
        if self.instance:
            self.instances.delete(self.instance["id"], self.instance)

    def statistics(self) -> dict[str, Any]:
        arn = self.described()["ReplicationConfigArn"]
        answer = self.client("dms").describe_replication_table_statistics(ReplicationConfigArn=arn)
        (table,) = answer["ReplicationTableStatistics"]
        return table


@pytest.fixture
def shop(shared_site: Site, tmp_path: Path) -> Iterator[Shop]:
    """Instance and replication are the test's to make; what it made is removed."""
    services.start(shared_site, "aws")
    made = Shop(shared_site, tmp_path, f"shop{next(_NUMBERS)}")
    yield made
    made.remove()


@pytest.fixture
def replicated(shop: Shop) -> Shop:
    """Three items, loaded, and their changes followed."""
    shop.make_instance(logical_replication="1")
    shop.run(
        TABLE,
        "INSERT INTO shop.items VALUES (1, 'apple', 1.10, true, 'ab', '2017-05-01', '2017-05-01 10:00:00.123456', 'n'),"
        " (2, 'pear', NULL, false, NULL, NULL, NULL, NULL), (3, 'plum', 3, NULL, 'abcd', NULL, NULL, NULL)",
    )
    shop.replicate()
    return shop
