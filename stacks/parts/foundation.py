"""What everything else stands on: roles, keys, who is told, and the network."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pulumi import Output

from components.account.access import Access, AccessArgs
from components.account.alerts import Alerts, AlertsArgs
from components.account.audit import TRAIL
from components.account.deployment_target import DeploymentTarget
from components.account.encryption import Encryption, EncryptionArgs
from components.blocks.exchange_way import ExchangeWay
from components.blocks.place import Place
from components.blocks.watched import WatchedPlace
from components.ingest.cdc import LOGS_ROLE, NETWORK_ROLE
from components.ingest.database import FUNCTION as CAPTURE_USER
from components.ingest.landing import FUNCTION as LANDING
from components.ingest.sinks import connector_name
from components.lake.processing import PIPELINE
from components.network.network import Network, NetworkArgs
from components.share.pubsub_bridge import FUNCTION as BRIDGE
from contracts import Contracts
from settings import DataStack
from stacks.place import place_of
from stacks.sharing import Sharing


@dataclass(frozen=True, kw_only=True)
class Foundation:
    """`where` is what every later component is given."""

    where: WatchedPlace
    target: DeploymentTarget
    access: Access
    keys: Encryption
    alerts: Alerts
    network: Network
    exchange: ExchangeWay | None
    """By which way Azure comes to published snapshots, if it does."""

    @property
    def application_subnet_ids(self) -> list[Output[str]]:
        """Of functions, connectors, jobs and the warehouse."""
        return self.network.subnet_ids("applications")

    def group_id(self, group: str) -> Output[str]:
        """The security group of one of `traffic.GROUPS`."""
        return self.network.groups[group].id


def lay_foundation(config: DataStack, data: Contracts, sharing: Sharing, target: DeploymentTarget) -> Foundation:
    """Roles first, for keys and endpoints name them; then the place is watched, and the network's logs have a key."""
    account = place_of(config)
    provider = target.provider("account", account=account.account, region=account.region)
    # Every component is given this provider: none may use the caller's own account.
    place = replace(account, organization_id=target.organization_id, provider=provider)
    access = _access(data, sharing, place)
    keys = Encryption("keys", EncryptionArgs(where=place, encryption=config.encryption))
    logs_key_arn = keys.arn("logs")
    alerts = Alerts("alerts", AlertsArgs(where=place, alerts=config.alerts, kms_key_arn=logs_key_arn))
    where = WatchedPlace.of(place, logs_key_arn=logs_key_arn, topic_arn=alerts.topic_arn)
    exchange = sharing.exchange(where)
    network = Network(
        "network",
        NetworkArgs(
            where=where,
            network=config.network,
            kafka_authentication=config.streaming.authentication,
            reaches_google=sharing.bridge is not None,
            exchange=exchange,
            flow_log_role=access.flow_logs,
        ),
    )
    return Foundation(
        where=where, target=target, access=access, keys=keys, alerts=alerts, network=network, exchange=exchange
    )


def _access(data: Contracts, sharing: Sharing, place: Place) -> Access:
    return Access(
        "access",
        AccessArgs(
            where=place,
            connectors={topic.name: connector_name(topic) for topic in data.topics},
            pipeline=PIPELINE,
            landing=LANDING,
            capture_user=CAPTURE_USER,
            migration_roles=(NETWORK_ROLE, LOGS_ROLE),
            trail=TRAIL,
            bridge=BRIDGE if sharing.bridge else None,
        ),
    )
