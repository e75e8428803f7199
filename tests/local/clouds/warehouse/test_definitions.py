from __future__ import annotations

import multiprocessing
from multiprocessing.synchronize import Barrier

import pytest

import contracts
from local.clouds.warehouse import Warehouse, WarehouseError
from local.site import Site

ROLES = 60


def test_every_statement_of_the_contracts_runs(site: Site) -> None:
    warehouse = Warehouse(site)
    warehouse.reset()

    for statement in contracts.warehouse_statements(
        contracts.load(), database_role_arn="arn:aws:iam::123456789012:role/warehouse", region="eu-west-1"
    ):
        warehouse.execute(statement.sql)

    schemas = warehouse.execute("SELECT schemaname FROM svv_external_schemas ORDER BY 1").rows
    assert schemas == (("analytics",), ("curated",), ("operations",))
    assert warehouse.execute("SELECT * FROM svv_roles").rows == (("analyst",), ("bi",), ("engineer",))
    open_to_people = "SELECT namespace_name FROM svv_schema_privileges WHERE identity_name IN ('analyst', 'bi')"
    assert set(warehouse.execute(open_to_people).rows) == {("reports",)}
    bi = "SELECT relation_name FROM svv_relation_privileges WHERE identity_name = 'bi' ORDER BY 1"
    assert warehouse.execute(bi).rows == tuple((mart.name,) for mart in contracts.load().marts)


def test_statements_are_idempotent_where_redshifts_are(warehouse: Warehouse) -> None:
    for _ in range(2):
        warehouse.execute(
            "CREATE EXTERNAL SCHEMA IF NOT EXISTS curated FROM DATA CATALOG DATABASE 'lake_curated' IAM_ROLE 'arn:x'"
        )
        warehouse.execute("CREATE SCHEMA IF NOT EXISTS reports")
        warehouse.execute("CREATE OR REPLACE VIEW reports.one AS SELECT 1 AS a")
        warehouse.execute("GRANT USAGE ON SCHEMA reports TO bob")

    assert len(warehouse.execute("SELECT * FROM svv_schema_privileges").rows) == 1


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        (
            "CREATE EXTERNAL SCHEMA curated FROM DATA CATALOG DATABASE 'x' IAM_ROLE 'arn:x'",
            r'schema "curated" already exists',
        ),
        ("CREATE SCHEMA public", r'schema "public" already exists'),
        ("CREATE ROLE analyst", r'role "analyst" already exists'),
        ("CREATE VIEW public.v AS SELECT 2", r'relation "public.v" already exists'),
        ("CREATE VIEW curated.v AS SELECT 2", r'"curated" is an external schema'),
        ("CREATE VIEW public.w AS SELECT * FROM curated.orders", r"add WITH NO SCHEMA BINDING"),
        ("GRANT USAGE ON SCHEMA curated TO ROLE nobody", r'role "nobody" does not exist; there are: analyst'),
        ("GRANT USAGE ON SCHEMA nowhere TO ROLE analyst", r'schema "nowhere" does not exist'),
        ("GRANT SELECT ON ALL TABLES IN SCHEMA curated TO ROLE analyst", r"GRANT USAGE ON SCHEMA curated"),
        ("GRANT SELECT ON public.none TO ROLE analyst", r'relation "public.none" does not exist'),
        ("DROP ROLE nobody", r'role "nobody" does not exist'),
        ("DROP VIEW public.none", r'view "public.none" does not exist; there are: public.v'),
        ("DROP SCHEMA public", r"still has public.v; drop them or say CASCADE"),
    ],
)
def test_what_redshift_refuses_is_refused(warehouse: Warehouse, sql: str, reason: str) -> None:
    warehouse.execute("CREATE ROLE analyst; CREATE VIEW public.v AS SELECT 1")

    with pytest.raises(WarehouseError, match=reason):
        warehouse.execute(sql)


def test_grants_can_be_asked_for_and_go_with_what_they_are_on(warehouse: Warehouse) -> None:
    warehouse.execute("CREATE ROLE analyst; CREATE ROLE engineer; CREATE SCHEMA reports")
    warehouse.execute("CREATE VIEW reports.one AS SELECT 1 AS a; CREATE VIEW reports.two AS SELECT 2 AS a")
    warehouse.execute("GRANT USAGE ON SCHEMA curated, reports TO ROLE analyst, ROLE engineer")
    warehouse.execute("GRANT SELECT ON ALL TABLES IN SCHEMA reports TO ROLE analyst")
    warehouse.execute("GRANT ROLE analyst TO ROLE engineer")

    schemas = "SELECT namespace_name, identity_name FROM svv_schema_privileges ORDER BY 1, 2"
    relations = "SELECT relation_name, privilege_type, identity_name FROM svv_relation_privileges ORDER BY 1"
    assert warehouse.execute(schemas).rows == (
        ("curated", "analyst"),
        ("curated", "engineer"),
        ("reports", "analyst"),
        ("reports", "engineer"),
    )
    assert warehouse.execute(relations).rows == (("one", "SELECT", "analyst"), ("two", "SELECT", "analyst"))
    assert warehouse.execute("SELECT * FROM svv_role_grants").rows == (("engineer", "analyst"),)

    warehouse.execute("REVOKE USAGE ON SCHEMA curated FROM ROLE engineer; DROP VIEW reports.two")
    assert warehouse.execute(relations).rows == (("one", "SELECT", "analyst"),)
    warehouse.execute("DROP ROLE analyst; DROP SCHEMA curated CASCADE")
    assert warehouse.execute(schemas).rows == (("reports", "engineer"),)
    assert warehouse.execute("SELECT * FROM svv_role_grants").rows == ()


def test_external_tables_are_listed_with_their_place(warehouse: Warehouse) -> None:
    assert warehouse.execute("SELECT * FROM svv_external_tables ORDER BY 1").rows == (
        ("analytics", "daily_sales", "s3://lake/lake_analytics.daily_sales"),
        ("curated", "orders", "s3://lake/lake_curated.orders"),
    )


def create_roles(site: Site, number: int, together: Barrier) -> None:
    together.wait(60)
    for role in range(ROLES):
        Warehouse(site).execute(f"CREATE ROLE role_{number}_{role}")


def test_processes_change_the_catalogue_side_by_side(warehouse: Warehouse, site: Site) -> None:
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(2)
    processes = [context.Process(target=create_roles, args=(site, number, together)) for number in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0, 0]
    assert warehouse.execute("SELECT count(*) FROM svv_roles").rows == ((2 * ROLES,),)
