"""Keys: rotated, and used through the services that keep the data."""

from __future__ import annotations

from tests.graphs.recording import Recording

PURPOSES = ("lake", "warehouse", "streaming", "database", "secrets", "logs")
USE = {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"}


def test_every_key_is_rotated_and_can_be_called_back(prod: Recording) -> None:
    keys = prod.of("Key")
    assert {key.name for key in keys} == {f"keys-{purpose}" for purpose in PURPOSES}
    for key in keys:
        assert key.inputs["enableKeyRotation"] is True
        assert key.inputs["rotationPeriodInDays"] == 365
        assert key.inputs["deletionWindowInDays"] == 30


def test_each_key_has_an_alias_that_names_environment_and_purpose(prod: Recording) -> None:
    assert {alias.inputs["name"]: alias.inputs["targetKeyId"] for alias in prod.of("Alias")} == {
        f"alias/novaretail-prod-{purpose}": f"keys-{purpose}" for purpose in PURPOSES
    }


def test_a_key_is_used_through_named_services_only(data_stack: Recording) -> None:
    services = {
        "lake": {"s3", "glue"},
        "streaming": {"kafka", "lambda", "sqs"},
        "warehouse": {"redshift", "redshift-serverless", "secretsmanager"},
        "database": {"rds", "dms"},
        "secrets": {"secretsmanager", "rds"},
        "logs": {"lambda", "s3", "sns", "sqs"},
    }
    assert services.keys() == set(PURPOSES)
    for purpose, expected in services.items():
        policy = data_stack.one(f"keys-{purpose}").json("policy")["Statement"]
        (use,) = [s for s in policy if USE & set(s["Action"]) and "AWS" in s["Principal"]]
        via = use["Condition"]["StringEquals"]["kms:ViaService"]
        assert set(via) == {f"{service}.eu-west-1.amazonaws.com" for service in expected}


def test_a_key_is_lent_to_aws_resources_only_and_through_the_same_services(data_stack: Recording) -> None:
    for purpose in PURPOSES:
        policy = data_stack.one(f"keys-{purpose}").json("policy")["Statement"]
        (lend,) = [s for s in policy if "kms:CreateGrant" in s["Action"]]
        (use,) = [s for s in policy if USE & set(s["Action"]) and "AWS" in s["Principal"]]
        assert lend["Condition"].pop("Bool") == {"kms:GrantIsForAWSResource": "true"}
        assert lend["Condition"] == use["Condition"]


def test_every_principal_of_a_key_is_this_account_or_a_service(prod: Recording) -> None:
    for key in prod.of("Key"):
        for statement in key.json("policy")["Statement"]:
            account = {"AWS": "arn:aws:iam::210987654321:root"}
            assert statement["Principal"] == account or set(statement["Principal"]) == {"Service"}, key.name


def test_services_use_no_key_of_data_in_their_own_name(data_stack: Recording) -> None:
    for purpose in set(PURPOSES) - {"logs"}:
        policy = data_stack.one(f"keys-{purpose}").json("policy")["Statement"]
        assert [s for s in policy if "Service" in s["Principal"]] == [], purpose


def test_the_trail_of_data_events_is_encrypted_under_the_key_of_logs_and_no_other_trail(prod: Recording) -> None:
    policy = prod.one("keys-logs").json("policy")["Statement"]
    encrypt, read = [s for s in policy if s["Principal"] == {"Service": "cloudtrail.amazonaws.com"}]
    trail = "arn:aws:cloudtrail:eu-west-1:210987654321:trail/novaretail-prod-data"
    assert encrypt["Action"] == ["kms:GenerateDataKey*"]
    assert encrypt["Condition"] == {
        "StringEquals": {"aws:SourceArn": trail},
        "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": "arn:aws:cloudtrail:*:210987654321:trail/*"},
    }
    assert read["Condition"] == {"StringEquals": {"aws:SourceArn": trail}}


def test_who_administers_a_key_can_neither_use_it_nor_grant_its_use(data_stack: Recording) -> None:
    for key in data_stack.of("Key"):
        statements = key.json("policy")["Statement"]
        unconditional = [s for s in statements if "Condition" not in s and "AWS" in s["Principal"]]
        actions = {action for s in unconditional for action in s["Action"]}
        assert "kms:ScheduleKeyDeletion" in actions
        assert not actions & (USE | {"kms:*", "kms:CreateGrant", "kms:Create*"})


def test_only_cloudwatch_logs_uses_the_key_of_logs_and_only_for_this_accounts_groups(prod: Recording) -> None:
    own = [s for s in prod.one("keys-logs").json("policy")["Statement"] if "Service" in s["Principal"]]
    (use,) = [s for s in own if "kms:Encrypt" in s["Action"]]
    assert use["Principal"] == {"Service": "logs.eu-west-1.amazonaws.com"}
    context = use["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    assert context == "arn:aws:logs:eu-west-1:210987654321:log-group:*"
