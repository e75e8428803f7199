"""The warehouse: private, encrypted, and made by the contracts' statements in their order."""

from __future__ import annotations

from itertools import pairwise

import contracts
from tests.graphs.recording import Recording


def test_aws_manages_the_administrators_password_under_our_key(data_stack: Recording) -> None:
    namespace = data_stack.one("warehouse-namespace").inputs
    assert namespace["manageAdminPassword"] is True
    assert "adminUserPassword" not in namespace
    keys = "arn:aws:kms:eu-west-1:000000000000:keys"
    assert namespace["adminPasswordSecretKmsKeyId"] == f"{keys}-secrets"
    assert namespace["kmsKeyId"] == f"{keys}-warehouse"


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


def test_what_people_do_is_logged_into_groups_of_ours_that_are_there_before(data_stack: Recording) -> None:
    namespace = data_stack.one("warehouse-namespace")
    logged = namespace.inputs["logExports"]
    assert set(logged) == {"connectionlog", "useractivitylog", "userlog"}
    physical = namespace.inputs["namespaceName"]
    groups = {g.inputs["name"]: g for g in data_stack.of("LogGroup") if g.parent == "warehouse"}
    assert groups.keys() == {f"/aws/redshift/{physical}/{kind}" for kind in logged}
    assert {g.name for g in groups.values()} <= set(namespace.depends_on)


def test_what_queries_may_cost_is_limited_and_only_one_limit_stops_them(data_stack: Recording) -> None:
    limits = {limit.inputs["period"]: limit.inputs for limit in data_stack.of("UsageLimit")}
    assert limits.keys() == {"daily", "monthly"}
    workgroup = f"arn:aws:redshiftserverless:eu-west-1:000000000000:{data_stack.one('warehouse-workgroup').name}"
    for limit in limits.values():
        assert limit["usageType"] == "serverless-compute"
        assert limit["resourceArn"] == workgroup
    # Redshift Serverless: "Only one DISABLE usage limit allowed per feature".
    assert [limit["breachAction"] for limit in limits.values()].count("deactivate") <= 1


def test_a_limit_warns_before_it_stops_anybody(prod: Recording) -> None:
    for limit in prod.of("UsageLimit"):
        (alarm,) = [a for a in prod.of("MetricAlarm") if f"{limit.name}-id" in a.inputs.get("dimensions", {}).values()]
        assert alarm.inputs["threshold"] == limit.inputs["amount"] * 0.8
        assert alarm.inputs["dimensions"]["UsageType"] == "SERVERLESS_COMPUTE"
        assert alarm.inputs["dimensions"]["Workgroup"] == prod.one("warehouse-workgroup").inputs["workgroupName"]


def test_a_query_is_stopped_in_time(prod: Recording) -> None:
    parameters = prod.one("warehouse-workgroup").inputs["configParameters"]
    (seconds,) = [p["parameterValue"] for p in parameters if p["parameterKey"] == "max_query_execution_time"]
    assert seconds == "3600"
