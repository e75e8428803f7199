"""A machine that runs Data Factory's copies inside the virtual network; nobody signs in to it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi import Input, Output, ResourceOptions
from pulumi_azure_native import authorization, compute, network

from components.blocks.azure_identity import principal_id

ADMINISTRATOR = "runtime"
"""Azure makes no Windows machine without one; the script that installs the runtime disables it."""
COMMAND_LIMIT = 8191
"""Characters of a command line of Windows, by which the extension starts the script."""


@dataclass(frozen=True, kw_only=True)
class MachineArgs:
    """Which machine it is, where, and of which runtime it becomes a node."""

    number: int
    """From 1; each is in a zone of its own, as far as there are zones."""
    resource_group: Input[str]
    location: str
    subnet_id: Input[str]
    size: str
    seed: Input[str]
    """The secret that the machine's first password is derived from."""
    runtime_id: Input[str]
    key_reader: authorization.RoleDefinition
    """May read the runtime's key."""
    script: str
    """Installs the runtime."""
    tags: Mapping[str, str]


def machine(parent: pulumi.Resource, stem: str, args: MachineArgs) -> compute.VirtualMachine:
    """Make the machine, let it read the runtime's key, and have it install the runtime."""
    name, own = f"{stem}-{args.number}", ResourceOptions(parent=parent)
    card = network.NetworkInterface(
        f"{name}-card",
        resource_group_name=args.resource_group,
        location=args.location,
        ip_configurations=[
            {
                "name": "private",
                "primary": True,
                "private_ip_address_version": "IPv4",
                "private_ip_allocation_method": "Dynamic",
                "subnet": {"id": args.subnet_id},
            }
        ],
        enable_accelerated_networking=True,
        enable_ip_forwarding=False,
        tags=args.tags,
        opts=own,
    )
    made = compute.VirtualMachine(
        name,
        resource_group_name=args.resource_group,
        location=args.location,
        zones=[str((args.number - 1) % 3 + 1)],
        hardware_profile={"vm_size": args.size},
        identity={"type": compute.ResourceIdentityType.SYSTEM_ASSIGNED},
        network_profile={"network_interfaces": [{"id": card.id, "primary": True, "delete_option": "Detach"}]},
        os_profile={
            "computer_name": f"runtime-{args.number}",
            "admin_username": ADMINISTRATOR,
            "admin_password": Output.secret(args.seed).apply(lambda seed: _password(seed, name)),
            "allow_extension_operations": True,
            "windows_configuration": {
                "provision_vm_agent": True,
                "enable_automatic_updates": True,
                "time_zone": "UTC",
                "patch_settings": {
                    "assessment_mode": "AutomaticByPlatform",
                    "patch_mode": "AutomaticByPlatform",
                    "automatic_by_platform_settings": {"reboot_setting": "IfRequired"},
                },
            },
        },
        security_profile={
            "encryption_at_host": True,
            "security_type": "TrustedLaunch",
            "uefi_settings": {"secure_boot_enabled": True, "v_tpm_enabled": True},
        },
        storage_profile={
            "image_reference": {
                "publisher": "MicrosoftWindowsServer",
                "offer": "WindowsServer",
                "sku": "2022-datacenter-azure-edition",
                "version": "latest",
            },
            "os_disk": {
                "create_option": "FromImage",
                "caching": compute.CachingTypes.READ_WRITE,
                "delete_option": "Delete",
                "managed_disk": {"storage_account_type": "Premium_LRS"},
            },
        },
        diagnostics_profile={"boot_diagnostics": {"enabled": True}},
        tags=args.tags,
        # Azure changes no password of a machine that exists, and this one is forgotten by then.
        opts=ResourceOptions(parent=parent, ignore_changes=["osProfile.adminPassword"]),
    )
    reads = authorization.RoleAssignment(
        f"{name}-key-reader",
        scope=args.runtime_id,
        role_definition_id=args.key_reader.id,
        principal_id=principal_id(made),
        principal_type="ServicePrincipal",
        opts=own,
    )
    compute.VirtualMachineExtension(
        f"{name}-runtime",
        resource_group_name=args.resource_group,
        location=args.location,
        vm_name=made.name,
        publisher="Microsoft.Compute",
        type="CustomScriptExtension",
        type_handler_version="1.10",
        auto_upgrade_minor_version=True,
        protected_settings=Output.from_input(args.runtime_id).apply(
            lambda runtime: {"commandToExecute": command(args.script, runtime)}
        ),
        tags=args.tags,
        opts=ResourceOptions(parent=parent, depends_on=[reads]),
    )
    return made


def command(script: str, runtime_id: str) -> str:
    """Return the command that runs the script for a runtime, without a file that would have to be fetched.

    Raises: ValueError if the command is longer than Windows takes.
    """
    text = f"$Runtime = '{runtime_id}'\n" + "\n".join(
        line for line in script.splitlines() if line.strip() and not line.lstrip().startswith("#")
    )
    encoded = base64.b64encode(text.encode("utf-16-le")).decode()
    whole = f"powershell -NoProfile -NonInteractive -ExecutionPolicy Unrestricted -EncodedCommand {encoded}"
    if len(whole) > COMMAND_LIMIT:
        raise ValueError(f"the runtime's script makes a command of {len(whole)} characters: Windows: {COMMAND_LIMIT}")
    return whole


def _password(seed: str, name: str) -> str:
    """Make the password of the machine's first minutes, of the four kinds of characters that Azure asks for."""
    return "aA1!" + hmac.new(seed.encode(), name.encode(), hashlib.sha256).hexdigest()
