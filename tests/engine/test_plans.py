"""What a pull request's comment says of a plan of the real engine, on a small program over three clouds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from local.clouds.engine.engine import Engine

from delivery import comment, plan

from .conftest import SECRET, Program

pytestmark = pytest.mark.engine

MORE = """\
aws.iam.RolePolicy(
    "copy",
    role="copy",
    policy=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
    ),
)
"""


def test_a_changed_program_is_told_by_what_it_would_do(engine: Engine, program: Program, tmp_path: Path) -> None:
    engine.up()
    program.write(MORE, bucket="toy-lake-2", zone="curated")
    source = program.folder / "__main__.py"
    source.write_text(source.read_text().replace('topic = gcp.pubsub.Topic("orders", project="p")\n', ""))
    (program.folder / "code" / "handler.py").write_text("def handler(event, context): return 1\n")
    output = tmp_path / "dev.json"
    engine.preview(output)

    found = plan.read("dev", output, tmp_path / "no-events")
    page = comment.preview([found])

    assert {(change.kind, change.resource.split()[1]) for change in found.changes} == {
        ("data-losing", "lake"),
        ("safe", "lake"),  # its tag
        ("data-losing", "orders"),
        ("replacing", "lake-encryption"),
        ("replacing", "code"),
        ("safe", "code"),  # its content
        ("safe", "copy"),
    }
    assert '`bucket: "toy-lake" -> "toy-lake-2"`' in page
    assert '`bucket: "toy-lake" -> "(known after the update)"`' in page
    assert "read it twice: `it allows more: s3:GetObject on *`" in page
    assert page.index("`orders`") < page.index("`lake-encryption`") < page.index("`copy`") < page.index("<details>")
    assert SECRET not in page


def test_a_change_by_hand_is_told_with_what_was_deployed_and_what_is_there(
    engine: Engine, client: Callable[[str], Any], tmp_path: Path
) -> None:
    engine.up()
    client("s3").put_bucket_tagging(Bucket="toy-lake", Tagging={"TagSet": [{"Key": "zone", "Value": "hand"}]})
    client("s3").delete_object(Bucket="toy-lake", Key="code.zip")
    looked = engine._run("refresh", "--preview-only", "--run-program", "--json")
    output = tmp_path / "dev.json"
    output.write_text(looked.output)

    found = plan.read("dev", output, tmp_path / "no-events")

    assert [(change.resource.split()[1], change.what) for change in found.changes] == [
        ("lake", 'tags: {"zone": "raw"} -> {"zone": "hand"}'),
        ("code", "is gone"),
    ]
