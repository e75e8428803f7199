"""What a person changes by hand is seen by a refresh and put back by the next up; what others change is left alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from local.clouds.engine.engine import Engine

from .conftest import Program

pytestmark = pytest.mark.engine
Client = Callable[[str], Any]

MORE = """\
def policy(*actions, on=None, **principal):
    statement = {"Effect": "Allow", "Action": list(actions), **({"Resource": on} if on else {"Principal": principal})}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

tags = {"Owner": "data"}
aws.s3.BucketVersioning("versioning", bucket=bucket.bucket, versioning_configuration={"status": "Enabled"})
aws.s3.BucketPublicAccessBlock(
    "private", bucket=bucket.bucket, block_public_acls=True, block_public_policy=True, ignore_public_acls=True,
    restrict_public_buckets=True)
aws.s3.BucketLifecycleConfiguration(
    "lifecycle", bucket=bucket.bucket,
    rules=[{"id": "old", "status": "Enabled", "filter": {"prefix": "tmp/"}, "expiration": {"days": 7}},
           {"id": "a", "status": "Enabled", "filter": {"prefix": "a/"}, "expiration": {"days": 9}}])
aws.kms.Alias("alias", name="alias/toy", target_key_id=key.arn)
role = aws.iam.Role("role", name="toy", assume_role_policy=policy("sts:AssumeRole", Service="lambda.amazonaws.com"),
    tags=tags)
aws.iam.RolePolicy("grant", name="grant", role=role.name, policy=policy("s3:GetObject", on="arn:aws:s3:::toy-lake/*"))
boundary = aws.iam.Policy("boundary", name="toy", policy=policy("s3:*", on="*"))
aws.iam.RolePolicyAttachment("attachment", role=role.name, policy_arn=boundary.arn)
aws.cloudwatch.LogGroup("logs", name="/toy", retention_in_days=30, tags=tags)
queue = aws.sqs.Queue("queue", name="toy", message_retention_seconds=1209600, tags=tags)
aws.sns.Topic("alerts", name="toy", display_name="alerts", tags=tags)
database = aws.glue.CatalogDatabase("database", name="toy", description="raw")
aws.glue.CatalogTable("files", name="files", database_name=database.name, table_type="EXTERNAL_TABLE",
    parameters={"classification": "parquet"},
    storage_descriptor={"location": "s3://toy-lake/files", "columns": [{"name": "a", "type": "string"}]})
aws.glue.CatalogTable("orders", name="orders", database_name=database.name, description="orders",
    open_table_format_input={"iceberg_input": {"metadata_operation": "CREATE", "version": "2", "iceberg_table_input": {
        "location": bucket.bucket.apply(lambda name: f"s3://{name}/orders"),
        "schema": {"type": "struct", "fields": [{"id": 1, "name": "a", "required": True, "type": json.dumps("long")}]},
    }}},
    opts=pulumi.ResourceOptions(ignore_changes=["parameters", "storageDescriptor"]))
registry = aws.glue.Registry("registry", registry_name="toy")
aws.glue.Schema("schema", schema_name="toy", registry_arn=registry.arn, data_format="JSON", compatibility="BACKWARD",
    schema_definition=json.dumps({"type": "object"}))
aws.glue.Job("job", name="toy", role_arn=role.arn, command={"script_location": "s3://toy-lake/job.py"}, timeout=60,
    default_arguments={"--job-language": "python"}, tags=tags)
function = aws.lambda_.Function("function", name="toy", role=role.arn, runtime="python3.11", handler="handler.handler",
    code=pulumi.FileArchive("code"), timeout=30, memory_size=256, environment={"variables": {"STAGE": "t"}}, tags=tags)
aws.lambda_.LayerVersion("layer", layer_name="toy", code=pulumi.FileArchive("code"))
aws.lambda_.EventSourceMapping("source", function_name=function.name, event_source_arn=queue.arn, batch_size=10)
aws.sfn.StateMachine("pipeline", name="toy", role_arn=role.arn, tags=tags,
    definition=json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}))
"""
OTHER = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["*"], "Resource": "*"}],
    }
)
TRUST = OTHER.replace('"*"]', '"sts:AssumeRole"]').replace('"Resource": "*"', '"Principal": {"AWS": "*"}')
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:toy"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:toy"


def _key(client: Client) -> str:
    return str(client("kms").describe_key(KeyId="alias/toy")["KeyMetadata"]["KeyId"])


def _queue(client: Client) -> str:
    return str(client("sqs").get_queue_url(QueueName="toy")["QueueUrl"])


def _source(client: Client) -> str:
    return str(client("lambda").list_event_source_mappings(FunctionName="toy")["EventSourceMappings"][0]["UUID"])


def _retable(client: Client, name: str, **changes: Any) -> None:
    """Write a table's description anew, as a commit or a person does."""
    glue = client("glue")
    kept = ("Name", "Description", "StorageDescriptor", "PartitionKeys", "TableType", "Parameters")
    table = glue.get_table(DatabaseName="toy", Name=name)["Table"]
    parameters = {**table.get("Parameters", {}), **changes.pop("Parameters", {})}
    whole = {key: table[key] for key in kept if key in table} | {"Parameters": parameters} | changes
    glue.update_table(DatabaseName="toy", TableInput=whole)


def _rejob(client: Client) -> None:  # moto has no UpdateJob
    glue = client("glue")
    job = glue.get_job(JobName="toy")["Job"]
    glue.delete_job(JobName="toy")
    kept = ("Name", "Role", "Command", "DefaultArguments")
    glue.create_job(**{name: job[name] for name in kept}, Timeout=2000, Tags={"Owner": "data"})


def _reschema(client: Client) -> None:
    client("glue").update_schema(
        SchemaId={"SchemaName": "toy", "RegistryName": "toy"},
        Compatibility="NONE",
        SchemaVersionNumber={"LatestVersion": True},
    )


def _open_bucket(client: Client) -> None:
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    client("s3").put_public_access_block(
        Bucket="toy-lake", PublicAccessBlockConfiguration=dict.fromkeys(names[:3], True) | {names[3]: False}
    )


def _expire(client: Client) -> None:
    rule = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 1}}
    client("s3").put_bucket_lifecycle_configuration(Bucket="toy-lake", LifecycleConfiguration={"Rules": [rule]})


def _weaken_encryption(client: Client) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    client("s3").put_bucket_encryption(Bucket="toy-lake", ServerSideEncryptionConfiguration={"Rules": [rule]})


HAND: dict[str, Callable[[Client], object]] = {
    "lake": lambda c: c("s3").put_bucket_tagging(Bucket="toy-lake", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}),
    "versioning": lambda c: c("s3").put_bucket_versioning(
        Bucket="toy-lake", VersioningConfiguration={"Status": "Suspended"}
    ),
    "lake-encryption": _weaken_encryption,
    "private": _open_bucket,
    "lifecycle": _expire,
    "key": lambda c: c("kms").disable_key_rotation(KeyId=_key(c)),
    "role": lambda c: c("iam").update_assume_role_policy(RoleName="toy", PolicyDocument=TRUST),
    "grant": lambda c: c("iam").put_role_policy(RoleName="toy", PolicyName="grant", PolicyDocument=OTHER),
    "boundary": lambda c: c("iam").create_policy_version(
        PolicyArn="arn:aws:iam::123456789012:policy/toy", PolicyDocument=OTHER, SetAsDefault=True
    ),
    "logs": lambda c: c("logs").put_retention_policy(logGroupName="/toy", retentionInDays=1),
    "queue": lambda c: c("sqs").set_queue_attributes(
        QueueUrl=_queue(c), Attributes={"MessageRetentionPeriod": "60", "Policy": OTHER}
    ),
    "alerts": lambda c: c("sns").set_topic_attributes(
        TopicArn=TOPIC, AttributeName="DisplayName", AttributeValue="nothing"
    ),
    "database": lambda c: c("glue").update_database(Name="toy", DatabaseInput={"Name": "toy", "Description": "mine"}),
    "files": lambda c: _retable(c, "files", Parameters={"classification": "csv"}),
    "orders": lambda c: _retable(c, "orders", Description="mine"),
    "schema": _reschema,
    "job": _rejob,
    "function": lambda c: c("lambda").update_function_configuration(FunctionName="toy", Timeout=900),
    "source": lambda c: c("lambda").update_event_source_mapping(UUID=_source(c), BatchSize=1),
    "pipeline": lambda c: c("stepfunctions").update_state_machine(
        stateMachineArn=MACHINE, definition='{"StartAt": "B", "States": {"B": {"Type": "Fail"}}}'
    ),
}
"""Resource -> what somebody does to it."""


def changed(outcome: Any) -> set[str]:
    return {r.name for r in outcome.resources if r.operation not in ("same", "refresh", "read")}


def test_every_change_by_hand_is_seen_by_a_refresh_and_put_back_by_the_next_up(
    engine: Engine, program: Program, client: Client
) -> None:
    program.write(MORE)
    engine.up()
    assert changed(engine.refresh()) == set()
    assert changed(engine.up()) == set()

    for act in HAND.values():
        act(client)

    assert changed(engine.refresh()) == HAND.keys()
    assert changed(engine.up()) == HAND.keys()
    assert changed(engine.up()) == set()

    assert client("s3").get_bucket_versioning(Bucket="toy-lake")["Status"] == "Enabled"
    assert client("s3").get_bucket_tagging(Bucket="toy-lake")["TagSet"] == [{"Key": "zone", "Value": "raw"}]
    assert client("s3").get_public_access_block(Bucket="toy-lake")["PublicAccessBlockConfiguration"][
        "RestrictPublicBuckets"
    ]
    trust = client("iam").get_role(RoleName="toy")["Role"]["AssumeRolePolicyDocument"]
    assert trust["Statement"][0]["Principal"] == {"Service": "lambda.amazonaws.com"}
    attributes = client("sqs").get_queue_attributes(QueueUrl=_queue(client), AttributeNames=["All"])["Attributes"]
    assert attributes["MessageRetentionPeriod"] == "1209600"
    assert not attributes.get("Policy")
    assert client("lambda").get_function(FunctionName="toy")["Configuration"]["Timeout"] == 30
    assert client("kms").get_key_rotation_status(KeyId=_key(client))["KeyRotationEnabled"]
    machine = client("stepfunctions").describe_state_machine(stateMachineArn=MACHINE)
    assert json.loads(machine["definition"])["StartAt"] == "A"


def test_up_alone_looks_first_and_puts_back(engine: Engine, program: Program, client: Client) -> None:
    program.write(MORE)
    engine.up()
    HAND["private"](client)

    assert changed(engine.up()) == {"private"}
    block = client("s3").get_public_access_block(Bucket="toy-lake")["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}


def test_a_change_that_was_taken_back_by_hand_is_none(engine: Engine, program: Program, client: Client) -> None:
    program.write(MORE)
    engine.up()
    HAND["logs"](client)
    assert changed(engine.refresh()) == {"logs"}
    client("logs").put_retention_policy(logGroupName="/toy", retentionInDays=30)

    assert changed(engine.refresh()) == {"logs"}
    assert changed(engine.up(refresh=False)) == set()


def test_a_document_that_is_only_written_differently_has_not_changed(
    engine: Engine, program: Program, client: Client
) -> None:
    program.write(MORE)
    engine.up()
    policy = client("iam").get_role_policy(RoleName="toy", PolicyName="grant")["PolicyDocument"]
    spread = json.dumps(dict(reversed(policy.items())), indent=4)
    client("iam").put_role_policy(RoleName="toy", PolicyName="grant", PolicyDocument=spread)

    assert changed(engine.refresh()) == set()


def test_what_iceberg_commits_to_a_table_makes_no_difference_and_stays(
    engine: Engine, program: Program, client: Client
) -> None:
    program.write(MORE)
    engine.up()
    columns = {
        "Location": "s3://toy-lake/orders",
        "Columns": [{"Name": "a", "Type": "bigint"}, {"Name": "b", "Type": "string"}],
    }
    _retable(
        client, "orders", Parameters={"metadata_location": "s3://toy-lake/orders/1.json"}, StorageDescriptor=columns
    )

    assert changed(engine.refresh()) == set()
    assert changed(engine.up()) == set()
    program.write(MORE.replace('description="orders"', 'description="every order"'))
    assert changed(engine.up()) == {"orders"}
    table = client("glue").get_table(DatabaseName="toy", Name="orders")["Table"]
    assert table["Description"] == "every order"
    assert table["Parameters"]["metadata_location"] == "s3://toy-lake/orders/1.json"
    assert len(table["StorageDescriptor"]["Columns"]) == 2
