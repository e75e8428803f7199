"""The packages that the program points at: right for Lambda, and the same bytes each time."""

from __future__ import annotations

import hashlib
import importlib.metadata
from pathlib import Path

import pytest

from local.toolchain import packages
from local.toolchain.python import REQUIREMENTS
from local.toolchain.runner import Runner, Step, StepError, Work


def install(folder: Path, number: int) -> Path:
    """The layer's packages, installed by a step of their own."""
    place = folder / f"layer-{number}"

    def run(work: Work) -> None:
        fresh = work.partial / f"anywhere-{number}"  # its name must leave no trace
        packages.install_for_lambda(work, fresh, packages.LAYER_REQUIREMENTS, constraints=REQUIREMENTS)
        work.publish(fresh, place)

    Runner([Step(f"layer-{number}", "", [], [place], run)], folder / "work", lambda _: None).run()
    return place


def contents(folder: Path) -> dict[str, tuple[str, int, int]]:
    """Each file with its hash, mode and time."""
    return {
        str(path.relative_to(folder)): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mode,
            int(path.stat().st_mtime),
        )
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("layers")
    return install(folder, 1), install(folder, 2)


def test_two_builds_of_the_layer_are_the_same_to_the_byte(layers: tuple[Path, Path]) -> None:
    first, second = map(contents, layers)

    assert len(first) > 100
    assert first == second


def test_the_layer_has_the_versions_of_the_lock(layers: tuple[Path, Path]) -> None:
    found = {dist.name: dist.version for dist in importlib.metadata.distributions(path=[str(layers[0])])}
    pinned = {line.strip() for line in REQUIREMENTS.read_text().splitlines() if "==" in line}

    assert found["google-cloud-pubsub"] == "2.44.0"
    assert {f"{name.lower().replace('_', '-')}=={version}" for name, version in found.items()} <= pinned


def test_the_layer_is_for_lambdas_platform_and_leaves_room_below_its_limit(layers: tuple[Path, Path]) -> None:
    libraries = {path.suffixes[0] for path in (layers[0] / "grpc").rglob("*.so")}

    assert libraries == {".cpython-311-x86_64-linux-gnu"}
    assert packages.unzipped_size(layers[0]) < packages.LAMBDA_UNZIPPED_LIMIT / 2


def test_a_layer_over_lambdas_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "LAMBDA_UNZIPPED_LIMIT", 1024)
    monkeypatch.setattr(packages, "LAYER", tmp_path / "pubsub_bridge")
    monkeypatch.setattr(packages, "PACKAGES", tmp_path)
    layer, *_ = packages.steps()

    with pytest.raises(StepError, match=r"the layer has \d+ MiB; Lambda takes 0 MiB unzipped"):
        Runner([layer], tmp_path / "work", lambda _: None).run()
    assert not (tmp_path / "pubsub_bridge").exists()


def test_what_differs_from_install_to_install_is_taken_out_and_what_packages_read_stays(tmp_path: Path) -> None:
    info = tmp_path / "a-1.0.dist-info"
    for name in ("RECORD", "INSTALLER", "METADATA", "entry_points.txt"):
        info.mkdir(exist_ok=True)
        (info / name).write_text(name)
    (tmp_path / "a" / "__pycache__").mkdir(parents=True)
    (tmp_path / "a" / "__pycache__" / "a.pyc").touch()
    (tmp_path / "bin").mkdir()

    packages.settle(tmp_path)

    files = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert files == ["a-1.0.dist-info/METADATA", "a-1.0.dist-info/entry_points.txt"]
    assert not (tmp_path / "bin").exists()
