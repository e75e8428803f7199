"""The warehouse: private, encrypted, and made by the contracts' statements in their order."""

from __future__ import annotations

from itertools import pairwise

import contracts
from tests.components.recording import Recording


def test_aws_manages_the_administrators_password_under_our_key(data_stack: Recording) -> None:
    namespace = data_stack.one("warehouse-namespace").inputs
    assert namespace["manageAdminPassword"] is True
    assert "adminUserPassword" not in namespace
    key = "arn:aws:kms:eu-west-1:000000000000:keys-warehouse"
    assert namespace["adminPasswordSecretKmsKeyId"] == namespace["kmsKeyId"] == key


def test_the_workgroup_is_private_in_three_zones_and_takes_tls_only(data_stack: Recording) -> None:
    workgroup = data_stack.one("warehouse-workgroup").inputs
    assert workgroup["publiclyAccessible"] is False
    assert workgroup["enhancedVpcRouting"] is True
    assert len(set(workgroup["subnetIds"])) == 3
    parameters = {p["parameterKey"]: p["parameterValue"] for p in workgroup["configParameters"]}
    assert parameters["require_ssl"] == "true"
    assert parameters["enable_user_activity_logging"] == "true"


def test_every_parameter_is_named_since_one_left_out_would_look_changed_at_each_run(prod: Recording) -> None:
    names = {p["parameterKey"] for p in prod.one("warehouse-workgroup").inputs["configParameters"]}
    assert names == {
        "auto_mv",
        "datestyle",
        "enable_case_sensitive_identifier",
        "enable_user_activity_logging",
        "max_query_execution_time",
        "query_group",
        "require_ssl",
        "search_path",
        "use_fips_ssl",
    }


def test_the_contracts_statements_run_in_their_order_as_the_administrator(data_stack: Recording) -> None:
    role = "arn:aws:iam:eu-west-1:000000000000:access-warehouse"
    wanted = contracts.warehouse_statements(contracts.load(), database_role_arn=role, region="eu-west-1")
    by_name = {s.inputs["statementName"]: s for s in data_stack.of("redshiftdata/statement:Statement")}
    assert [by_name[w.name].inputs["sql"] for w in wanted] == [w.sql for w in wanted]
    assert len(by_name) == len(wanted)
    for before, after in pairwise(wanted):
        assert by_name[before.name].name in by_name[after.name].depends_on
    for statement in by_name.values():
        assert statement.inputs["secretArn"].startswith("arn:aws:secretsmanager:")
        assert statement.inputs["database"] == "novaretail"
        assert len(statement.inputs["sql"]) <= 100_000  # the Data API's limit


def test_the_first_statement_waits_for_the_tables_and_for_redshifts_rights(data_stack: Recording) -> None:
    waits = set(data_stack.one("warehouse-schema-curated").depends_on)
    assert {"catalog-curated-orders", "catalog-analytics-daily_sales"} <= waits
    assert {"lake-read-warehouse", "catalog-read-warehouse"} <= waits


def test_activity_is_logged(data_stack: Recording) -> None:
    logged = data_stack.one("warehouse-namespace").inputs["logExports"]
    assert set(logged) == {"connectionlog", "useractivitylog", "userlog"}
