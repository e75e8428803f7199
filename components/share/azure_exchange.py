"""Data Factory in Azure: it copies published snapshots from S3 to a storage account, as soon as there are new ones.

Everything it needs is in the virtual network of the link: the runtime's machines, and private endpoints of the storage
account, of the key vault with its AWS key, and of Data Factory itself. Nothing here answers the internet.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    storage,
)

import settings
from components.blocks.azure_alerts import AzureWatch
from components.blocks.azure_identity import principal_id, tenant_id
from components.blocks.place import Place
from components.share.azure_copies import CONTAINER, RUNTIME, CopiesArgs, copies
from components.share.azure_private import PrivateArgs, private_endpoint
from components.share.azure_runtime import MachineArgs, machine
from components.share.azure_watch import FACTORY, WatchedExchange, watch_exchange
from components.share.exchange_pipeline import schedule

BLOB_DATA_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
"""Ids of Azure's own roles, the same everywhere ("Azure built-in roles")."""


@dataclass(frozen=True, kw_only=True)
class AzureExchangeArgs:
    """What is copied, and where in Azure: group, location, network, subnets and workspace are the link's."""

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
    """The shared tables."""
    bucket: Input[str]
    service_url: Input[str]
    """Where S3 is called: the link's own way, or S3's public one."""
    key: aws.iam.AccessKey
    """Of the AWS user, with the edition's name."""
    granted: Resource
    """What the key's user may do."""
    script: Path
    """Makes a machine a node of the runtime."""


class AzureExchange(ComponentResource):
    """Data Factory copies what is published in S3 to a storage account, as soon as there is a new snapshot."""

    factory: datafactory.Factory
    account: storage.StorageAccount
    container: storage.BlobContainer
    vault: keyvault.Vault
    """Has the AWS key's secret."""
    pipelines: dict[str, datafactory.Pipeline]
    """By table."""
    schedule: logic.Workflow
    """Starts the pipelines."""

    def __init__(self, name: str, args: AzureExchangeArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:exchange:AzureExchange", name, {}, args.where.options(opts))
        self._name, self._args, self._own = name, args, ResourceOptions(parent=self)
        self._held = args.where.stateful(self)
        self.factory = datafactory.Factory(
            f"{name}-factory",
            **self._here(),
            identity={"type": "SystemAssigned"},
            # The runtime gets its work by the private endpoint; the factory is managed by Azure's public API.
            public_network_access="Disabled",
            opts=self._own,
        )
        self.account, self.container = self._storage()
        self.vault = self._vault()
        self._private("factory", self.factory.id, "dataFactory")
        runtime = self._runtime()
        self.pipelines = copies(
            self,
            name,
            CopiesArgs(
                azure=args.azure,
                resource_group=args.resource_group,
                factory=self.factory,
                runtime=runtime,
                vault=self.vault,
                account=self.account,
                container=self.container,
                tables=args.tables,
                bucket=args.bucket,
                service_url=args.service_url,
                key=args.key,
                granted=args.granted,
                tags=args.where.tags,
            ),
        )
        self.schedule = self._schedule()
        watch_exchange(
            self,
            name,
            WatchedExchange(
                watch=args.watch,
                workspace_id=args.workspace_id,
                factory=self.factory,
                runtime=runtime,
                runtimes=args.azure.runtimes,
                vault=self.vault,
                account=self.account,
                schedule=self.schedule,
            ),
        )
        self.register_outputs({"factory": self.factory.name, "account": self.account.name})

    def _here(self) -> dict[str, Any]:
        args = self._args
        return {"resource_group_name": args.resource_group, "location": args.location, "tags": args.where.tags}

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
        """Return the id by which the link's subscription knows one of Azure's own roles."""
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
            resource_group_name=args.resource_group,
            factory_name=self.factory.name,
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

    def _schedule(self) -> logic.Workflow:
        """Make what starts the pipelines.

        A trigger of Data Factory's own is made stopped, is started by a call that no template can make, and takes no
        change while it runs; a workflow is one resource that runs as it is written.
        """
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
