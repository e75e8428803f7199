"""What of Data Factory is watched: failed copies, missing machines, failed starts, and the logs of all that it uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi import Input, Output, ResourceOptions
from pulumi_azure_native import datafactory, keyvault, logic, monitor, storage

from components.blocks.azure_alerts import AzureWatch, azure_alert

FACTORY = "Microsoft.DataFactory/factories"
LOGS: Mapping[str, tuple[str, ...]] = {
    "factory": ("ActivityRuns", "PipelineRuns", "TriggerRuns"),
    "vault": ("AuditEvent",),
    "storage": ("StorageDelete", "StorageRead", "StorageWrite"),
    "schedule": ("WorkflowRuntime",),
}


@dataclass(frozen=True, kw_only=True)
class WatchedExchange:
    """What is watched, and by whom."""

    watch: AzureWatch
    workspace_id: Input[str]
    """Where the logs go."""
    factory: datafactory.Factory
    runtime: datafactory.IntegrationRuntime
    runtimes: int
    """Machines that the runtime has."""
    vault: keyvault.Vault
    account: storage.StorageAccount
    schedule: logic.Workflow


def watch_exchange(parent: pulumi.Resource, stem: str, args: WatchedExchange) -> None:
    """Make the alerts, and have the logs written."""
    _alerts(parent, stem, args)
    logged: dict[str, Input[str]] = {
        "factory": args.factory.id,
        "vault": args.vault.id,
        "storage": Output.concat(args.account.id, "/blobServices/default"),
        "schedule": args.schedule.id,
    }
    for what, resource in logged.items():
        monitor.DiagnosticSetting(
            f"{stem}-{what}-logs",
            resource_uri=resource,
            workspace_id=args.workspace_id,
            log_analytics_destination_type="Dedicated" if what == "factory" else None,
            logs=[{"category": category, "enabled": True} for category in LOGS[what]],
            opts=ResourceOptions(parent=parent),
        )


def _alerts(parent: pulumi.Resource, stem: str, args: WatchedExchange) -> None:
    of_factory: dict[str, Any] = {"watch": args.watch, "of": args.factory.id, "namespace": FACTORY}
    azure_alert(
        parent,
        f"{stem}-failed",
        why="Data Factory could not copy what was published. See the run's error in its monitor.",
        metric="PipelineFailedRuns",
        statistic="Total",
        comparison="GreaterThan",
        threshold=0,
        **of_factory,
    )
    azure_alert(
        parent,
        f"{stem}-nodes",
        why="A machine of Data Factory's runtime is missing; without any, nothing is copied.",
        metric="IntegrationRuntimeAvailableNodeNumber",
        statistic="Average",
        comparison="LessThan",
        threshold=args.runtimes - 0.5,  # a machine that is patched is away for some of the quarter of an hour
        each={"IntegrationRuntimeName": [args.runtime.name]},
        severity=1,
        **of_factory,
    )
    azure_alert(
        parent,
        f"{stem}-not-started",
        why="The schedule could not start Data Factory's pipelines. See the workflow's run history.",
        metric="RunsFailed",
        statistic="Total",
        comparison="GreaterThan",
        threshold=0,
        watch=args.watch,
        of=args.schedule.id,
        namespace="Microsoft.Logic/workflows",
    )
