"""The process in which a stack's program is recorded: `python -m tests.graphs.program STACK CHANGES` prints its graph.

It waits until every registration has landed. Mocks see neither protection nor ignored changes; the monitor below does.
"""

from __future__ import annotations

import asyncio
import gc
import json
import runpy
import sys
from dataclasses import asdict
from typing import Any, NoReturn

import yaml

from tests.graphs.recording import ROOT, Registered


def _plain(value: Any) -> Any:
    import pulumi

    if isinstance(value, pulumi.FileAsset | pulumi.FileArchive):
        return {"path": str(value.path)}
    if isinstance(value, pulumi.StringAsset):
        return {"text": value.text}
    if isinstance(value, pulumi.AssetArchive):
        return {"assets": {key: _plain(item) for key, item in value.assets.items()}}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def organization_outputs() -> dict[str, Any]:
    """What the organization's stack gives, with the accounts that the stack files name."""
    accounts = {}
    for stack in ("prod", "nonprod"):
        config = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
        accounts[f"{stack}-core"] = config["novaretail:account"]
    archive = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    return {
        "accounts": accounts | {"shared-services": "111122223333"},
        "deploy_roles": {name: f"arn:aws:iam::{id}:role/deploy" for name, id in accounts.items()},
        "organization_id": "o-exampleorgid",
        "log_archive_bucket": "novaretail-log-archive",
        "log_archive_key_arn": archive,
    }


def computed(type_: str, name: str) -> dict[str, Any]:
    """What a provider would give back besides the inputs, as far as the program uses it."""
    kind = type_.rsplit(":", 1)[-1]
    outputs: dict[str, Any] = {"arn": f"arn:aws:{type_.split(':')[1].split('/')[0]}:eu-west-1:000000000000:{name}"}
    if type_ == "aws:msk/cluster:Cluster":
        outputs["arn"] = "arn:aws:kafka:eu-west-1:000000000000:cluster/novaretail/0a1b-2c"
        outputs["bootstrapBrokersSaslIam"] = "b-1.iam:9098,b-2.iam:9098"
        outputs["bootstrapBrokers"] = "b-1.plain:9092"
    if type_ == "aws:rds/instance:Instance":
        outputs["address"], outputs["resourceId"] = "shop.example.eu-west-1.rds.amazonaws.com", "db-ABCD"
        outputs["masterUserSecrets"] = [{"secretArn": "arn:aws:secretsmanager:eu-west-1:000000000000:secret:rds!db-1"}]
    if type_ == "aws:dms/replicationConfig:ReplicationConfig":
        outputs["arn"] = "arn:aws:dms:eu-west-1:000000000000:replication-config:ABCD"
    if type_.startswith("aws:dms/") and "ndpoint" in kind:
        outputs["endpointArn"] = outputs["arn"]
    if type_ == "aws:ec2/vpnConnection:VpnConnection":
        outputs["transitGatewayAttachmentId"] = f"{name}-attachment"
        for tunnel in (1, 2):
            outputs[f"tunnel{tunnel}Address"] = f"{name}-address-{tunnel}"
            outputs[f"tunnel{tunnel}PresharedKey"] = f"{name}-key-{tunnel}"
    if type_ == "azure-native:network:PublicIPAddress":
        outputs["ipAddress"] = f"{name}-address"
    if type_.startswith("azure-native:"):
        outputs["identity"] = {"type": "SystemAssigned", "principalId": f"principal-of-{name}", "tenantId": "tenant"}
    if type_ == "gcp:compute/haVpnGateway:HaVpnGateway":
        outputs["vpnInterfaces"] = [{"id": 0, "ipAddress": "35.242.0.10"}, {"id": 1, "ipAddress": "35.220.0.10"}]
    if type_ == "aws:organizations/organization:Organization":
        outputs["roots"] = [{"id": "r-abcd", "name": "Root"}]
    return outputs | {
        "Certificate": {"certificateArn": outputs["arn"]},
        "CustomPlugin": {"latestRevision": 1},
        "WorkerConfiguration": {"latestRevision": 1},
        "Configuration": {"latestRevision": 1},
        "AccessKey": {"secret": f"secret-of-{name}"},
        "BucketObjectv2": {"versionId": "v1"},
        "Key": {"keyId": name},
        "Queue": {"url": f"https://sqs/{name}"},
        "Namespace": {"adminPasswordSecretArn": f"arn:aws:secretsmanager:eu-west-1:000000000000:secret:{name}"},
        "Vpc": {"defaultRouteTableId": "rtb-default"},
        "VpcEndpoint": {
            "prefixListId": "pl-1",
            "dnsEntries": [{"dnsName": f"*.vpce-{name}.s3.eu-west-1.vpce.amazonaws.com", "hostedZoneId": "Z1"}],
        },
        "Account": {"email": "pubsub-bridge@project.iam", "name": "projects/p/serviceAccounts/pubsub-bridge"},
        "ServiceIdentity": {"member": "serviceAccount:agent"},
        "WorkloadIdentityPool": {"name": "projects/1/locations/global/workloadIdentityPools/pool"},
        "WorkloadIdentityPoolProvider": {
            "name": "projects/1/locations/global/workloadIdentityPools/pool/providers/aws"
        },
    }.get(kind, {})


def _laid_over(config: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = {**config, **changes}
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(config.get(key), dict):
            merged[key] = {**config[key], **value}
    return {key: value for key, value in merged.items() if value is not None}


def main(stack: str, changes: dict[str, Any]) -> None:
    import pulumi
    from pulumi.runtime import mocks, rpc
    from pulumi.runtime import settings as runtime_settings

    class Mocks(mocks.Mocks):
        def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
            if args.typ == "pulumi:pulumi:StackReference":
                return str(args.resource_id), {**args.inputs, "outputs": organization_outputs()}
            return f"{args.name}-id", {"name": args.name, **args.inputs, **computed(args.typ, args.name)}

        def call(self, args: mocks.MockCallArgs) -> NoReturn:
            raise KeyError(f"the program looks {args.token} up: nothing is looked up while the graph is built")

    class Monitor(mocks.MockMonitor):
        seen: list[Registered] = []  # noqa: RUF012 - one program, one process
        outputs: dict[str, Any] = {}  # noqa: RUF012

        def RegisterResource(self, request: Any) -> Any:
            if request.type != "pulumi:pulumi:Stack":
                self.seen.append(
                    Registered(
                        type=request.type,
                        name=request.name,
                        parent=request.parent.rsplit("::", 1)[-1],
                        custom=request.custom,
                        inputs=_plain(rpc.deserialize_properties(request.object)),
                        protect=request.protect,
                        retain_on_delete=request.retainOnDelete,
                        ignore_changes=list(request.ignoreChanges),
                        depends_on=[urn.rsplit("::", 1)[-1] for urn in request.dependencies],
                        provider=request.provider.split("::")[-2] if request.provider else "",
                    )
                )
            return super().RegisterResource(request)

        def RegisterResourceOutputs(self, request: Any) -> Any:
            if request.urn.split("::")[2] == "pulumi:pulumi:Stack":
                self.outputs.update(_plain(rpc.deserialize_properties(request.outputs)))
            return super().RegisterResourceOutputs(request)

    gc.disable()  # the SDKs make classes by the ten thousand and none goes: to look for rubbish is half of the time
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    monitor = Monitor(Mocks())
    config = _laid_over(yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"], changes)
    pulumi.runtime.set_mocks(monitor.mocks, project="novaretail", stack=stack, preview=False, monitor=monitor)
    # set_mocks made one; run_in_stack makes the one that has the outputs
    runtime_settings.set_root_resource(None)  # type: ignore[arg-type]
    pulumi.runtime.set_all_config(
        {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    )

    def program() -> None:
        runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")

    loop.run_until_complete(pulumi.runtime.run_in_stack(program))
    json.dump({"resources": [asdict(r) for r in monitor.seen], "outputs": monitor.outputs}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
