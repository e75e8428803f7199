"""What names a stack that is kept as state, and how its secrets are read."""

from __future__ import annotations

from pathlib import Path

from local.clouds.engine.references import fingerprint, in_clear
from local.clouds.provider.wire import SECRET, SIGNATURE


def test_secrets_are_in_clear_wherever_they_are() -> None:
    key = {SIGNATURE: SECRET, "plaintext": '"hunter2"'}
    nested = {SIGNATURE: SECRET, "plaintext": '{"a": [1, "b"]}'}

    assert in_clear({"key": key, "list": [nested, 3], "open": None}) == {
        "key": "hunter2",
        "list": [{"a": [1, "b"]}, 3],
        "open": None,
    }


def test_a_stack_is_another_one_when_its_file_the_program_or_the_provider_changes(tmp_path: Path) -> None:
    files = [
        "__main__.py",
        "Pulumi.prod.yaml",
        "Pulumi.organization.yaml",
        "local/clouds/provider/types/vpn.py",
        "components/links/vpn.py",
    ]
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a")
    stacks = ["prod", "organization"]
    seen = [fingerprint(tmp_path, stacks, {})]
    for name in files:
        (tmp_path / name).write_text("b")
        seen.append(fingerprint(tmp_path, stacks, {}))

    assert len(set(seen)) == len(files) + 1
    (tmp_path / "Pulumi.nonprod.yaml").write_text("b")
    assert fingerprint(tmp_path, stacks, {}) == seen[-1]
