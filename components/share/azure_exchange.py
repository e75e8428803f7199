"""Data Factory in Azure: it copies published snapshots from S3 to a storage account, as soon as there are new ones.

Everything it needs is in the virtual network of the link: the runtime's machines, and private endpoints of the storage
account, of the key vault with its AWS key, and of Data Factory itself. Nothing here answers the internet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions
from pulumi_azure_native import (
    authorization,
    datafactory,
    keyvault,
    logic,
    monitor,
    storage,
)

import settings
from components.blocks.azure_alerts import AzureWatch, azure_alert
from components.blocks.azure_identity import principal_id, tenant_id
from components.blocks.place import Place
from components.share.azure_private import PrivateArgs, private_endpoint
from components.share.azure_runtime import MachineArgs, machine
from components.share.exchange_pipeline import FILES, TAKE_OVER, Limits, copy_files, datasets, look, schedule, take_over

RUNTIME = "runtime"
S3, STORAGE, VAULT = "s3", "storage", "vault"
"""Names of linked services."""
CONTAINER = "exchange"
FACTORY = "Microsoft.DataFactory/factories"
BLOB_DATA_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
"""Ids of Azure's own roles, the same everywhere ("Azure built-in roles")."""
LOGS: Mapping[str, tuple[str, ...]] = {
    "factory": ("ActivityRuns", "PipelineRuns", "TriggerRuns"),
    "vault": ("AuditEvent",),
    "storage": ("StorageDelete", "StorageRead", "StorageWrite"),
    "schedule": ("WorkflowRuntime",),
}


@dataclass(frozen=True, kw_only=True)
class AzureExchangeArgs:
    """
    resource_group_id, location, network_id, runtime_subnet_id, endpoints_subnet_id, workspace_id: of the link.
    tables: the shared tables.
    service_url: where S3 is called; the link's own way, or S3's public one.
    key: of the AWS user, with the edition's name; `granted` is what it may do.
    script: what makes a machine a node of the runtime.
    """

    where: Place
    azure: settings.Azure
    resource_group_id: Input[str]
    resource_group: Input[str]
    location: str
    network_id: Input[str]
    runtime_subnet_id: Input[str]
    endpoints_subnet_id: Input[str]
    workspace_id: Input[str]
    watch: AzureWatch
    tables: Sequence[str]
    bucket: Input[str]
    service_url: Input[str]
    key: aws.iam.AccessKey
    granted: Resource
    script: Path


class AzureExchange(ComponentResource):
    """`factory`, `account` with its `container`, `vault`, `pipelines` by table, `schedule`."""

    def __init__(self, name: str, args: AzureExchangeArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:exchange:AzureExchange", name, {}, args.where.options(opts))
        self._name, self._args, self._own = name, args, ResourceOptions(parent=self)
        self._held = args.where.stateful(self)
        self.factory = datafactory.Factory(
            f"{name}-factory",
            **self._here(),
            identity={"type": "SystemAssigned"},
            # The runtime gets its work by the private endpoint; who manages the factory comes by Azure's own door.
            public_network_access="Disabled",
            opts=self._own,
        )
        self.account, self.container = self._storage()
        self.vault = self._vault()
        self._private("factory", self.factory.id, "dataFactory")
        runtime = self._runtime()
        self._connect(runtime)
        self.pipelines = self._pipelines()
        self.schedule = self._schedule()
        self._watch(runtime)
        self.register_outputs({"factory": self.factory.name, "account": self.account.name})

    def _here(self) -> dict[str, Any]:
        args = self._args
        return {"resource_group_name": args.resource_group, "location": args.location, "tags": args.where.tags}

    def _within(self) -> dict[str, Any]:
        return {"resource_group_name": self._args.resource_group, "factory_name": self.factory.name}

    @property
    def _identity(self) -> Output[str]:
        return principal_id(self.factory)

    def _storage(self) -> tuple[storage.StorageAccount, storage.BlobContainer]:
        name, args = self._name, self._args
        account = storage.StorageAccount(
            f"{name}store",  # its own name is made of this one: small letters and digits
            **self._here(),
            kind="StorageV2",
            sku={"name": args.azure.storage},
            is_hns_enabled=True,
            access_tier=storage.AccessTier.HOT,
            allow_blob_public_access=False,
            allow_cross_tenant_replication=False,
            allow_shared_key_access=False,
            default_to_o_auth_authentication=True,
            enable_https_traffic_only=True,
            is_local_user_enabled=False,
            minimum_tls_version="TLS1_2",
            public_network_access="Disabled",
            network_rule_set={"bypass": "None", "default_action": storage.DefaultAction.DENY},
            opts=self._held,
        )
        storage.BlobServiceProperties(
            f"{name}-store-deleted",
            resource_group_name=args.resource_group,
            account_name=account.name,
            blob_services_name="default",
            delete_retention_policy={"enabled": True, "days": args.azure.deleted_days},
            container_delete_retention_policy={"enabled": True, "days": args.azure.deleted_days},
            opts=self._held,
        )
        container = storage.BlobContainer(
            f"{name}-container",
            resource_group_name=args.resource_group,
            account_name=account.name,
            container_name=CONTAINER,
            public_access=storage.PublicAccess.NONE,
            opts=self._held,
        )
        self._role("writes", container.id, self._built_in(BLOB_DATA_CONTRIBUTOR), self._identity)
        for part in ("dfs", "blob"):
            self._private(f"store-{part}", account.id, part)
        return account, container

    def _vault(self) -> keyvault.Vault:
        name, args = self._name, self._args
        vault = keyvault.Vault(
            f"{name}-vault",
            **self._here(),
            properties={
                "tenant_id": tenant_id(self.factory),
                "sku": {"family": "A", "name": keyvault.SkuName.STANDARD},
                "enable_rbac_authorization": True,
                "enable_soft_delete": True,
                "enable_purge_protection": True,
                "soft_delete_retention_in_days": args.azure.deleted_days,
                "public_network_access": "Disabled",
                "network_acls": {"bypass": "None", "default_action": "Deny"},
            },
            opts=self._held,
        )
        self._role("secrets", vault.id, self._built_in(SECRETS_USER), self._identity)
        self._private("vault", vault.id, "vault")
        return vault

    def _private(self, what: str, of: Input[str], part: str) -> None:
        args = self._args
        private_endpoint(
            self,
            self._name,
            what,
            PrivateArgs(
                of=of,
                part=part,
                resource_group=args.resource_group,
                location=args.location,
                network_id=args.network_id,
                subnet_id=args.endpoints_subnet_id,
                tags=args.where.tags,
            ),
        )

    def _role(self, what: str, scope: Input[str], role: Input[str], principal: Input[str]) -> None:
        authorization.RoleAssignment(
            f"{self._name}-{what}",
            scope=scope,
            role_definition_id=role,
            principal_id=principal,
            principal_type="ServicePrincipal",
            opts=self._own,
        )

    def _built_in(self, id_: str) -> Output[str]:
        """The name by which the link's subscription knows one of Azure's own roles."""
        subscription = Output.from_input(self._args.resource_group_id).apply(
            lambda group: "/".join(group.split("/")[:3])
        )
        return Output.concat(subscription, f"/providers/Microsoft.Authorization/roleDefinitions/{id_}")

    def _custom_role(self, what: str, purpose: str, action: str) -> authorization.RoleDefinition:
        group = self._args.resource_group_id
        return authorization.RoleDefinition(
            f"{self._name}-{what}",
            role_name=self._args.where.name(f"{self._name}-{what}"),
            description=purpose,
            role_type="CustomRole",
            scope=group,
            assignable_scopes=[group],
            permissions=[{"actions": [action], "not_actions": [], "data_actions": [], "not_data_actions": []}],
            opts=self._own,
        )

    def _runtime(self) -> datafactory.IntegrationRuntime:
        name, args = self._name, self._args
        runtime = datafactory.IntegrationRuntime(
            f"{name}-runtime",
            **self._within(),
            integration_runtime_name=RUNTIME,
            properties=datafactory.SelfHostedIntegrationRuntimeArgs(
                type="SelfHosted",
                description="Machines in the virtual network of the link",
                self_contained_interactive_authoring_enabled=True,
            ),
            opts=self._own,
        )
        key_reader = self._custom_role(
            "runtime-key",
            "Reads the key by which a machine joins a runtime",
            f"{FACTORY}/integrationruntimes/listauthkeys/action",
        )
        script = args.script.read_text("utf-8")
        for number in range(1, args.azure.runtimes + 1):
            machine(
                self,
                f"{name}-runtime",
                MachineArgs(
                    number=number,
                    resource_group=args.resource_group,
                    location=args.location,
                    subnet_id=args.runtime_subnet_id,
                    size=args.azure.machine_size,
                    seed=args.key.secret,
                    runtime_id=runtime.id,
                    key_reader=key_reader,
                    script=script,
                    tags=args.where.tags,
                ),
            )
        return runtime

    def _connect(self, runtime: datafactory.IntegrationRuntime) -> None:
        """The linked services, each by way of the runtime, and the datasets."""
        name, args = self._name, self._args
        # In the words of Azure's own JSON: see exchange_pipeline.Activity.
        via = {"type": "IntegrationRuntimeReference", "referenceName": RUNTIME}
        # A secret an edition, so that the linked service takes the new key's two halves in one change. Key Vault
        # deletes a secret only for who comes by its private endpoint: an old one stays, and opens nothing any more.
        called = f"aws-key-{args.azure.key_edition}"
        secret = keyvault.Secret(
            f"{name}-key-{args.azure.key_edition}",
            resource_group_name=args.resource_group,
            vault_name=self.vault.name,
            secret_name=called,
            properties={
                "value": args.key.secret,
                "content_type": "secret access key of Data Factory's user on AWS",
                "attributes": {"enabled": True},
            },
            tags=args.where.tags,
            opts=ResourceOptions(parent=self, retain_on_delete=True),
        )

        def service(key: str, properties: Mapping[str, Any], after: Sequence[Resource]) -> datafactory.LinkedService:
            connected: Any = {**properties, "connectVia": via}
            return datafactory.LinkedService(
                f"{name}-{key}-service",
                **self._within(),
                linked_service_name=key,
                properties=connected,
                opts=ResourceOptions(parent=self, depends_on=[runtime, *after]),
            )

        by_name = {"type": "AzureKeyVault", "baseUrl": Output.concat("https://", self.vault.name, ".vault.azure.net/")}
        vault = service(VAULT, by_name, [])
        from_s3 = {
            "type": "AmazonS3",
            "authenticationType": "AccessKey",
            "accessKeyId": args.key.id,
            "secretAccessKey": {
                "type": "AzureKeyVaultSecret",
                "secretName": called,
                "store": {"type": "LinkedServiceReference", "referenceName": VAULT},
            },
            "serviceUrl": args.service_url,
        }
        # By the factory's own identity, which is what Data Factory takes where nothing else is given.
        stored = {"type": "AzureBlobFS", "url": Output.concat("https://", self.account.name, ".dfs.core.windows.net/")}
        services = [service(S3, from_s3, [vault, secret, args.granted]), service(STORAGE, stored, [self.container])]
        described: dict[str, Any] = datasets(args.bucket, CONTAINER, S3, STORAGE)
        self._datasets = [
            datafactory.Dataset(
                f"{name}-{dataset.replace('_', '-')}",
                **self._within(),
                dataset_name=dataset,
                properties=properties,
                opts=ResourceOptions(parent=self, depends_on=services),
            )
            for dataset, properties in described.items()
        ]

    def _pipelines(self) -> dict[str, datafactory.Pipeline]:
        args = self._args
        limits = Limits(
            timeout_minutes=args.azure.timeout_minutes,
            retries=args.azure.retries,
            copies_at_once=args.azure.copies_at_once,
        )
        parameters = {"table": {"type": "String"}, "copied": {"type": "String"}}
        files = self._pipeline(FILES, copy_files(limits), self._datasets, parameters=parameters)
        manifest = self._pipeline(TAKE_OVER, take_over(limits), [files], parameters=parameters)
        return {
            table: self._pipeline(
                f"exchange-{table}",
                look(table, limits),
                [manifest],
                # Two runs of a table at a time would use one manifest aside; the second waits.
                concurrency=1,
                variables={"copied": {"type": "String", "defaultValue": ""}},
            )
            for table in args.tables
        }

    def _pipeline(self, called: str, activities: Any, after: Sequence[Any], **more: Any) -> datafactory.Pipeline:
        return datafactory.Pipeline(
            f"{self._name}-{called.removeprefix('exchange-').replace('_', '-')}-pipeline",
            **self._within(),
            pipeline_name=called,
            activities=activities,
            opts=ResourceOptions(parent=self, depends_on=list(after)),
            **more,
        )

    def _schedule(self) -> logic.Workflow:
        """What starts the pipelines. A trigger of Data Factory's own is made stopped, is started by a call that no
        template can make, and takes no change while it runs; this is one resource that runs as it is written."""
        name, args = self._name, self._args
        runs = {
            table: Output.concat("https://management.azure.com", pipeline.id, "/createRun?api-version=2018-06-01")
            for table, pipeline in self.pipelines.items()
        }
        workflow = logic.Workflow(
            f"{name}-schedule",
            **self._here(),
            identity={"type": "SystemAssigned"},
            state="Enabled",
            definition=Output.all(**runs).apply(lambda urls: schedule(urls, args.azure.every_minutes)),
            opts=self._own,
        )
        starter = self._custom_role(
            "starter", "Starts pipelines of the data factory", f"{FACTORY}/pipelines/createrun/action"
        )
        self._role("starts", self.factory.id, starter.id, principal_id(workflow))
        return workflow

    def _watch(self, runtime: datafactory.IntegrationRuntime) -> None:
        name, args = self._name, self._args
        of_factory: dict[str, Any] = {"watch": args.watch, "of": self.factory.id, "namespace": FACTORY}
        azure_alert(
            self,
            f"{name}-failed",
            why="Data Factory could not copy what was published. See the run's error in its monitor.",
            metric="PipelineFailedRuns",
            statistic="Total",
            comparison="GreaterThan",
            threshold=0,
            **of_factory,
        )
        azure_alert(
            self,
            f"{name}-nodes",
            why="A machine of Data Factory's runtime is missing; without any, nothing is copied.",
            metric="IntegrationRuntimeAvailableNodeNumber",
            statistic="Average",
            comparison="LessThan",
            threshold=args.azure.runtimes - 0.5,  # a machine that is patched is away for some of the quarter of an hour
            each={"IntegrationRuntimeName": [runtime.name]},
            severity=1,
            **of_factory,
        )
        azure_alert(
            self,
            f"{name}-not-started",
            why="The schedule could not start Data Factory's pipelines. See the workflow's run history.",
            metric="RunsFailed",
            statistic="Total",
            comparison="GreaterThan",
            threshold=0,
            watch=args.watch,
            of=self.schedule.id,
            namespace="Microsoft.Logic/workflows",
        )
        logged: dict[str, Input[str]] = {
            "factory": self.factory.id,
            "vault": self.vault.id,
            "storage": Output.concat(self.account.id, "/blobServices/default"),
            "schedule": self.schedule.id,
        }
        for what, resource in logged.items():
            monitor.DiagnosticSetting(
                f"{name}-{what}-logs",
                resource_uri=resource,
                workspace_id=args.workspace_id,
                log_analytics_destination_type="Dedicated" if what == "factory" else None,
                logs=[{"category": category, "enabled": True} for category in LOGS[what]],
                opts=self._own,
            )
