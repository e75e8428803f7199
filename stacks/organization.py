"""The organization: the accounts that the other stacks deploy into, what they may not do, and how they are watched."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

import settings
from components.account.alerts import Alerts, AlertsArgs
from components.account.encryption import Encryption, EncryptionArgs
from components.blocks.place import Place
from components.blocks.watched import WatchedPlace
from components.organization.account_baseline import AccountBaseline, AccountBaselineArgs
from components.organization.delivery import Delivery, DeliveryArgs
from components.organization.detection import Detection, DetectionArgs
from components.organization.guardrails import Guardrails, GuardrailsArgs
from components.organization.log_archive import LogArchive, LogArchiveArgs
from components.organization.organization import ENVIRONMENTS, SHARED, Organization, OrganizationArgs
from components.organization.trail import OrganizationTrail, OrganizationTrailArgs
from stacks.place import place_of


def organization(config: settings.OrganizationStack) -> None:
    """Accounts and their limits, then what watches all of them, then who delivers into them."""
    place = place_of(config)
    units = Organization("organization", OrganizationArgs(where=place, organization=config.organization))
    where = _limits(config, place, units)
    archive = _watch(config, where, units)
    _export(where, units, archive, _delivery(config, where, units))


def _limits(config: settings.OrganizationStack, place: Place, units: Organization) -> WatchedPlace:
    """What nobody may do in any account; the management account's keys, and whom it tells."""
    Guardrails(
        "guardrails",
        GuardrailsArgs(
            where=place,
            organization=config.organization,
            aws_organization=units.organization,
            units={name: unit.id for name, unit in units.units.items()},
        ),
    )
    keys = Encryption("keys", EncryptionArgs(where=place, encryption=config.encryption, purposes=["logs"]))
    logs_key_arn = keys.arn("logs")
    alerts = Alerts("alerts", AlertsArgs(where=place, alerts=config.alerts, kms_key_arn=logs_key_arn))
    return WatchedPlace.of(place, logs_key_arn=logs_key_arn, topic_arn=alerts.topic_arn)


def _watch(config: settings.OrganizationStack, where: WatchedPlace, units: Organization) -> LogArchive:
    """The trails of all accounts, where nobody can remove them, and who looks for what should not be."""
    shared = units.providers[SHARED]
    archive = LogArchive(
        "log-archive",
        LogArchiveArgs(
            where=where.by(shared),
            encryption=config.encryption,
            log_archive=config.organization.log_archive,
            organization_id=units.organization.id,
            account_id=units.account_ids[SHARED],
            members={name: id_ for name, id_ in units.account_ids.items() if name != SHARED},
        ),
    )
    OrganizationTrail(
        "trail",
        OrganizationTrailArgs(
            where=where,
            trail=config.organization.trail,
            organization_id=units.organization.id,
            bucket_name=archive.bucket_name,
            archive_key_arn=archive.key_arn,
        ),
    )
    Detection(
        "detection",
        DetectionArgs(
            where=where,
            organization=config.organization,
            aws_organization=units.organization,
            administrator_id=units.account_ids[SHARED],
            administrator=shared,
        ),
    )
    for account, provider in {"management": None, **units.providers}.items():
        AccountBaseline(
            f"baseline-{account}",
            AccountBaselineArgs(where=where.by(provider), organization=config.organization),
        )
    return archive


def _delivery(config: settings.OrganizationStack, where: WatchedPlace, units: Organization) -> Mapping[str, Delivery]:
    """Account -> the roles by which the repository's pipeline comes into it."""
    return {
        account: Delivery(
            f"delivery-{account}",
            DeliveryArgs(
                where=where.by(units.providers[account]),
                organization=config.organization,
                account_id=units.account_ids[account],
                environment=environment,
            ),
        )
        for account, environment in ENVIRONMENTS.items()
    }


def _export(where: WatchedPlace, units: Organization, archive: LogArchive, deliveries: Mapping[str, Delivery]) -> None:
    """What the environments read (`components.account.deployment_target`), and who is told."""
    pulumi.export("accounts", units.account_ids)
    pulumi.export("organization_id", units.organization.id)
    pulumi.export("alerts", where.alarms.topic_arn)
    pulumi.export("log_archive_bucket", archive.bucket_name)
    pulumi.export("log_archive_key_arn", archive.key_arn)
    pulumi.export("deploy_roles", {account: made.deploy.arn for account, made in deliveries.items()})
    pulumi.export("preview_roles", {account: made.preview.arn for account, made in deliveries.items()})
