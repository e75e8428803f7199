"""The program itself: wrong settings end it before anything is registered; what it exports."""

from __future__ import annotations

import subprocess
import sys

from tests.graphs.recording import ROOT, Recording


def test_wrong_settings_end_the_program_with_their_list_and_no_traceback() -> None:
    program = """
import asyncio, runpy, pulumi
pulumi.runtime.set_all_config({"novaretail:environment": "prod", "novaretail:colour": "blue"})
# There is no engine here: registering anything would fail with another error.
pulumi.runtime.settings.configure(pulumi.runtime.settings.Settings("novaretail", "prod"))
pulumi.run = lambda program: asyncio.run(program())
try:
    runpy.run_path("__main__.py", run_name="__main__")
except pulumi.RunError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, env={"PYTHONPATH": "."}
    )
    assert "problems; nothing was created or changed" in done.stdout
    assert "novaretail:colour" in done.stdout
    assert "novaretail:network = null: it is missing" in done.stdout


def test_what_others_need_is_exported(prod: Recording) -> None:
    assert {
        "alerts",
        "bootstrap",
        "buckets",
        "code_bucket",
        "connectors",
        "database",
        "failures",
        "function",
        "jobs",
        "pipeline",
        "pubsub_subscriptions",
        "pubsub_topics",
        "topics",
        "workgroup",
    } <= prod.outputs.keys()
    assert prod.outputs["jobs"] == {"curate": "curate", "build_mart": "build_mart", "publish": "publish"}
    assert prod.outputs["connectors"] == ["cart-events-to-lake", "customer-updates-to-lake", "orders-to-lake"]


def test_prod_and_nonprod_have_the_same_resources_but_for_what_settings_turn_on() -> None:
    from tests.graphs.recording import record

    prod, nonprod = ({(r.type, r.name) for r in record(stack).resources} for stack in ("prod", "nonprod"))
    # t3 brokers have credits that can run out.
    credits = {("aws:cloudwatch/metricAlarm:MetricAlarm", f"streaming-cpu-credits-{broker}") for broker in (1, 2, 3)}
    assert nonprod - prod == credits
    # azure.runtimes is 2 in prod: a second machine, its card, its right to the runtime's key, and what installs it.
    second = {"exchange-runtime-2", *(f"exchange-runtime-2-{part}" for part in ("card", "key-reader", "runtime"))}
    assert {name for _, name in prod - nonprod} == second
