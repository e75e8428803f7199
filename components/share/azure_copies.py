"""What Data Factory copies with: linked services, each by way of the runtime, datasets, and a pipeline a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output, Resource, ResourceOptions
from pulumi_azure_native import datafactory, keyvault, storage

import settings
from components.share.exchange_pipeline import FILES, TAKE_OVER, Limits, copy_files, datasets, look, take_over

RUNTIME = "runtime"
S3, STORAGE, VAULT = "s3", "storage", "vault"
"""Names of linked services."""
CONTAINER = "exchange"


@dataclass(frozen=True, kw_only=True)
class CopiesArgs:
    """From where, to where, and by what; all of Azure's is in one resource group."""

    azure: settings.Azure
    resource_group: Input[str]
    factory: datafactory.Factory
    runtime: datafactory.IntegrationRuntime
    vault: keyvault.Vault
    """Gets the key's secret."""
    account: storage.StorageAccount
    container: storage.BlobContainer
    tables: Sequence[str]
    bucket: Input[str]
    service_url: Input[str]
    """Where S3 is called."""
    key: aws.iam.AccessKey
    granted: Resource
    """What the key's user may do."""
    tags: Mapping[str, str]

    @property
    def within(self) -> dict[str, Any]:
        """Name the factory, as everything in it does."""
        return {"resource_group_name": self.resource_group, "factory_name": self.factory.name}


def copies(parent: pulumi.Resource, stem: str, args: CopiesArgs) -> dict[str, datafactory.Pipeline]:
    """Make the pipelines and what they need; return those that begin a copy, by table."""
    services = _linked_services(parent, stem, args)
    described: dict[str, Any] = datasets(args.bucket, CONTAINER, S3, STORAGE)
    made = [
        datafactory.Dataset(
            f"{stem}-{dataset.replace('_', '-')}",
            **args.within,
            dataset_name=dataset,
            properties=properties,
            opts=ResourceOptions(parent=parent, depends_on=services),
        )
        for dataset, properties in described.items()
    ]
    return _pipelines(parent, stem, args, made)


def _linked_services(parent: pulumi.Resource, stem: str, args: CopiesArgs) -> list[datafactory.LinkedService]:
    # In the words of Azure's own JSON: see exchange_pipeline.Activity.
    via = {"type": "IntegrationRuntimeReference", "referenceName": RUNTIME}
    secret_name, secret = _secret(parent, stem, args)

    def service(key: str, properties: Mapping[str, Any], after: Sequence[Resource]) -> datafactory.LinkedService:
        connected: Any = {**properties, "connectVia": via}
        return datafactory.LinkedService(
            f"{stem}-{key}-service",
            **args.within,
            linked_service_name=key,
            properties=connected,
            opts=ResourceOptions(parent=parent, depends_on=[args.runtime, *after]),
        )

    by_name = {"type": "AzureKeyVault", "baseUrl": Output.concat("https://", args.vault.name, ".vault.azure.net/")}
    vault = service(VAULT, by_name, [])
    from_s3 = {
        "type": "AmazonS3",
        "authenticationType": "AccessKey",
        "accessKeyId": args.key.id,
        "secretAccessKey": {
            "type": "AzureKeyVaultSecret",
            "secretName": secret_name,
            "store": {"type": "LinkedServiceReference", "referenceName": VAULT},
        },
        "serviceUrl": args.service_url,
    }
    # By the factory's own identity, which is what Data Factory takes where nothing else is given.
    stored = {"type": "AzureBlobFS", "url": Output.concat("https://", args.account.name, ".dfs.core.windows.net/")}
    return [service(S3, from_s3, [vault, secret, args.granted]), service(STORAGE, stored, [args.container])]


def _secret(parent: pulumi.Resource, stem: str, args: CopiesArgs) -> tuple[str, keyvault.Secret]:
    """Make a secret an edition, so that the linked service takes the new key's two halves in one change.

    Key Vault deletes a secret only for callers that come by its private endpoint: an old one stays, and opens nothing
    any more.
    """
    name = f"aws-key-{args.azure.key_edition}"
    secret = keyvault.Secret(
        f"{stem}-key-{args.azure.key_edition}",
        resource_group_name=args.resource_group,
        vault_name=args.vault.name,
        secret_name=name,
        properties={
            "value": args.key.secret,
            "content_type": "secret access key of Data Factory's user on AWS",
            "attributes": {"enabled": True},
        },
        tags=args.tags,
        opts=ResourceOptions(parent=parent, retain_on_delete=True),
    )
    return name, secret


def _pipelines(
    parent: pulumi.Resource, stem: str, args: CopiesArgs, described: Sequence[datafactory.Dataset]
) -> dict[str, datafactory.Pipeline]:
    limits = Limits(
        timeout_minutes=args.azure.timeout_minutes,
        retries=args.azure.retries,
        copies_at_once=args.azure.copies_at_once,
    )
    parameters = {"table": {"type": "String"}, "copied": {"type": "String"}}

    def pipeline(called: str, activities: Any, after: Sequence[Any], **more: Any) -> datafactory.Pipeline:
        return datafactory.Pipeline(
            f"{stem}-{called.removeprefix('exchange-').replace('_', '-')}-pipeline",
            **args.within,
            pipeline_name=called,
            activities=activities,
            opts=ResourceOptions(parent=parent, depends_on=list(after)),
            **more,
        )

    files = pipeline(FILES, copy_files(limits), described, parameters=parameters)
    manifest = pipeline(TAKE_OVER, take_over(limits), [files], parameters=parameters)
    return {
        table: pipeline(
            f"exchange-{table}",
            look(table, limits),
            [manifest],
            # Two runs of a table at a time would use one manifest aside; the second waits.
            concurrency=1,
            variables={"copied": {"type": "String", "defaultValue": ""}},
        )
        for table in args.tables
    }
