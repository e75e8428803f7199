"""Every wrong setting is named with its value, its rule and the way out, all of them at once."""

from __future__ import annotations

import ast
import copy
import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import settings
from settings import reading

ROOT = Path(settings.__file__).parents[1]
STACKS = ("organization", "prod", "nonprod", "local")


def _raw(stack: str) -> dict[str, Any]:
    config = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    return {key.removeprefix("novaretail:"): value for key, value in config.items()}


def _problems(raw: dict[str, Any], stack: str = "prod") -> list[str]:
    with pytest.raises(settings.SettingsError) as caught:
        reading.parse(raw, stack)
    return [str(problem) for problem in caught.value.problems]


def _changed(change: Callable[[dict[str, Any]], object], stack: str = "prod") -> list[str]:
    raw = copy.deepcopy(_raw(stack))
    change(raw)
    return _problems(raw, stack)


def _set(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(raw: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        for parent in parents:
            raw = raw[parent]
        raw[last] = value

    return change


@pytest.mark.parametrize("stack", STACKS)
def test_the_committed_stack_files_are_right(stack: str) -> None:
    config = reading.parse(_raw(stack), stack)
    assert config.environment == stack
    assert isinstance(config, settings.OrganizationStack) == (stack == "organization")


def test_structured_values_may_come_as_the_json_text_that_pulumi_hands_over() -> None:
    raw = {key: value if isinstance(value, str) else json.dumps(value) for key, value in _raw("prod").items()}
    assert reading.parse(raw, "prod") == reading.parse(_raw("prod"), "prod")


def test_accounts_networks_and_environments_are_not_shared_between_stacks() -> None:
    parsed = [reading.parse(_raw(stack), stack) for stack in STACKS]
    assert len({config.account for config in parsed}) == len(STACKS)
    networks = [config.network.cidr for config in parsed if isinstance(config, settings.DataStack)]
    assert not any(a.overlaps(b) for a in networks for b in networks if a is not b)
    numbers = [config.network.transit_asn for config in parsed if isinstance(config, settings.DataStack)]
    assert len(set(numbers)) == len(numbers)


def _plan(stack: str) -> settings.AddressPlan:
    config = reading.parse(_raw(stack), stack)
    assert isinstance(config, settings.DataStack)
    assert config.links
    return settings.AddressPlan(config.network, config.links)


def test_no_range_or_number_of_a_plan_is_in_another_environments() -> None:
    plans = [_plan(stack) for stack in STACKS if stack != "organization"]
    ranges = [(stack, block) for stack, plan in enumerate(plans) for block in plan.ranges().values()]
    assert [(a, b) for i, a in ranges for j, b in ranges if i < j and a.overlaps(b)] == []
    numbers = [number for plan in plans for number in plan.numbers().values()]
    assert len(set(numbers)) == len(numbers) == 9


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            "streaming.brokers",
            "3",
            'novaretail:streaming.brokers = "3": input should be a valid integer. '
            "Give number of brokers, 1 to 15; a multiple of the zones.",
        ),
        (
            "streaming.brokers",
            0,
            "novaretail:streaming.brokers = 0: input should be greater than or equal to 1. "
            "Give number of brokers, 1 to 15; a multiple of the zones.",
        ),
        (
            "streaming.broker",
            3,
            "novaretail:streaming.broker = 3: there is no such setting. Did you mean `brokers`?",
        ),
        (
            "streaming.nonsense",
            1,
            "novaretail:streaming.nonsense = 1: there is no such setting. Known are kafka_version, instance_type, "
            "brokers, storage_gib, storage_max_gib, authentication, replication_factor, min_insync_replicas, "
            "retention, log_days.",
        ),
        (
            "streming",
            {},
            "novaretail:streming = {}: there is no such setting. Did you mean `streaming`?",
        ),
        (
            "streaming.replication_factor",
            4,
            "novaretail:streaming.replication_factor = 4: input should be less than or equal to 3. "
            "Give copies of a partition, 1 to 3.",
        ),
        (
            "streaming.authentication",
            "none",
            'novaretail:streaming.authentication = "none": only the local platform may leave its clients '
            "unauthenticated. Set it to iam.",
        ),
        (
            "streaming.retention",
            "forever",
            'novaretail:streaming.retention = "forever": only the local platform may keep records for ever: brokers\' '
            "disks would fill. Set it to contract.",
        ),
        (
            "streaming.brokers",
            4,
            "novaretail:streaming.brokers = 4: brokers are spread evenly over the 3 zones. Take a multiple of 3.",
        ),
        (
            "streaming.min_insync_replicas",
            3,
            "novaretail:streaming.min_insync_replicas = 3: with 3 copies, 3 in sync stop every writer. "
            "Keep it one below the replication factor, so that a broker may be restarted.",
        ),
        (
            "streaming.min_insync_replicas",
            1,
            "novaretail:streaming.min_insync_replicas = 1: a record on one broker alone is lost with it. Set it to 2.",
        ),
        (
            "streaming.storage_max_gib",
            10,
            "novaretail:streaming.storage_max_gib = 10: storage begins at 500 GiB. Give the same or more.",
        ),
        (
            "streaming.kafka_version",
            "2.8.1",
            'novaretail:streaming.kafka_version = "2.8.1": string should match pattern '
            "'^(3\\.(8|9)\\.x|3\\.9\\.x\\.kraft|4\\.[01]\\.x\\.kraft)$'. "
            "Give a version of MSK that has topic operations, such as 3.9.x.kraft.",
        ),
        (
            "streaming.log_days",
            91,
            "novaretail:streaming.log_days = 91: input should be 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, "
            "545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653. "
            "Give days to keep broker logs, one of CloudWatch's retentions.",
        ),
        (
            "network.cidr",
            "10.0.0.0/8",
            'novaretail:network.cidr = "10.0.0.0/8": the VPC must be a private block of /16 to /24. '
            "Take one of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16.",
        ),
        (
            "network.cidr",
            "10.20.1.0/16",
            'novaretail:network.cidr = "10.20.1.0/16": 10.20.1.0/16 has host bits set. '
            "Give a private block of /16 to /24, such as 10.20.0.0/16.",
        ),
        (
            "network.subnets.streaming",
            ["10.20.64.0/24", "10.20.64.0/25", "10.20.66.0/24"],
            'novaretail:network.subnets.streaming[1] = "10.20.64.0/25": it overlaps subnets.streaming[0] '
            "(10.20.64.0/24). Give each subnet a block of its own.",
        ),
        (
            "network.subnets.streaming",
            ["10.99.64.0/24", "10.20.65.0/24", "10.20.66.0/24"],
            'novaretail:network.subnets.streaming[0] = "10.99.64.0/24": it is not inside the VPC 10.20.0.0/16. '
            "Take a block of the VPC.",
        ),
        (
            "network.subnets.streaming",
            ["10.20.64.0/24", "10.20.65.0/24"],
            'novaretail:network.subnets.streaming = ["10.20.64.0/24", "10.20.65.0/24"]: there are 3 zones but 2 '
            "blocks. Give one block a zone, in the order of the zones.",
        ),
        (
            "network.subnets.endpoints",
            ["10.20.72.0/28", "10.20.73.0/24", "10.20.74.0/24"],
            'novaretail:network.subnets.endpoints[0] = "10.20.72.0/28": a subnet needs /26 or more (the warehouse and '
            "the connectors take an address a unit). Take a larger block.",
        ),
        (
            "network.subnets.databases",
            ["10.20.68.0/27", "10.20.69.0/24", "10.20.70.0/24"],
            'novaretail:network.subnets.databases[0] = "10.20.68.0/27": a subnet needs /26 or more (the warehouse and '
            "the connectors take an address a unit). Take a larger block.",
        ),
        (
            "network.subnets.transit",
            ["10.20.76.0/29", "10.20.76.16/28", "10.20.76.32/28"],
            'novaretail:network.subnets.transit[0] = "10.20.76.0/29": a subnet has /28 at least (VPC quotas). '
            "Take a block of /28.",
        ),
        (
            "network.transit_asn",
            64511,
            "novaretail:network.transit_asn = 64511: a transit gateway has a private AS number that Azure does not "
            "keep for itself. Take one of 64512 to 65514 or of 4200000000 to 4294967294.",
        ),
        (
            "network.transit_asn",
            65515,
            "novaretail:network.transit_asn = 65515: a transit gateway has a private AS number that Azure does not "
            "keep for itself. Take one of 64512 to 65514 or of 4200000000 to 4294967294.",
        ),
        (
            "network.zones",
            ["eu-west-1a", "eu-west-1b", "us-east-1c"],
            'novaretail:network.zones[2] = "us-east-1c": it is no zone of eu-west-1. Name it such as eu-west-1a.',
        ),
        (
            "network.zones",
            ["eu-west-1a", "eu-west-1b", "eu-west-1b"],
            'novaretail:network.zones = ["eu-west-1a", "eu-west-1b", "eu-west-1b"]: a zone is named twice. '
            "Name each zone once.",
        ),
        (
            "aws:region",
            "us-east-1",
            'aws:region = "us-east-1": the region must be one where customers\' data may be. '
            "Set it to one of eu-west-1, eu-central-1, eu-north-1, eu-south-1, eu-west-3.",
        ),
        (
            "account",
            "1234",
            "novaretail:account = \"1234\": string should match pattern '^[0-9]{12}$'. "
            "Set it to the account's twelve digits, in quotes.",
        ),
        (
            "account",
            "123456789012",
            'novaretail:account = "123456789012": 123456789012 is the local platform\'s account, and no other '
            "stack's. "
            "Set it to the account of this environment.",
        ),
        (
            "aws:allowedAccountIds",
            ["999999999999"],
            'aws:allowedAccountIds = ["999999999999"]: the AWS provider must refuse every account but '
            'novaretail:account (210987654321). Set it to ["210987654321"].',
        ),
        (
            "environment",
            "nonprod",
            'novaretail:environment = "nonprod": it does not fit the stack prod. '
            "Set it to prod, or select the other stack.",
        ),
        (
            "environment",
            "production",
            "novaretail:environment = \"production\": input should be 'organization', 'prod', 'nonprod' or 'local'. "
            "Set it to one of organization, prod, nonprod, local.",
        ),
        (
            "protection.keep_data",
            False,
            "novaretail:protection.keep_data = false: data of prod must outlive the program's mistakes. "
            "Set it to true.",
        ),
        (
            "organization",
            {},
            "novaretail:organization = {}: a data stack has no accounts. Remove it, or correct novaretail:environment.",
        ),
        (
            "tags.owner",
            "somebody",
            'novaretail:tags.owner = "somebody": string should match pattern '
            "'^[^\\s@]+@[^\\s@]+\\.[^\\s@]+$'. Give the team's mail address.",
        ),
        (
            "encryption.deletion_days",
            3,
            "novaretail:encryption.deletion_days = 3: input should be greater than or equal to 7. "
            "Give days before a deleted key is gone, 7 to 30.",
        ),
        (
            "tables.orphan_days",
            1,
            "novaretail:tables.orphan_days = 1: input should be greater than or equal to 3. "
            "Give days before a file that no table knows is removed, 3 to 365.",
        ),
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
            "cdc.capacity_max",
            1,
            "novaretail:cdc.capacity_max = 1: it is less than capacity_min (2). Give the same or more.",
        ),
        (
            "cdc.capacity_max",
            3,
            "novaretail:cdc.capacity_max = 3: input should be 1, 2, 4, 8, 16, 32, 64, 128, 192, 256 or 384. "
            "Give DCU of the replication at most: 1, 2, 4, 8, 16, 32, 64, 128, 192, 256, 384.",
        ),
        (
            "cdc.batch_seconds",
            900,
            "novaretail:cdc.latency_minutes = 15: changes wait for 900 s as a rule. Give more than batch_seconds.",
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
            "cdc.multi_az",
            False,
            "novaretail:cdc.multi_az = false: prod's replication outlives a zone. Set it to true.",
        ),
        (
            "database.multi_az",
            False,
            "novaretail:database.multi_az = false: prod's database outlives a zone. Set it to true.",
        ),
        (
            "cdc.replication_window",
            "sun:23:50-mon:00:10",
            'novaretail:cdc.replication_window = "sun:23:50-mon:00:10": a window is half an hour at least. '
            "Give a longer one.",
        ),
        (
            "sinks.workers_max",
            1,
            "novaretail:sinks.workers_max = 1: it is less than workers_min (2). Give the same or more.",
        ),
        (
            "sinks.transaction_timeout_seconds",
            10,
            "novaretail:sinks.transaction_timeout_seconds = 10: a transaction must outlive a session (45 s). "
            "Give the same or more.",
        ),
        (
            "processing.schedule",
            "every hour",
            'novaretail:processing.schedule = "every hour": string should match pattern '
            "'^(rate\\([1-9][0-9]* (minutes?|hours?|days?)\\)|cron\\([^()]+\\))$'. Give when the pipeline starts, such "
            "as rate(1 hour) or cron(0 5 * * ? *); nothing: by hand.",
        ),
        (
            "processing.worker_type",
            "Standard",
            "novaretail:processing.worker_type = \"Standard\": input should be 'G.1X', 'G.2X', 'G.4X' or 'G.8X'. "
            "Give G.1X (4 vCPU, 16 GiB) to G.8X.",
        ),
        (
            "processing.pipeline_timeout_minutes",
            200,
            "novaretail:processing.pipeline_timeout_minutes = 200: a run curates, then builds: two jobs of 120 minutes "
            "at most. Give 240 or more, or lower timeout_minutes.",
        ),
        (
            "landing.max_age_seconds",
            120,
            "novaretail:landing.max_age_seconds = 120: 3 tries of 60 s do not fit in it. Give 180 or more.",
        ),
        (
            "bridge.concurrency",
            1,
            "novaretail:bridge.concurrency = 1: 4 pollers a topic would wait for each other. Give pollers_max or more.",
        ),
        (
            "warehouse.base_rpu",
            12,
            "novaretail:warehouse.base_rpu = 12: input should be a multiple of 8. "
            "Give RPU to begin with, 8 to 512 in steps of 8.",
        ),
        (
            "warehouse.max_rpu",
            8,
            "novaretail:warehouse.max_rpu = 8: it is less than base_rpu (32). Give the same or more.",
        ),
        (
            "warehouse.monthly_rpu_hours",
            100,
            "novaretail:warehouse.monthly_rpu_hours = 100: it is less than daily_rpu_hours (400), which would never be "
            "reached. Give the same or more.",
        ),
        (
            "warehouse.daily_breach",
            "deactivate",
            'novaretail:warehouse.monthly_breach = "deactivate": Redshift Serverless takes one limit with deactivate a '
            "workgroup, and daily_breach has it. Set one of the two to emit-metric.",
        ),
        (
            "people.analysts",
            "DataEngineer",
            'novaretail:people.engineers = "DataEngineer": engineers see personal data, analysts do not. Give each a '
            "permission set of its own.",
        ),
        (
            "people.analysts",
            "Data_Analyst",
            "novaretail:people.analysts = \"Data_Analyst\": string should match pattern '^[A-Za-z0-9+=,.@-]{1,32}$'. "
            "Give the permission set of analysts, such as DataAnalyst.",
        ),
        (
            "bridge.regions",
            ["us-central1"],
            'novaretail:bridge.regions[0] = "us-central1": customers\' data stays in the European Union. Take one of '
            "europe-west1, europe-west3, europe-west4, europe-west9, europe-north1, europe-southwest1.",
        ),
        (
            "bridge.backoff_max_seconds",
            5,
            "novaretail:bridge.backoff_max_seconds = 5: it is less than backoff_min_seconds (10). "
            "Give the same or more.",
        ),
        (
            "bridge.pollers_min",
            5,
            "novaretail:bridge.pollers_max = 4: it is less than pollers_min (5). Give the same or more.",
        ),
        (
            "bridge.unread_minutes",
            1440,
            "novaretail:bridge.unread_minutes = 1440: input should be less than or equal to 720. "
            "Give minutes that a message may wait for its reader before a person is told, 1 to 720.",
        ),
        (
            "bridge.timeout_seconds",
            900,
            "novaretail:bridge.timeout_seconds = 900: input should be less than or equal to 840. "
            "Give seconds an invocation may take, 10 to 840 (Kafka: 14 min).",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_value_rule_and_way_out(path: str, value: object, expected: str) -> None:
    assert expected in _changed(_set(path, value))


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            "links.azure.gateway_sku",
            "VpnGw2",
            "Give size of the gateway over all zones: VpnGw1AZ for 650 Mbit/s, VpnGw2AZ for one of AWS's tunnels.",
        ),
        ("links.gcp.asm", 64630, "novaretail:links.gcp.asm = 64630: there is no such setting. Did you mean `asn`?"),
    ],
)
def test_what_is_wrong_inside_a_part_that_may_be_left_out_is_told_by_the_field_itself(
    path: str, value: object, expected: str
) -> None:
    (problem,) = _changed(_set(path, value))
    assert problem.endswith(expected)


def test_the_keys_of_a_stack_are_its_fields_and_those_with_a_default_may_be_left_out() -> None:
    found = settings.keys(settings.DataStack)
    fields = {field.name for field in dataclasses.fields(settings.DataStack)}
    assert set(found) == fields - {"region"}  # which the AWS provider's key says
    assert found["network"] == settings.Key(settings.Network, optional=False)
    assert found["azure"] == settings.Key(settings.Azure, optional=True)
    assert found["preshared_keys"].optional
    assert set(settings.SECTIONS) == set(found) | set(settings.keys(settings.OrganizationStack))


@pytest.mark.parametrize("key", ["environment", "account", "tags", "network", "streaming", "warehouse"])
def test_a_missing_section_says_what_to_add(key: str) -> None:
    problems = _changed(lambda raw: raw.pop(key))
    (missing,) = [problem for problem in problems if problem.startswith(f"novaretail:{key} = null: it is missing.")]
    assert missing.split("it is missing. ")[1].startswith(("Add the section with ", "Set it to "))


def test_a_missing_field_says_what_to_give() -> None:
    problems = _changed(lambda raw: raw["tables"].pop("snapshot_days"))
    assert problems == [
        "novaretail:tables.snapshot_days = null: it is missing. Give days a snapshot is kept, 1 to 365."
    ]


@pytest.mark.parametrize(
    ("protection", "stack", "expected"),
    [
        (
            {"keep_data": False, "replaceable": ["lake-raw"]},
            "nonprod",
            'replaceable[0] = "lake-raw": nothing is protected here, so nothing needs to be named. '
            "Remove it, or set keep_data to true.",
        ),
        (
            {"keep_data": True, "replaceable": ["lake-raw", "lake-raw"]},
            "prod",
            'replaceable[1] = "lake-raw": it is named twice. Name each resource once.',
        ),
    ],
)
def test_what_may_be_replaced_is_named_once_and_only_where_it_is_protected(
    protection: dict[str, Any], stack: str, expected: str
) -> None:
    problems = _changed(lambda raw: raw.update(protection=protection), stack)
    assert problems == [f"novaretail:protection.{expected}"]


def test_a_name_that_nothing_protected_has_is_told_with_the_nearest_one() -> None:
    raw = _raw("prod") | {"protection": {"keep_data": True, "replaceable": ["lake-raw", "lake-row"]}}
    problems = reading.unprotected(reading.parse(raw, "prod"), {"lake-raw", "keys-lake"})
    assert [str(problem) for problem in problems] == [
        'novaretail:protection.replaceable[1] = "lake-row": no resource of this name is protected in this stack. '
        "Did you mean `lake-raw`?"
    ]


PLAIN = {
    "role_arn": "arn:aws:iam::210987654321:role/deploy",
    "organization_id": "o-exampleorgid",
    "log_archive_bucket": "novaretail-log-archive",
    "log_archive_key_arn": "arn:aws:kms:eu-west-1:111122223333:key/1234abcd",
}


def test_plain_settings_are_the_way_out_of_the_stack_reference() -> None:
    parsed = reading.parse(_raw("prod") | {"deployment": PLAIN}, "prod")
    assert isinstance(parsed, settings.DataStack)
    assert parsed.deployment.stack is None
    assert parsed.deployment.role_arn == PLAIN["role_arn"]


@pytest.mark.parametrize(
    ("deployment", "expected"),
    [
        (
            {"stack": "organization/novaretail/organization", "role_arn": PLAIN["role_arn"]},
            [
                'role_arn = "arn:aws:iam::210987654321:role/deploy": it comes from the outputs of '
                "organization/novaretail/organization already. Remove it, or remove novaretail:deployment.stack."
            ],
        ),
        (
            {"stack": "organization"},
            [
                "stack = \"organization\": string should match pattern '^[^/\\s]+/[^/\\s]+/[^/\\s]+$'. "
                "Give full name of the organization's stack, such as organization/novaretail/organization."
            ],
        ),
        (
            {key: value for key, value in PLAIN.items() if key != "organization_id"},
            [
                "organization_id = null: it is missing, and so is novaretail:deployment.stack, whose outputs would "
                "have it. Give the AWS Organization's id, such as o-exampleorgid, or stack."
            ],
        ),
        (
            PLAIN | {"role": "preview"},
            [
                'role = "preview": it chooses among the roles of the organization\'s stack, and there is no '
                "novaretail:deployment.stack. Remove it, or name the stack."
            ],
        ),
        (
            {key: value for key, value in PLAIN.items() if key != "role_arn"},
            [
                "role_arn = null: only the local platform is deployed without a role. Give the role that deploys, "
                "such as arn:aws:iam::111122223333:role/deploy, or novaretail:deployment.stack."
            ],
        ),
        (
            PLAIN | {"role_arn": "arn:aws:iam::109876543210:role/deploy"},
            [
                'role_arn = "arn:aws:iam::109876543210:role/deploy": it is no role of novaretail:account '
                "(210987654321). Name the role of that account, or correct novaretail:account."
            ],
        ),
    ],
)
def test_a_stack_is_deployed_by_exactly_one_way(deployment: dict[str, str], expected: list[str]) -> None:
    problems = _changed(lambda raw: raw.update(deployment=deployment))
    assert problems == [f"novaretail:deployment.{problem}" for problem in expected]


def test_a_stack_without_the_bridge_section_has_no_bridge_and_may_have_no_project_either() -> None:
    raw = _raw("prod")
    del raw["bridge"]
    parsed = reading.parse(raw, "prod")
    assert isinstance(parsed, settings.DataStack)
    assert parsed.gcp
    assert parsed.bridge is None
    del raw["gcp"], raw["links"]["gcp"]
    parsed = reading.parse(raw, "prod")
    assert isinstance(parsed, settings.DataStack)
    assert parsed.gcp is None


def test_a_link_to_google_and_the_bridge_need_the_section_that_names_their_project() -> None:
    assert sorted(_changed(lambda raw: raw.pop("gcp"))) == [
        'novaretail:bridge.regions = ["europe-west1"]: the bridge\'s topics are made in the project that '
        "novaretail:gcp names, and there is none. Add novaretail:gcp, or remove novaretail:bridge.",
        'novaretail:links.gcp = "europe-west1": the link\'s end in Google Cloud is made in the project that '
        "novaretail:gcp names, and there is none. Add novaretail:gcp, or remove links.gcp.",
    ]


def test_too_few_zones_are_named_though_their_blocks_fit() -> None:
    def two_zones(raw: dict[str, Any]) -> None:
        raw["network"]["zones"] = raw["network"]["zones"][:2]
        for blocks in raw["network"]["subnets"].values():
            del blocks[2]

    assert [p for p in _changed(two_zones) if "three zones are needed" in p]


def test_more_copies_than_brokers_are_refused() -> None:
    problems = _changed(_set("streaming.replication_factor", 3), "local")
    assert any("there are 1 brokers for 3 copies" in problem for problem in problems)


def test_a_small_broker_takes_no_more_storage_than_msk_gives_it() -> None:
    def small(raw: dict[str, Any]) -> None:
        raw["streaming"] |= {"instance_type": "kafka.t3.small", "storage_max_gib": 4096}

    assert _changed(small) == [
        "novaretail:streaming.storage_max_gib = 4096: a t3.small broker takes 2048 GiB at most. "
        "Lower it, or take kafka.m7g.large."
    ]


def test_what_only_the_local_platform_may_do_is_right_there() -> None:
    parsed = reading.parse(_raw("local"), "local")
    assert isinstance(parsed, settings.DataStack)
    assert (parsed.streaming.authentication, parsed.streaming.retention) == ("none", "forever")


def test_the_local_platform_has_no_real_account() -> None:
    problems = _changed(_set("account", "210987654321"), "local")
    assert any("is the local platform's account" in problem for problem in problems)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_set("organization.accounts.prod-core", "nobody"), "an account needs a mail address of at most 64 characters"),
        (
            _set("organization.accounts.prod-core", "aws+nonprod-core@novaretail.example"),
            "AWS takes a mail address for one account only",
        ),
        (_set("organization.regions", ["us-east-1"]), "customers' data stays in the European Union"),
        (
            _set("organization.regions", ["eu-central-1"]),
            "it lacks the region that this stack itself is in (aws:region eu-west-1). Add eu-west-1.",
        ),
        (_set("organization.repository", "data-backbone"), "Give the GitHub repository whose pipeline may preview"),
        (
            _set("organization.detection.unused_days", 366),
            "less than or equal to 365. Give days after which access that nobody",
        ),
        (_set("organization.trail.log_days", 100), "Give days to keep the trail's log group"),
        (_set("organization.log_archive.lock_mode", "LEGAL_HOLD"), "input should be 'GOVERNANCE' or 'COMPLIANCE'"),
        (_set("organization.log_archive.keep_days", 30), "Give days until a log file is removed, 365 at least"),
        (
            _set("organization.log_archive.lock_days", 3000),
            "log_archive.keep_days = 2557: a log file cannot be removed while it is locked (lock_days is 3000). "
            "Give as many days or more.",
        ),
        (
            _set("organization.log_archive.cold_days", 2557),
            "log_archive.cold_days = 2557: log files are removed after 2557 days, before they would move. "
            "Give fewer days than keep_days.",
        ),
        (_set("alerts.emails", ["nobody"]), "novaretail:alerts.emails[0]"),
        (_set("encryption.deletion_days", 3), "Give days before a deleted key is gone, 7 to 30"),
        (lambda raw: raw["organization"]["accounts"].pop("prod-core"), "accounts.prod-core = null: it is missing"),
        (_set("organization.accounts.sandbox", "a@b.example"), "there is no such account"),
        (_set("network", {}), "an organization stack has no such section"),
        (_set("protection.keep_data", False), "data of organization must outlive the program's mistakes"),
    ],
)
def test_an_organization_stack_has_its_own_rules(change: Callable[[dict[str, Any]], object], expected: str) -> None:
    assert any(expected in problem for problem in _changed(change, "organization"))


def test_all_problems_of_a_stack_come_in_one_error() -> None:
    raw = _raw("prod")
    raw["network"]["subnets"]["streaming"][0] = "10.20.0.0/24"
    raw["streaming"]["brokers"] = "three"
    raw["colour"] = "blue"
    del raw["warehouse"]
    raw["aws:region"] = "us-east-1"
    with pytest.raises(settings.SettingsError) as caught:
        reading.parse(raw, "prod")
    text = str(caught.value)
    assert text.startswith("Pulumi.prod.yaml has ")
    assert "nothing was created or changed" in text
    for key in ("network.subnets.streaming[0]", "streaming.brokers", "colour", "warehouse"):
        assert f"  - novaretail:{key} = " in text
    assert "  - aws:region = " in text
    assert text.count("\n") == len(caught.value.problems)


def test_settings_cannot_be_changed_once_read() -> None:
    parsed = reading.parse(_raw("prod"), "prod")
    assert isinstance(parsed, settings.DataStack)
    with pytest.raises(ValueError, match="frozen"):
        parsed.streaming.brokers = 1  # type: ignore[misc]


def test_every_field_says_what_it_is_in_words() -> None:
    def check(model: Any) -> None:
        for name, field in model.model_fields.items():
            nested = field.annotation
            assert field.description, f"{model.__name__}.{name}"
            if isinstance(nested, type) and issubclass(nested, settings.Section):
                check(nested)

    for section in settings.Section.__subclasses__():
        check(section)


def test_a_setting_stored_as_a_secret_is_refused_without_showing_it() -> None:
    program = """
import json, pulumi, settings
from settings import reading
pulumi.runtime.set_all_config({"novaretail:account": "hidden-value"}, ["novaretail:account"])
pulumi.runtime.settings.configure(pulumi.runtime.settings.Settings("novaretail", "prod"))
try:
    reading.load()
except settings.SettingsError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert 'novaretail:account = "[secret]": only keys of tunnels are secrets' in done.stdout
    assert "hidden-value" not in done.stdout


def test_settings_imports_nothing_of_ours() -> None:
    trees = [ast.parse(file.read_text("utf-8")) for file in (ROOT / "settings").glob("*.py")]
    imported = {
        name.split(".")[0]
        for tree in trees
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert "pydantic" in imported
    assert not imported & {"components", "contracts", "etl", "bridges", "local", "policy", "tests"}


def test_a_month_cannot_use_more_than_days_that_stop_queries_let_it() -> None:
    (problem,) = _changed(_set("warehouse.monthly_rpu_hours", 500), "nonprod")
    assert problem == (
        "novaretail:warehouse.monthly_rpu_hours = 500: queries stop at 16 RPU-hours a day, so a month never has more "
        "than 496. Give 496 or less."
    )
