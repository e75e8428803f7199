"""Roles: bounded, trusted for one thing, and with nothing but what was granted."""

from __future__ import annotations

from tests.graphs.recording import Recording


def test_there_is_a_role_for_each_that_works_and_no_other(prod: Recording) -> None:
    assert {r.name.removeprefix("access-") for r in prod.of("Role") if r.parent == "access"} == {
        "curate",
        "build-mart",
        "publish",
        "optimizer",
        "warehouse",
        "pipeline",
        "scheduler",
        "flow-logs",
        "cart-events-to-lake",
        "customer-updates-to-lake",
        "orders-to-lake",
        "monitoring",
        "capture-user",
        "migration",
        "migration-network",
        "migration-logs",
        "bridge",
        "land-reference",
        "trail",
    }


def test_a_role_is_trusted_for_the_one_thing_that_takes_it_where_its_service_says_which(prod: Recording) -> None:
    sources = {
        role.name.removeprefix("access-"): role.json("assumeRolePolicy")["Statement"][0]["Condition"].get("ArnLike")
        for role in prod.of("Role")
        if role.parent == "access"
    }
    region = "eu-west-1:210987654321"
    assert {name: source["aws:SourceArn"] for name, source in sources.items() if source} == {
        "pipeline": [f"arn:aws:states:{region}:stateMachine:lake-pipeline"],
        "scheduler": [f"arn:aws:scheduler:{region}:schedule-group/default"],
        "monitoring": [f"arn:aws:rds:{region}:db:*"],
        "capture-user": [f"arn:aws:lambda:{region}:function:capture-user"],
        "flow-logs": [f"arn:aws:ec2:{region}:vpc-flow-log/*"],
        **{
            f"{topic}-to-lake": [f"arn:aws:kafkaconnect:{region}:connector/{topic}-to-lake/*"]
            for topic in ("cart-events", "customer-updates", "orders")
        },
        "bridge": [f"arn:aws:lambda:{region}:function:pubsub-bridge"],
        "trail": [f"arn:aws:cloudtrail:{region}:trail/novaretail-prod-data"],
        "land-reference": [f"arn:aws:lambda:{region}:function:land-reference"],
    }


def test_only_roles_that_somebody_else_knows_by_name_have_a_fixed_one(data_stack: Recording) -> None:
    fixed = {r.name: r.inputs["name"] for r in data_stack.of("Role") if "name" in r.inputs and r.parent == "access"}
    bridge = fixed.pop("access-bridge")  # Google Cloud trusts it
    assert bridge.endswith("-pubsub-bridge")
    # DMS looks for the account's two roles by these names.
    assert fixed == {
        "access-migration-network": "dms-vpc-role",
        "access-migration-logs": "dms-cloudwatch-logs-role",
    }


def test_the_boundary_gives_nothing_of_iam_accounts_or_networks_shape(data_stack: Recording) -> None:
    statements = data_stack.one("access-boundary").json("policy")["Statement"]
    allowed = {action for s in statements if s["Effect"] == "Allow" for action in s["Action"]}
    assert "*" not in allowed
    assert {action.split(":")[0] for action in allowed} == {
        "cloudwatch",
        "ec2",
        "glue",
        "kafka",
        "kafka-cluster",
        "kms",
        "lambda",
        "logs",
        "s3",
        "secretsmanager",
        "sns",
        "sqs",
        "states",
        "xray",
    }
    ec2 = {action for action in allowed if action.startswith("ec2:")}
    assert not [a for a in ec2 if not any(word in a for word in ("NetworkInterface", "Tags", "Describe", "PrivateIp"))]


def test_every_policy_of_a_role_comes_from_a_component_that_owns_something(data_stack: Recording) -> None:
    owners = {p.parent for p in data_stack.of("RolePolicy")}
    storing = {"artifacts", "audit", "catalog", "lake", "streaming", "warehouse"}
    assert owners <= storing | {"alerts", "bridge", "cdc", "database", "landing", "network", "processing", "sinks"}
    assert data_stack.of("RolePolicyAttachment") == []
    assert not [r.name for r in data_stack.of("Role") if r.inputs.get("managedPolicyArns")]
