"""Glue jobs that run the scripts of `etl/`, and the state machine that runs them in order.

A run of the pipeline curates every dataset, builds every mart and publishes what is shared
(components/lake/pipeline.py); a failed step is tried again, for a job that runs twice changes nothing more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions

import settings
from components.blocks.event_rules import tell
from components.blocks.policies import ANYTHING, Grantee, allow, attach
from components.blocks.watched import WatchedPlace
from components.lake.pipeline import Plan, definition
from components.lake.state_machine import StateMachineArgs, schedule, state_machine

CATALOG = "glue_catalog"
"""What Spark calls the Glue catalog."""
JOBS = ("curate", "build_mart", "publish")
PIPELINE = "lake-pipeline"
"""Physical name of the state machine."""


@dataclass(frozen=True, kw_only=True)
class ProcessingArgs:
    """What is run, with which code, and where."""

    where: WatchedPlace
    processing: settings.Processing
    datasets: Sequence[str]
    marts: Mapping[str, Sequence[str]]
    """Mart -> the datasets that it is built of."""
    exchanges: Sequence[str]
    """The shared tables."""
    scripts: Mapping[str, Input[str]]
    """Job -> s3:// address of its script."""
    py_files: Sequence[Input[str]]
    """s3:// addresses of the archives that every job imports from."""
    extra_files: Sequence[Input[str]]
    """s3:// addresses of files that every job finds in its working folder."""
    exchange_rates: Input[str]
    """s3:// address of the rates in use."""
    exchange_bucket: Input[str]
    """Name of the bucket that snapshots are published to."""
    warehouse: Input[str]
    """s3:// address below which Iceberg would put tables that name no location."""
    roles: Mapping[str, Grantee]
    """By job."""
    pipeline_role: Grantee
    scheduler_role: Grantee
    lake_key_arn: Input[str]
    """Encrypts what jobs write."""
    depends_on: Sequence[Resource]
    """What must exist before the state machine: other grants of `pipeline_role`."""
    subnet_id: Input[str]
    zone: str
    """The subnet's."""
    security_group_id: Input[str]


class Processing(ComponentResource):
    """The component makes the jobs, and the state machine that runs them, by a schedule if the settings have one."""

    jobs: dict[str, aws.glue.Job]
    """By name."""
    pipeline: aws.sfn.StateMachine

    def __init__(self, name: str, args: ProcessingArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:processing:Processing", name, {}, args.where.options(opts))
        self._name, self._args, self._own = name, args, ResourceOptions(parent=self)
        self._security = aws.glue.SecurityConfiguration(
            f"{name}-security",
            encryption_configuration={
                "cloudwatch_encryption": {
                    "cloudwatch_encryption_mode": "SSE-KMS",
                    "kms_key_arn": args.where.logs_key_arn,
                },
                "job_bookmarks_encryption": {
                    "job_bookmarks_encryption_mode": "CSE-KMS",
                    "kms_key_arn": args.lake_key_arn,
                },
                "s3_encryption": {"s3_encryption_mode": "SSE-KMS", "kms_key_arn": args.lake_key_arn},
            },
            opts=self._own,
        )
        self._connection = aws.glue.Connection(
            f"{name}-network",
            connection_type="NETWORK",
            description="Puts jobs into the VPC",
            physical_connection_requirements={
                "availability_zone": args.zone,
                "security_group_id_lists": [args.security_group_id],
                "subnet_id": args.subnet_id,
            },
            tags=args.where.tags,
            opts=self._own,
        )
        # Glue writes its own and Spark's lines to <prefix>/error, what the job prints to <prefix>/output.
        self._logs = {job: [self._log_group(f"glue/{job}/{kind}") for kind in ("error", "output")] for job in JOBS}
        self.jobs = {job: self._job(job) for job in JOBS}
        self._watch_jobs()
        self.pipeline = self._pipeline()
        if args.processing.schedule:
            schedule(
                self,
                name,
                expression=args.processing.schedule,
                machine=self.pipeline,
                role=args.scheduler_role,
            )
        self.register_outputs({"jobs": list(self.jobs), "pipeline": self.pipeline.arn})

    def grant_operate(self, grantee: Grantee) -> aws.iam.RolePolicy:
        """Let people start and stop the pipeline, and read what it and everything else of the environment logs."""
        where = self._args.where
        executions = where.arn("states", f"execution:{PIPELINE}:*")
        groups = [where.arn("logs", f"log-group:{prefix}{where.log_group('*')}") for prefix in ("", "/aws/vendedlogs")]
        return attach(
            self,
            f"{self._name}-operate-{grantee.name}",
            grantee,
            [
                allow(
                    ["states:DescribeStateMachine", "states:ListExecutions", "states:StartExecution"],
                    [self.pipeline.arn],
                ),
                allow(["states:DescribeExecution", "states:GetExecutionHistory", "states:StopExecution"], [executions]),
                allow(["glue:GetJobRun", "glue:GetJobRuns"], [job.arn for job in self.jobs.values()]),
                allow(
                    ["logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents", "logs:StartQuery"],
                    groups,
                ),
                # A query over logs has an id, but no ARN.
                allow(["logs:GetQueryResults", "logs:StopQuery"], [ANYTHING]),
            ],
        )

    def _log_group(self, path: str) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            f"{self._name}-{path.replace('/', '-').replace('_', '-')}-logs",
            name=self._args.where.log_group(path),
            retention_in_days=self._args.processing.log_days,
            kms_key_id=self._args.where.logs_key_arn,
            tags=self._args.where.tags,
            opts=self._own,
        )

    def _job(self, job: str) -> aws.glue.Job:
        args = self._args
        self._grant_run(job, args.roles[job])
        return aws.glue.Job(
            f"{self._name}-{job.replace('_', '-')}",
            name=job,
            description={
                "curate": "Raw to curated, a run a dataset",
                "build_mart": "Curated to a mart",
                "publish": "Snapshots of the shared tables",
            }[job],
            role_arn=args.roles[job].arn,
            command={"name": "glueetl", "python_version": "3", "script_location": args.scripts[job]},
            glue_version=args.processing.glue_version,
            worker_type=args.processing.worker_type,
            number_of_workers=args.processing.workers,
            timeout=args.processing.timeout_minutes,
            # The state machine tries again; two layers of it would multiply.
            max_retries=0,
            # What the account has no capacity for waits, instead of failing an attempt.
            job_run_queuing_enabled=True,
            notification_property={"notify_delay_after": self._late_minutes},
            execution_property={"max_concurrent_runs": args.processing.concurrent_runs},
            security_configuration=self._security.name,
            connections=[self._connection.name],
            default_arguments={
                "--job-language": "python",
                "--contracts": "contracts.json",
                "--exchange_rates": args.exchange_rates,
                "--exchange_bucket": args.exchange_bucket,
                "--extra-py-files": _joined(args.py_files),
                "--extra-files": _joined(args.extra_files),
                "--datalake-formats": "iceberg",
                "--conf": Output.from_input(args.warehouse).apply(spark_conf),
                # By default Glue sends calls to AWS by a proxy of its own, past our endpoints, and the lake takes
                # objects' requests from these only. Logs go by the proxy all the same (Glue developer guide,
                # "Configuring AWS calls to go through your VPC").
                "--disable-proxy-v2": "true",
                # Logs are continuous in Glue 5 by themselves: --enable-continuous-cloudwatch-log is for 4 and before.
                "--enable-auto-scaling": "true",
                "--enable-metrics": "true",
                "--enable-observability-metrics": "true",
                "--custom-logGroup-prefix": args.where.log_group(f"glue/{job}"),
            },
            tags=args.where.tags,
            opts=self._own,
        )

    def _grant_run(self, job: str, grantee: Grantee) -> None:
        """Grant what any job needs to run: its logs, its metrics, and interfaces in the VPC."""
        attach(
            self,
            f"{self._name}-run-{grantee.name}",
            grantee,
            [
                allow(
                    ["logs:AssociateKmsKey", "logs:CreateLogStream", "logs:PutLogEvents"],
                    [arn for group in self._logs[job] for arn in (group.arn, Output.concat(group.arn, ":*"))],
                ),
                allow(["glue:GetConnection"], [self._connection.arn, _catalog_arn(self._connection.arn)]),
                # Metrics have a namespace, but no resource.
                allow(
                    ["cloudwatch:PutMetricData"], [ANYTHING], when={"StringEquals": {"cloudwatch:namespace": "Glue"}}
                ),
                # Glue marks the interfaces that it makes, and only those may be marked.
                allow(
                    ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"],
                    [self._args.where.arn("ec2", "*/*")],
                ),
                allow(
                    ["ec2:CreateTags", "ec2:DeleteTags"],
                    [self._args.where.arn("ec2", "network-interface/*")],
                    when={"ForAllValues:StringEquals": {"aws:TagKeys": ["aws-glue-service-resource"]}},
                ),
                # Looking networks up has no resource level.
                allow(
                    [
                        "ec2:DescribeNetworkInterfaces",
                        "ec2:DescribeRouteTables",
                        "ec2:DescribeSecurityGroups",
                        "ec2:DescribeSubnets",
                        "ec2:DescribeVpcAttribute",
                        "ec2:DescribeVpcEndpoints",
                    ],
                    [ANYTHING],
                ),
            ],
        )

    def _pipeline(self) -> aws.sfn.StateMachine:
        args = self._args
        names = Output.all(*(self.jobs[job].name for job in JOBS), args.where.alarms.topic_arn)
        return state_machine(
            self,
            self._name,
            StateMachineArgs(
                where=args.where,
                physical_name=PIPELINE,
                definition=names.apply(lambda known: json.dumps(definition(self._plan(*known)))),
                job_arns=[job.arn for job in self.jobs.values()],
                role=args.pipeline_role,
                log_days=args.processing.log_days,
                depends_on=args.depends_on,
            ),
        )

    def _plan(self, curate: str, build_mart: str, publish: str, alerts_topic_arn: str) -> Plan:
        args = self._args
        return Plan(
            curate=curate,
            build_mart=build_mart,
            publish=publish,
            alerts_topic_arn=alerts_topic_arn,
            datasets=args.datasets,
            marts=args.marts,
            exchanges=args.exchanges,
            concurrent_runs=args.processing.concurrent_runs,
            timeout_seconds=60 * args.processing.pipeline_timeout_minutes,
        )

    def _watch_jobs(self) -> None:
        """Tell people of each attempt of a job that fails or takes long: the pipeline reports the last attempt only."""
        args, jobs = self._args, [job.name for job in self.jobs.values()]
        paths = {"job": "$.detail.jobName", "state": "$.detail.state", "run": "$.detail.jobRunId"}
        tell(
            self,
            f"{self._name}-job-failed",
            where=args.where,
            description="Runs of our Glue jobs that failed or took too long",
            pattern={
                "source": ["aws.glue"],
                "detail-type": ["Glue Job State Change"],
                "detail": {"jobName": jobs, "state": ["FAILED", "TIMEOUT", "ERROR"]},
            },
            paths={**paths, "message": "$.detail.message"},
            text="Glue job <job>, run <run>, ended as <state>: <message>. The pipeline tries it twice more; a message "
            "of its own follows if it gives up.",
        )
        tell(
            self,
            f"{self._name}-job-late",
            where=args.where,
            description="Runs of our Glue jobs that take longer than their delay notification says",
            pattern={
                "source": ["aws.glue"],
                "detail-type": ["Glue Job Run Status"],
                "detail": {"jobName": jobs, "state": ["STARTING", "RUNNING", "STOPPING"]},
            },
            paths=paths,
            text=f"Glue job <job>, run <run>, has been <state> for more than {self._late_minutes} minutes. It is "
            f"stopped at {args.processing.timeout_minutes}.",
        )

    @property
    def _late_minutes(self) -> int:
        return max(1, self._args.processing.timeout_minutes // 2)


def spark_conf(warehouse: str) -> str:
    """Return Spark's properties as one value of --conf, with the option repeated between them, as Glue wants it."""
    catalog = f"spark.sql.catalog.{CATALOG}"
    properties = {
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        catalog: "org.apache.iceberg.spark.SparkCatalog",
        f"{catalog}.catalog-impl": "org.apache.iceberg.aws.glue.GlueCatalog",
        f"{catalog}.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        f"{catalog}.warehouse": warehouse,
        "spark.sql.session.timeZone": "UTC",
    }
    return " --conf ".join(f"{key}={value}" for key, value in properties.items())


def _joined(uris: Sequence[Input[str]]) -> Output[str]:
    return Output.all(*uris).apply(lambda known: ",".join(known))


def _catalog_arn(connection_arn: Output[str]) -> Output[str]:
    """Return the ARN of the catalog that a connection is in; Glue asks for the right on both."""
    return connection_arn.apply(lambda arn: f"{arn.rsplit(':', 1)[0]}:catalog")
