"""The capture of changes: only what contracts say, nothing skipped, and a person is told when it stops."""

from __future__ import annotations

import contracts
from tests.graphs.recording import Recording


def _allowed(stack: Recording, role: str) -> dict[str, list[str]]:
    policies = [p for p in stack.of("RolePolicy") if p.inputs["role"] == role]
    return {a: s["Resource"] for p in policies for s in p.json("policy")["Statement"] for a in s["Action"]}


def test_it_reads_with_a_secret_over_verified_tls(data_stack: Recording) -> None:
    source = data_stack.one("cdc-source").inputs
    assert (source["engineName"], source["endpointType"]) == ("postgres", "source")
    assert source["databaseName"] == "shop"
    assert source["secretsManagerArn"].endswith(":database-capture")
    assert source["secretsManagerAccessRoleArn"].endswith(":access-migration")
    # With a secret, DMS takes none of these.
    assert not source.keys() & {"password", "username", "serverName", "port"}
    assert source["sslMode"] == "verify-full"
    assert source["certificateArn"].endswith(":cdc-certificate")
    certificate = data_stack.one("cdc-certificate").inputs["certificatePem"]  # a secret for the SDK
    assert certificate["value"].startswith("-----BEGIN CERTIFICATE-----")
    assert "database-user-made" in data_stack.one("cdc-source").depends_on


def test_an_idle_database_does_not_hold_back_log(prod: Recording) -> None:
    postgres = prod.one("cdc-source").inputs["postgresSettings"]
    assert (postgres["heartbeatEnable"], postgres["heartbeatFrequency"]) == (True, 5)
    assert postgres["heartbeatSchema"] == "dms"
    assert postgres["pluginName"] == "test-decoding"
    assert postgres["captureDdls"] is False
    assert postgres["failTasksOnLobTruncation"] is True


def test_it_writes_parquet_with_operation_and_time_below_its_own_folder(data_stack: Recording) -> None:
    target = data_stack.one("cdc-target").inputs
    environment = target["tags"]["Environment"]
    assert target["bucketName"] == f"novaretail-{environment}-datalake-raw"
    assert (target["dataFormat"], target["includeOpForFullLoad"]) == ("parquet", True)
    assert target["timestampColumnName"] == "cdc_timestamp"
    # Rows of the load are older than every change, whenever they were written.
    assert target["useTaskStartTimeForFullLoadTimestamp"] is True
    assert target["datePartitionEnabled"] is False
    assert target["encryptionMode"] == "SSE_KMS"
    assert target["serverSideEncryptionKmsKeyId"].endswith(":keys-lake")
    assert target["expectedBucketOwner"] == data_stack.one("bridge-provider").inputs["aws"]["accountId"]
    allowed = _allowed(data_stack, "access-migration")
    assert allowed["s3:PutObject"] == ["arn:aws:s3:eu-west-1:000000000000:lake-raw/cdc/*"]
    assert {table.raw_table.prefix.split("/")[0] for table in contracts.load().source_tables} == {"cdc"}
    assert allowed["secretsmanager:GetSecretValue"] == [
        "arn:aws:secretsmanager:eu-west-1:000000000000:database-capture"
    ]


def test_the_endpoints_wait_for_what_their_role_may_do(data_stack: Recording) -> None:
    granted = {"lake-capture-migration", "database-capture-migration", "database-user-made"}
    for endpoint in ("cdc-source", "cdc-target"):
        assert granted <= set(data_stack.one(endpoint).depends_on)


def test_the_replication_is_of_the_contracts_tables_and_begins_by_itself(data_stack: Recording) -> None:
    replication = data_stack.one("cdc-replication")
    assert replication.json("tableMappings") == contracts.table_mappings(contracts.load())
    assert replication.inputs["replicationType"] == "full-load-and-cdc"
    assert replication.inputs["startReplication"] is True
    compute = replication.inputs["computeConfig"]
    assert compute["minCapacityUnits"] <= compute["maxCapacityUnits"]
    assert compute["kmsKeyId"].endswith(":keys-database")
    assert compute["vpcSecurityGroupIds"] == ["network-migration-id"]
    # DMS takes 31 characters that begin with a letter.
    assert len(replication.inputs["resourceIdentifier"]) <= 31


def test_no_error_of_a_row_is_passed_over(prod: Recording) -> None:
    settings = prod.one("cdc-replication").json("replicationSettings")
    errors = settings["ErrorBehavior"]
    policies = {name: value for name, value in errors.items() if name.endswith("Policy")}
    assert len(policies) == 9
    assert set(policies.values()) == {"STOP_TASK"}
    assert errors["FailOnNoTablesCaptured"] is True
    assert errors["RecoverableErrorCount"] == -1
    # What raw has is history: neither a new load nor an emptied table takes it away.
    assert settings["FullLoadSettings"]["TargetTablePrepMode"] == "DO_NOTHING"
    assert not any(settings["ChangeProcessingDdlHandlingPolicy"].values())
    # DMS's own tables are files in the folder that it may write.
    assert settings["ControlTablesSettings"]["ControlSchema"] == "cdc"
    # The provider refuses these: DMS sets them.
    assert settings["Logging"] == {"EnableLogging": True}


def test_its_log_group_is_the_one_that_dms_writes_to(prod: Recording) -> None:
    group = prod.one("cdc-logs")
    resource_id = prod.one("cdc-replication").inputs["resourceIdentifier"]
    assert group.inputs["name"] == f"dms-serverless-replication-{resource_id}"
    assert group.name in prod.one("cdc-replication").depends_on
    allowed = _allowed(prod, "dms-cloudwatch-logs-role")
    assert allowed["logs:PutLogEvents"][0].endswith("log-group:dms-serverless-replication-*:log-stream:dms-*")


def test_dms_has_its_network_role_before_it_makes_a_subnet_group(data_stack: Recording) -> None:
    assert "cdc-network-migration-network" in data_stack.one("cdc-subnets").depends_on


def test_a_replication_that_stands_still_is_told_though_it_says_nothing(prod: Recording) -> None:
    account = prod.one("bridge-provider").inputs["aws"]["accountId"]
    for alarm in (prod.one("cdc-source-latency"), prod.one("cdc-target-latency")):
        assert alarm.inputs["dimensions"] == {"ReplicationConfigId": f"{account}:ABCD"}
        assert alarm.inputs["treatMissingData"] == "breaching"
        assert alarm.inputs["threshold"] == 15 * 60
    pattern = prod.one("cdc-stopped").json("eventPattern")
    assert pattern["detail-type"] == ["DMS Replication State Change"]
    assert pattern["resources"] == ["arn:aws:dms:eu-west-1:000000000000:replication-config:ABCD"]
    assert "REPLICATION_FAILED" in pattern["detail"]["eventType"]
