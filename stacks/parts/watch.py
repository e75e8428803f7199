"""What watches the environment: the trail of the lake, and one picture of the data's way with every alarm."""

from __future__ import annotations

from components.account.audit import Audit, AuditArgs
from components.account.dashboard import Dashboard, DashboardArgs
from components.ingest.landing import FAILURES as LANDING_FAILURES
from components.ingest.landing import FUNCTION as LANDING
from components.ingest.sinks import COMMITS, connector_name
from components.lake.processing import JOBS
from components.share.pubsub_bridge import FAILURES as BRIDGE_FAILURES
from components.share.pubsub_bridge import FUNCTION as BRIDGE
from contracts import Contracts
from settings import DataStack
from stacks.parts.backbone import Backbone


def watch(config: DataStack, data: Contracts, made: Backbone) -> None:
    """Comes last: the dashboard shows the alarms that were made before it."""
    Audit(
        "audit",
        AuditArgs(
            where=made.base.where,
            audit=config.audit,
            bucket_arns=[bucket.arn for bucket in made.lake.lake.buckets.values()],
            archive_bucket=made.base.target.log_archive_bucket,
            archive_key_arn=made.base.target.log_archive_key_arn,
            role=made.base.access.trail,
        ),
    )
    connectors = {f"connect-{connector_name(topic)}": topic.name for topic in data.topics}
    Dashboard(
        "dashboard",
        DashboardArgs(
            where=made.base.where,
            kafka=made.streams.streaming.kafka,
            groups={**connectors, **made.google.groups},
            connectors=[connector_name(topic) for topic in data.topics],
            commits=COMMITS,
            capture_id=made.capture.replication.metrics_id,
            pipeline_arn=made.processing.pipeline.arn,
            jobs=JOBS,
            functions=[LANDING, *([BRIDGE] if made.google.bridge else [])],
            queues=[LANDING_FAILURES, *([BRIDGE_FAILURES] if made.google.bridge else [])],
            workgroup=made.warehouse.workgroup.workgroup_name,
            tunnels={name: at for end in made.ends for name, at in end.measured.items()},
        ),
    )
