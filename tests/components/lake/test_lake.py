"""Buckets, their logs and events, and grants by table; who gets into them is in tests/policy."""

from __future__ import annotations

import json

import contracts
from components.lake.lake import ZONES
from tests.graphs.recording import Recording


def _objects(recording: Recording, role: str) -> dict[str, set[str]]:
    """Action -> object patterns that the lake's policies of a role allow."""
    allowed: dict[str, set[str]] = {}
    for policy in recording.of("RolePolicy"):
        if policy.inputs["role"] == role and policy.parent == "lake":
            for statement in policy.json("policy")["Statement"]:
                for action in statement["Action"]:
                    if action.startswith("s3:") and statement["Resource"][0].endswith("/*"):
                        allowed.setdefault(action, set()).update(statement["Resource"])
    return allowed


def _pattern(bucket: str, prefix: str) -> str:
    return f"arn:aws:s3:eu-west-1:000000000000:lake-{bucket}/{prefix}/*"


def test_there_is_a_bucket_a_zone_with_the_name_that_others_refer_to(data_stack: Recording) -> None:
    environment = data_stack.one("lake-raw").inputs["tags"]["Environment"]
    assert {b.inputs["bucket"] for b in data_stack.of("s3/bucket:Bucket") if b.parent == "lake"} == {
        f"novaretail-{environment}-datalake-{zone}" for zone in ("raw", "curated", "analytics")
    }


def test_versions_are_kept_and_no_live_file_is_expired_by_its_age(prod: Recording) -> None:
    versioning = prod.of("BucketVersioning")
    assert {v.inputs["bucket"] for v in versioning} == {b.inputs["bucket"] for b in prod.of("s3/bucket:Bucket")}
    assert [v.name for v in versioning if v.inputs["versioningConfiguration"] != {"status": "Enabled"}] == []
    for lifecycle in (prod.one(f"lake-{zone}-lifecycle") for zone in ZONES):
        for rule in lifecycle.inputs["rules"]:
            assert set(rule.get("expiration", {})) <= {"expiredObjectDeleteMarker"}, rule["id"]


def test_raw_is_tiered_where_the_settings_say_so_and_stays_readable_at_once(prod: Recording, local: Recording) -> None:
    for zone in ZONES:
        tables = [r for r in prod.one(f"lake-{zone}-lifecycle").inputs["rules"] if "noncurrentVersionExpiration" in r]
        moved = [{"days": 90, "storageClass": "INTELLIGENT_TIERING"}] if zone == "raw" else None
        assert tables
        assert [r["id"] for r in tables if r.get("transitions") != moved] == []
        assert "INTELLIGENT" not in json.dumps(local.one(f"lake-{zone}-lifecycle").inputs)


def test_every_request_to_a_bucket_is_logged_by_day_and_logs_go_with_time(data_stack: Recording) -> None:
    logs = data_stack.one("access-logs-bucket").inputs["bucket"]
    logged = {log.inputs["bucket"]: log.inputs for log in data_stack.of("BucketLogging")}
    assert logged.keys() == {b.inputs["bucket"] for b in data_stack.of("s3/bucket:Bucket")} - {logs}
    for inputs in logged.values():
        assert inputs["targetBucket"] == logs
        assert inputs["targetObjectKeyFormat"] == {"partitionedPrefix": {"partitionDateSource": "EventTime"}}
    (rule,) = data_stack.one("access-logs-bucket-lifecycle").inputs["rules"]
    assert rule["expiration"]["days"] >= 1


def test_the_lakes_buckets_tell_eventbridge_what_happens_in_them(data_stack: Recording) -> None:
    events = {n.inputs["bucket"]: n.inputs["eventbridge"] for n in data_stack.of("BucketNotification")}
    assert events == {data_stack.one(f"lake-{zone}").inputs["bucket"]: True for zone in ZONES}


def test_objects_are_used_by_the_networks_own_s3_endpoints(data_stack: Recording) -> None:
    endpoints = {f"{e.name}-id" for e in data_stack.of("VpcEndpoint") if e.inputs["serviceName"].endswith(".s3")}
    for zone in ZONES:
        conditions = [s["Condition"] for s in data_stack.one(f"lake-{zone}-policy").json("policy")["Statement"]]
        named = [c["StringNotEqualsIfExists"]["aws:SourceVpce"] for c in conditions if "ArnNotLikeIfExists" in c]
        assert [set(n) for n in named] == [endpoints]


def test_no_dropped_row_outlives_its_contract(data_stack: Recording) -> None:
    retention = {table.full_name: table.retention_days for table in contracts.load().tables}
    seen = {}
    for zone in ZONES:
        for rule in data_stack.one(f"lake-{zone}-lifecycle").inputs["rules"]:
            if "noncurrentVersionExpiration" in rule:
                seen[rule["id"]] = rule["noncurrentVersionExpiration"]["noncurrentDays"]
    # Snapshots hold rows of tables: a removed one is gone with the day, long before any row would have to be.
    assert seen.pop("exchange") == 1
    assert seen.keys() == retention.keys()
    assert all(days <= retention[table] for table, days in seen.items())


def test_the_exchange_rates_are_uploaded_where_the_job_reads_them(prod: Recording) -> None:
    rates = prod.one("lake-exchange-rates").inputs
    assert rates["source"] == {"path": "contracts/reference/exchange_rates.csv"}
    assert rates["key"] == "reference/exchange_rates/exchange_rates.csv", "curate may read this folder"
    uri = prod.one("processing-curate").inputs["defaultArguments"]["--exchange_rates"]
    assert uri == f"s3://{rates['bucket']}/{rates['key']}"


def test_a_connector_writes_the_prefix_of_its_topic_and_nothing_else(data_stack: Recording) -> None:
    allowed = _objects(data_stack, "access-orders-to-lake")
    assert set().union(*allowed.values()) == {_pattern("raw", "orders")}
    assert {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"} <= allowed.keys()


def test_curate_reads_raw_and_writes_curated(data_stack: Recording) -> None:
    allowed = _objects(data_stack, "access-curate")
    curated = {t.prefix for t in contracts.load().tables if t.zone == "curated"}
    assert allowed["s3:PutObject"] == {_pattern("curated", prefix) for prefix in curated}
    raw = {_pattern("raw", "orders"), _pattern("raw", "reference")}
    assert allowed["s3:GetObject"] == allowed["s3:PutObject"] | raw


def test_the_warehouse_reads_everything_but_raw_and_writes_nothing(data_stack: Recording) -> None:
    allowed = _objects(data_stack, "access-warehouse")
    assert allowed.keys() == {"s3:GetObject"}
    assert not [pattern for pattern in allowed["s3:GetObject"] if "lake-raw" in pattern]


def test_build_mart_reads_curated_and_writes_marts_and_the_ledger(data_stack: Recording) -> None:
    allowed = _objects(data_stack, "access-build-mart")
    assert allowed["s3:PutObject"] == {_pattern("analytics", "daily_sales"), _pattern("curated", "operations/ledger")}
    read = {_pattern("curated", "orders"), _pattern("curated", "order_lines")}
    assert allowed["s3:GetObject"] == allowed["s3:PutObject"] | read


def test_publish_reads_what_is_shared_and_writes_its_snapshots_and_the_ledger(data_stack: Recording) -> None:
    allowed = _objects(data_stack, "access-publish")
    shared = contracts.load().exchanges
    assert shared
    snapshots = {_pattern("analytics", f"exchange/{exchange.name}") for exchange in shared}
    assert allowed["s3:PutObject"] == snapshots | {_pattern("curated", "operations/ledger")}
    tables = {_pattern(exchange.table.zone, exchange.table.prefix) for exchange in shared}
    assert allowed["s3:GetObject"] == allowed["s3:PutObject"] | tables


def test_a_grant_lists_only_its_own_folders_and_uses_the_key_through_s3_only(data_stack: Recording) -> None:
    grants = [p for p in data_stack.of("RolePolicy") if p.parent == "lake"]
    assert grants
    for policy in grants:
        for statement in policy.json("policy")["Statement"]:
            if "s3:ListBucket" in statement["Action"]:
                # DMS looks whether the bucket is there before it names its folder.
                like = "StringLikeIfExists" if policy.name == "lake-capture-migration" else "StringLike"
                assert statement["Condition"][like]["s3:prefix"], policy.name
            if any(action.startswith("kms:") for action in statement["Action"]):
                via = {"StringEquals": {"kms:ViaService": ["s3.eu-west-1.amazonaws.com"]}}
                assert statement["Condition"] == via, policy.name
                assert "*" not in json.dumps(statement["Resource"])
