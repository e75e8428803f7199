"""Data Factory's side of the exchange: who reaches what, how the key gets there, and what is watched."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

import contracts
from components.share.azure_runtime import COMMAND_LIMIT, command
from tests.graphs.recording import ROOT, Recording, record

LISTED = json.dumps({"novaretail:azure": {"mode": "allow_list", "allowed_ranges": ["52.166.10.0/28"]}})
SCRIPT = Path(ROOT / "bridges/exchange/runtime.ps1").read_text("utf-8")


def _of(recording: Recording, type_: str) -> list[Any]:
    return [r for r in recording.resources if r.type == f"azure-native:{type_}"]


def test_nothing_of_it_answers_the_internet(data_stack: Recording) -> None:
    assert data_stack.one("exchange-factory").inputs["publicNetworkAccess"] == "Disabled"
    account = data_stack.one("exchangestore").inputs
    assert account["publicNetworkAccess"] == "Disabled"
    assert account["networkRuleSet"] == {"bypass": "None", "defaultAction": "Deny"}
    assert account["allowBlobPublicAccess"] is account["allowSharedKeyAccess"] is account["isLocalUserEnabled"] is False
    assert account["isHnsEnabled"] is account["enableHttpsTrafficOnly"] is True
    assert account["minimumTlsVersion"] == "TLS1_2"
    vault = data_stack.one("exchange-vault").inputs["properties"]
    assert vault["publicNetworkAccess"] == "Disabled"
    assert vault["networkAcls"] == {"bypass": "None", "defaultAction": "Deny"}
    assert vault["enableRbacAuthorization"] is vault["enablePurgeProtection"] is True
    cards = _of(data_stack, "network:NetworkInterface")
    assert cards
    for card in cards:
        (address,) = card.inputs["ipConfigurations"]
        assert "publicIPAddress" not in address
        assert address["subnet"] == {"id": "azure-runtime-subnet-id"}


def test_every_part_has_an_address_and_a_name_in_the_links_network(prod: Recording) -> None:
    endpoints = {
        (connection["privateLinkServiceId"], group): endpoint
        for endpoint in _of(prod, "network:PrivateEndpoint")
        for connection in endpoint.inputs["privateLinkServiceConnections"]
        for group in connection["groupIds"]
    }
    assert endpoints.keys() == {
        ("exchange-factory-id", "dataFactory"),
        ("exchangestore-id", "dfs"),
        ("exchangestore-id", "blob"),
        ("exchange-vault-id", "vault"),
    }
    zones = {zone.name: zone.inputs["privateZoneName"] for zone in _of(prod, "privatedns:PrivateZone")}
    linked = {link.inputs["privateZoneName"]: link.inputs for link in _of(prod, "privatedns:VirtualNetworkLink")}
    assert linked.keys() == zones.keys()
    assert all(link["virtualNetwork"] == {"id": "azure-network-id"} for link in linked.values())
    for (_, part), endpoint in endpoints.items():
        assert endpoint.inputs["subnet"] == {"id": "azure-endpoints-subnet-id"}
        (group,) = [
            g.inputs
            for g in _of(prod, "network:PrivateDnsZoneGroup")
            if g.inputs["privateEndpointName"] == endpoint.name
        ]
        (config,) = group["privateDnsZoneConfigs"]
        assert config["privateDnsZoneId"] == f"exchange-{part.lower()}-zone-id"
        assert zones[f"exchange-{part.lower()}-zone"].startswith("privatelink.")


def test_what_holds_data_is_kept_with_it(prod: Recording, local: Recording) -> None:
    for name in ("exchangestore", "exchange-container", "exchange-store-deleted", "exchange-vault"):
        assert prod.one(name).protect, name
        assert prod.one(name).retain_on_delete, name
        assert not local.one(name).protect, name


def test_identities_have_these_rights_and_no_others(prod: Recording) -> None:
    group = "azure-group-id"
    found = {
        (r.inputs["principalId"], r.inputs["scope"], r.inputs["roleDefinitionId"].removeprefix(group))
        for r in _of(prod, "authorization:RoleAssignment")
    }
    built_in = "/providers/Microsoft.Authorization/roleDefinitions"
    contributor, reader = "ba92f5b4-2d11-453d-a403-e96b0029c9fe", "4633458b-17de-408a-b874-0445c86b69e6"
    assert found == {
        ("principal-of-exchange-factory", "exchange-container-id", f"{built_in}/{contributor}"),
        ("principal-of-exchange-factory", "exchange-vault-id", f"{built_in}/{reader}"),
        ("principal-of-exchange-runtime-1", "exchange-runtime-id", "exchange-runtime-key-id"),
        ("principal-of-exchange-runtime-2", "exchange-runtime-id", "exchange-runtime-key-id"),
        ("principal-of-exchange-schedule", "exchange-factory-id", "exchange-starter-id"),
    }
    for role, action in (
        ("exchange-runtime-key", "Microsoft.DataFactory/factories/integrationruntimes/listauthkeys/action"),
        ("exchange-starter", "Microsoft.DataFactory/factories/pipelines/createrun/action"),
    ):
        (permission,) = prod.one(role).inputs["permissions"]
        assert permission["actions"] == [action]
        assert permission["dataActions"] == []
        assert prod.one(role).inputs["assignableScopes"] == [group]


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        ("{}", "https://bucket.vpce-network-s3-interface.s3.eu-west-1.vpce.amazonaws.com"),
        (LISTED, "https://s3.eu-west-1.amazonaws.com"),
    ],
)
def test_s3_is_called_by_the_modes_way_with_a_key_that_comes_from_the_vault(changes: str, url: str) -> None:
    recording = record("prod", changes)
    service = recording.one("exchange-s3-service").inputs["properties"]
    assert service["serviceUrl"] == url
    assert service["accessKeyId"] == "exchange-access-key-2026-11-id"
    assert service["secretAccessKey"] == {
        "type": "AzureKeyVaultSecret",
        "store": {"type": "LinkedServiceReference", "referenceName": "vault"},
        "secretName": "aws-key-2026-11",
    }
    vault = recording.one("exchange-vault-service").inputs["properties"]
    stored = recording.one("exchange-storage-service").inputs["properties"]
    assert vault["baseUrl"] == "https://exchange-vault.vault.azure.net/"
    assert stored.keys() == {"type", "url", "connectVia"}, "no key: the factory's identity"
    for one in (service, vault, stored):
        assert one["connectVia"] == {"type": "IntegrationRuntimeReference", "referenceName": "runtime"}


def test_another_edition_is_told_to_azure_before_the_old_key_goes() -> None:
    before = record("prod")
    after = record("prod", json.dumps({"novaretail:azure": {"key_edition": "2027-02"}}))
    keys = [(r.of("AccessKey")[0].name, _of(r, "keyvault:Secret")[0].name) for r in (before, after)]
    assert keys == [
        ("exchange-access-key-2026-11", "exchange-key-2026-11"),
        ("exchange-access-key-2027-02", "exchange-key-2027-02"),
    ]
    # The engine deletes what is no more after everything else: the linked service has the new key by then.
    (secret,) = _of(after, "keyvault:Secret")
    assert secret.retain_on_delete, "Key Vault deletes nothing for who comes from outside its network"
    service = after.one("exchange-s3-service")
    assert {"exchange-key-2027-02", "exchange-access-key-2027-02", "lake-exchange"} <= set(service.depends_on)
    assert service.inputs["properties"]["accessKeyId"] == "exchange-access-key-2027-02-id"
    assert service.inputs["properties"]["secretAccessKey"]["secretName"] == "aws-key-2027-02"
    # Nothing else of Azure changes: machines go on as they are.
    changed = {r.name for r in after.resources if r.type.startswith("azure-native:")} ^ {
        r.name for r in before.resources if r.type.startswith("azure-native:")
    }
    assert changed == {"exchange-key-2026-11", "exchange-key-2027-02"}


def test_the_secret_is_nowhere_but_in_the_vault_and_in_no_plain_text(prod: Recording) -> None:
    secret = "secret-of-exchange-access-key-2026-11"
    holders = [r.name for r in prod.resources if secret in json.dumps(r.inputs)]
    assert holders == ["exchange-key-2026-11"]
    assert secret not in json.dumps(prod.outputs)


def test_machines_are_hardened_patched_and_in_zones_of_their_own(prod: Recording) -> None:
    machines = _of(prod, "compute:VirtualMachine")
    assert sorted(m.inputs["zones"] for m in machines) == [["1"], ["2"]]
    for machine in machines:
        assert machine.inputs["securityProfile"] == {
            "encryptionAtHost": True,
            "securityType": "TrustedLaunch",
            "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True},
        }
        assert machine.inputs["identity"] == {"type": "SystemAssigned"}
        assert machine.ignore_changes == ["osProfile.adminPassword"]
        windows = json.dumps(machine.inputs["osProfile"])
        assert '"patchMode": "AutomaticByPlatform"' in windows
    assert len(_of(record("nonprod"), "compute:VirtualMachine")) == 1


def test_a_machine_fetches_the_runtimes_key_itself_and_no_key_is_in_what_starts_it(prod: Recording) -> None:
    for number in (1, 2):
        extension = prod.one(f"exchange-runtime-{number}-runtime")
        assert f"exchange-runtime-{number}-key-reader" in extension.depends_on
        started = extension.inputs["protectedSettings"]["commandToExecute"]
        text = base64.b64decode(started.rsplit(" ", 1)[-1]).decode("utf-16-le")
        assert text.startswith("$Runtime = 'exchange-runtime-id'\n")
        assert "https://management.azure.com$Runtime/listAuthKeys?api-version=2018-06-01" in text
        assert "Get-AuthenticodeSignature" in text
        assert not re.search(r"IR@|secret-of", text)


def test_what_starts_a_machine_fits_into_a_command_line_with_the_longest_id() -> None:
    longest = "/subscriptions/" + "0" * 36 + "/resourceGroups/" + "g" * 90 + "/providers/" + "f" * 200
    assert len(command(SCRIPT, longest)) <= COMMAND_LIMIT
    with pytest.raises(ValueError, match="8191"):
        command(SCRIPT * 3, longest)


def test_every_table_that_is_shared_with_azure_is_started_by_the_schedule(prod: Recording) -> None:
    shared = {e.name for e in contracts.load().exchanges if e.target == "azure"}
    assert shared
    pipelines = {p.inputs["pipelineName"] for p in _of(prod, "datafactory:Pipeline")}
    assert pipelines == {f"exchange-{table}" for table in shared} | {"exchange-manifest", "exchange-files"}
    workflow = prod.one("exchange-schedule").inputs
    assert workflow["state"] == "Enabled"
    definition = (
        json.loads(workflow["definition"]) if isinstance(workflow["definition"], str) else workflow["definition"]
    )
    assert definition["triggers"]["schedule"]["recurrence"] == {"frequency": "Minute", "interval": 60}
    calls = {action["inputs"]["uri"] for action in definition["actions"].values()}
    assert calls == {
        f"https://management.azure.comexchange-{table.replace('_', '-')}-pipeline-id/createRun?api-version=2018-06-01"
        for table in shared
    }
    for action in definition["actions"].values():
        assert action["inputs"]["authentication"]["type"] == "ManagedServiceIdentity"
    for table in shared:
        assert prod.one(f"exchange-{table.replace('_', '-')}-pipeline").inputs["concurrency"] == 1


def test_failed_copies_missing_machines_and_failed_starts_are_told(prod: Recording) -> None:
    alerts = {
        criterion["metricName"]: (alert.inputs["scopes"], criterion)
        for alert in _of(prod, "monitor:MetricAlert")
        if alert.name.startswith("exchange-")
        for criterion in alert.inputs["criteria"]["allOf"]
    }
    assert {metric: scopes for metric, (scopes, _) in alerts.items()} == {
        "PipelineFailedRuns": ["exchange-factory-id"],
        "IntegrationRuntimeAvailableNodeNumber": ["exchange-factory-id"],
        "RunsFailed": ["exchange-schedule-id"],
    }
    nodes = alerts["IntegrationRuntimeAvailableNodeNumber"][1]
    assert (nodes["operator"], nodes["threshold"]) == ("LessThan", 1.5)
    logged = {s.inputs["resourceUri"] for s in _of(prod, "monitor:DiagnosticSetting") if s.name.startswith("exchange-")}
    assert logged == {
        "exchange-factory-id",
        "exchange-vault-id",
        "exchangestore-id/blobServices/default",
        "exchange-schedule-id",
    }
