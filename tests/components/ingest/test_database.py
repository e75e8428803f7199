"""The shop's database: closed, encrypted, open to logical replication; nobody sees its capturing user's password."""

from __future__ import annotations

import pytest
from cryptography import x509

import contracts
import settings
from components.ingest.database import CERTIFICATE_AUTHORITY
from tests.graphs.recording import ROOT, Recording, Registered, record


def _instance(stack: Recording) -> Registered:
    return stack.one("database-instance")


def _parameters(stack: Recording) -> dict[str, tuple[str, str]]:
    (group,) = stack.of("ParameterGroup")
    return {p["name"]: (p["value"], p["applyMethod"]) for p in group.inputs["parameters"]}


def test_nobody_reaches_it_but_the_vpc_and_nobody_without_tls(data_stack: Recording) -> None:
    instance = _instance(data_stack).inputs
    assert instance["publiclyAccessible"] is False
    assert instance["vpcSecurityGroupIds"] == ["network-databases-id"]
    assert _parameters(data_stack)["rds.force_ssl"] == ("1", "immediate")
    (subnets,) = data_stack.of("rds/subnetGroup:SubnetGroup")
    assert len(subnets.inputs["subnetIds"]) == 3
    assert all("databases" in subnet for subnet in subnets.inputs["subnetIds"])


def test_the_password_is_rds_own_and_everything_is_encrypted_with_our_keys(data_stack: Recording) -> None:
    instance = _instance(data_stack).inputs
    assert instance["manageMasterUserPassword"] is True
    assert not instance.keys() & {"password", "passwordWo"}
    assert instance["masterUserSecretKmsKeyId"].endswith(":keys-secrets")
    assert instance["storageEncrypted"] is True
    assert instance["kmsKeyId"].endswith(":keys-database")
    assert instance["performanceInsightsKmsKeyId"].endswith(":keys-database")
    assert data_stack.one("database-capture").inputs["kmsKeyId"].endswith(":keys-secrets")


def test_logical_replication_is_on_and_cannot_fill_the_disk(prod: Recording) -> None:
    parameters = _parameters(prod)
    assert parameters["rds.logical_replication"] == ("1", "pending-reboot")
    assert parameters["max_slot_wal_keep_size"] == (str(50 * 1024), "immediate")
    # DMS takes no timeout below 10 s, and a failover of its own needs less than five minutes.
    assert 10_000 <= int(parameters["wal_sender_timeout"][0]) < 300_000
    (group,) = prod.of("ParameterGroup")
    assert group.inputs["family"] == "postgres" + _instance(prod).inputs["engineVersion"]
    alarm = prod.one("database-held-wal").inputs
    assert (alarm["metricName"], alarm["threshold"]) == ("OldestReplicationSlotLag", 25 * 1024**3)


def test_prod_outlives_a_zone_and_the_program(prod: Recording) -> None:
    instance = _instance(prod)
    assert instance.inputs["multiAz"] is True
    assert instance.inputs["backupRetentionPeriod"] == 35
    assert instance.inputs["deletionProtection"] is True
    assert instance.inputs["skipFinalSnapshot"] is False
    assert instance.inputs["finalSnapshotIdentifier"] == "novaretail-prod-shop-final"
    assert (instance.protect, instance.retain_on_delete) == (True, True)
    small = _instance(record("nonprod")).inputs
    assert small["skipFinalSnapshot"] is True
    assert "finalSnapshotIdentifier" not in small


def test_what_rds_writes_to_is_there_before_it(data_stack: Recording) -> None:
    instance = _instance(data_stack)
    exported = {f"/aws/rds/instance/{instance.inputs['identifier']}/{kind}" for kind in ("postgresql", "upgrade")}
    assert set(instance.inputs["enabledCloudwatchLogsExports"]) == {"postgresql", "upgrade"}
    groups = {group.inputs["name"]: group for group in data_stack.of("LogGroup")}
    for name in exported | {"RDSOSMetrics"}:
        assert groups[name].inputs["kmsKeyId"].endswith(":keys-logs")
        assert groups[name].inputs["retentionInDays"]
        assert groups[name].name in instance.depends_on


def test_no_password_of_the_capturing_user_is_in_the_graph(data_stack: Recording) -> None:
    assert data_stack.of("SecretVersion") == []
    made = data_stack.one("database-user-made")
    event = made.json("input")
    assert not [key for key in event if "password" in key]
    assert event["host"] == "shop.example.eu-west-1.rds.amazonaws.com"
    assert (event["port"], event["database"], event["user"]) == (5432, "shop", "dms")
    assert event["tables"] == ["shop.customers", "shop.products"]
    assert event["statements"] == list(contracts.source_ddl(contracts.load()))
    # A new database has no such user: its id makes the function run again.
    assert made.inputs["triggers"] == {"database": "db-ABCD"}
    assert made.inputs["lifecycleScope"] == "CREATE_ONLY"


def test_the_function_may_read_the_master_password_and_write_one_secret(data_stack: Recording) -> None:
    policy = data_stack.one("database-prepare-capture-user")
    allowed = {a: s["Resource"] for s in policy.json("policy")["Statement"] for a in s["Action"]}
    assert allowed["secretsmanager:GetSecretValue"] == ["arn:aws:secretsmanager:eu-west-1:000000000000:secret:rds!db-1"]
    assert allowed["secretsmanager:PutSecretValue"] == [
        "arn:aws:secretsmanager:eu-west-1:000000000000:database-capture"
    ]
    assert policy.name in data_stack.one("database-user-made").depends_on


def test_the_function_carries_its_handler_and_the_root_certificate(prod: Recording) -> None:
    function = prod.one("database-user-function").inputs
    assert function["handler"] == "capture_user.handler"
    assert function["code"]["assets"] == {
        "capture_user.py": {"path": "etl/functions/capture_user.py"},
        "rds-ca.pem": {"path": f"components/certificates/{CERTIFICATE_AUTHORITY}.eu-west-1.pem"},
    }
    assert function["vpcConfig"]["securityGroupIds"] == ["network-migration-id"]


@pytest.mark.parametrize("region", settings.REGIONS)
def test_every_region_has_its_root_certificate(region: str) -> None:
    file = ROOT / "components" / "certificates" / f"{CERTIFICATE_AUTHORITY}.{region}.pem"
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    assert f"CN=Amazon RDS {region} Root CA RSA2048 G1" in certificate.subject.rfc4514_string()
    assert certificate.subject == certificate.issuer
