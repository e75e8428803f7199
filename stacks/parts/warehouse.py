"""The warehouse over the lake, and the people who ask it or run the pipeline."""

from __future__ import annotations

import contracts
from components.account.people import People, PeopleArgs, Person
from components.lake.processing import PIPELINE, Processing
from components.lake.warehouse import Warehouse, WarehouseArgs
from contracts import Contracts
from settings import DataStack
from stacks.parts.foundation import Foundation
from stacks.parts.lake import LakePart


def open_warehouse(
    config: DataStack, data: Contracts, base: Foundation, lake: LakePart, processing: Processing
) -> Warehouse:
    """The statements run when the tables and Redshift's rights on them are there; then people may ask."""
    region, role = base.where.region, base.access.warehouse
    warehouse = Warehouse(
        "warehouse",
        WarehouseArgs(
            where=base.where,
            warehouse=config.warehouse,
            role=role,
            statements=lambda arn: contracts.warehouse_statements(data, database_role_arn=arn, region=region),
            subnet_ids=base.application_subnet_ids,
            security_group_id=base.group_id("warehouse"),
            kms_key_arn=base.keys.arn("warehouse"),
            secrets_key_arn=base.keys.arn("secrets"),
            depends_on=[*lake.catalog.tables.values(), *lake.grants.of(role)],
        ),
    )
    people = _people(config, base)
    for person in people.roles.values():
        warehouse.grant_query(person)
    processing.grant_operate(people.roles["engineer"])
    return warehouse


def _people(config: DataStack, base: Foundation) -> People:
    return People(
        "people",
        PeopleArgs(
            where=base.where,
            roles={
                "analyst": Person(
                    permission_set=config.people.analysts,
                    database_role=contracts.ANALYST,
                    purpose="Asks the warehouse; sees no personal data",
                ),
                "engineer": Person(
                    permission_set=config.people.engineers,
                    database_role=contracts.ENGINEER,
                    purpose="Runs the pipeline, reads its logs, and every table in the warehouse",
                ),
            },
            pipeline=PIPELINE,
        ),
    )
