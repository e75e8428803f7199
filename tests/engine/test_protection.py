"""What holds data is neither replaced nor deleted, unless the stack's file names it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from local.clouds.engine.engine import Engine, EngineError
from local.site import Site

from .conftest import Program

pytestmark = pytest.mark.engine
Client = Callable[[str], Any]

MORE = """\
import sys
from components.blocks.protection import Replaceable
held = pulumi.ResourceOptions(protect=True, retain_on_delete=True)
replaceable = Replaceable(config.get_object("protection", {}).get("replaceable", []))
kept = aws.s3.Bucket("KEPT", bucket="NAME", opts=held)
status = {"status": "Enabled"}
aws.s3.BucketVersioning("kept-versioning", bucket=kept.bucket, versioning_configuration=status, opts=held)
"""


def write(program: Program, *, name: str = "toy-kept", resource: str = "kept", replaceable: str = "[]") -> None:
    program.write(MORE.replace("NAME", name).replace("KEPT", resource))
    file = program.folder / "Pulumi.dev.yaml"
    file.write_text(file.read_text() + f"  toy:protection:\n    replaceable: {replaceable}\n")


def test_a_replacement_stops_the_preview_with_the_argument_and_the_setting(engine: Engine, program: Program) -> None:
    write(program)
    engine.up()
    write(program, name="toy-other")

    with pytest.raises(EngineError) as raised:
        engine.preview()

    assert str(raised.value) == (
        "pulumi preview of the stack 'dev' failed:\n"
        "aws:s3/bucket:Bucket resource 'kept' is protected and would be replaced: a change of bucket makes a new one.\n"
        "aws:s3/bucketVersioning:BucketVersioning resource 'kept-versioning' is protected and would be replaced: a"
        " change of bucket makes a new one.\n"
        "To keep what there is, take the change back. To begin anew, name in Pulumi.dev.yaml what may be replaced; the"
        " old ones stay in the account, out of the program's hands: toy:protection.replaceable: [kept, kept-versioning]"
    )


def test_up_does_not_replace_it_either(engine: Engine, program: Program, client: Client) -> None:
    write(program)
    engine.up()
    write(program, name="toy-other")

    with pytest.raises(EngineError, match="'kept' is protected and would be replaced"):
        engine.up()

    assert "toy-kept" in [b["Name"] for b in client("s3").list_buckets()["Buckets"]]


def test_what_the_stacks_file_names_is_replaced_and_the_old_one_stays(
    engine: Engine, program: Program, client: Client
) -> None:
    write(program)
    engine.up()
    write(program, name="toy-other", replaceable="[kept, kept-versioning]")

    assert engine.preview().changes["replace"] == 2
    engine.up()
    buckets = {b["Name"] for b in client("s3").list_buckets()["Buckets"]}
    assert buckets == {"toy-kept", "toy-lake", "toy-other"}

    # The name is to be taken out again: from then on it is protected as before.
    write(program, name="toy-other")
    engine.up()
    write(program, name="toy-third")
    with pytest.raises(EngineError, match="'kept' is protected and would be replaced"):
        engine.preview()


def test_naming_one_does_not_allow_another(engine: Engine, program: Program) -> None:
    write(program)
    engine.up()
    write(program, name="toy-other", replaceable="[kept]")

    with pytest.raises(EngineError) as raised:
        engine.preview()

    assert "'kept-versioning' is protected" in str(raised.value)
    assert "'kept' is protected" not in str(raised.value)


def test_what_the_program_no_longer_has_is_not_deleted(engine: Engine, program: Program) -> None:
    write(program)
    engine.up()
    write(program, resource="renamed")

    with pytest.raises(EngineError) as raised:
        engine.preview()

    assert (
        "aws:s3/bucket:Bucket resource 'kept' is protected and would be deleted: the program no longer has it. Put it"
        " back; if it has a new name, give that one an alias (pulumi.Alias) of the old."
    ) in str(raised.value)


def test_a_change_in_place_needs_no_name(engine: Engine, program: Program) -> None:
    write(program)
    engine.up()
    file = program.folder / "__main__.py"
    file.write_text(file.read_text().replace('"Enabled"', '"Suspended"'))

    assert engine.preview().changes["update"] == 1


def test_a_name_that_nothing_protected_has_stops_the_preview(project: Any, tmp_path: Any) -> None:
    file = project / "Pulumi.prod.yaml"
    text = file.read_text()
    file.write_text(text.replace("keep_data: true", "keep_data: true\n    replaceable: [lake-row, lake-curated]"))

    with pytest.raises(EngineError) as raised:
        Engine(Site(state=tmp_path / "site"), "prod", project).preview()

    assert str(raised.value).splitlines()[1:] == [
        'novaretail:protection.replaceable[0] = "lake-row": no resource of this name is protected in this stack.'
        " Did you mean `lake-raw`?",
    ]
