"""What is built before the program runs, since the program points at it by path.

    build/packages/pubsub_bridge/   the bridge function's layer: python/... for Lambda's platform
    build/packages/capture_user/    the layer of the function that makes the capturing database user
    build/packages/lake_sink/       the Iceberg sink, the archives of one Kafka Connect plugin

The same inputs give the same bytes, so that a second `pulumi up` sees no change.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from local.site import ROOT
from local.toolchain.archives import IVY_FILE, JARS
from local.toolchain.python import REQUIREMENTS, UV, uv_environment
from local.toolchain.runner import CommandError, Runner, Step, Work, say

PACKAGES = ROOT / "build" / "packages"
LAYER = PACKAGES / "pubsub_bridge"
PLUGIN = PACKAGES / "lake_sink"
LAYER_REQUIREMENTS = ROOT / "bridges" / "pubsub" / "requirements.txt"
CAPTURE_LAYER = PACKAGES / "capture_user"
CAPTURE_REQUIREMENTS = ROOT / "etl" / "functions" / "capture_user.txt"

LAMBDA_PLATFORM = "x86_64-manylinux2014"
LAMBDA_PYTHON = "3.11"
LAMBDA_UNZIPPED_LIMIT = 250 * 1024 * 1024
"""Lambda's quota for a function and its layers, unzipped (Lambda developer guide, quotas)."""

UNSTEADY = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json")
"""What an installer writes about its own doings; nothing of it is read when the packages run."""
EPOCH = 315532800
"""1980-01-01, the first moment that a zip file can hold."""


def steps() -> list[Step]:
    return [
        _layer_step("layer", "the layer of the Pub/Sub bridge's function", LAYER_REQUIREMENTS, LAYER),
        _layer_step("capture-layer", "the layer of the function capture-user", CAPTURE_REQUIREMENTS, CAPTURE_LAYER),
        Step(
            name="plugin",
            what="the Iceberg sink's plugin for Kafka Connect",
            inputs=[IVY_FILE, Path(__file__)],
            outputs=[PLUGIN],
            run=_build_plugin,
        ),
    ]


def runner(say: Callable[[str], None] = say) -> Runner:
    return Runner(steps(), PACKAGES / ".work", say, title="packages")


def build(say: Callable[[str], None] = say) -> int:
    """Build what is missing or out of date; returns how many packages had to be built. StepError says what to do."""
    return runner(say).run()


def _layer_step(name: str, what: str, requirements: Path, target: Path) -> Step:
    return Step(
        name=name,
        what=what,
        inputs=[LAMBDA_PLATFORM, LAMBDA_PYTHON, requirements, REQUIREMENTS, Path(__file__)],
        outputs=[target / "python"],
        run=partial(_build_layer, requirements=requirements, target=target),
        way_out=f"see that {requirements.relative_to(ROOT)} agrees with requirements.txt, whose versions it takes, and "
        "that a package index is reached; then run the same command again",
    )


def _build_layer(work: Work, requirements: Path, target: Path) -> None:
    layer = work.partial / "layer"
    install_for_lambda(work, layer / "python", requirements, constraints=REQUIREMENTS)
    size = unzipped_size(layer)
    if size > LAMBDA_UNZIPPED_LIMIT:
        raise CommandError(
            f"the layer has {size / 1024**2:.0f} MiB; Lambda takes {LAMBDA_UNZIPPED_LIMIT / 1024**2:.0f} MiB unzipped"
        )
    work.publish(layer, target)


def install_for_lambda(work: Work, folder: Path, requirements: Path, *, constraints: Path) -> None:
    """Install packages as Lambda's platform needs them, in the versions of `constraints`, the same bytes each time."""
    work.call(
        [
            *(UV, "pip", "install", "--target", folder, "--requirement", requirements, "--constraint", constraints),
            *("--python-platform", LAMBDA_PLATFORM, "--python-version", LAMBDA_PYTHON, "--only-binary", ":all:"),
            *("--link-mode", "copy"),  # `settle` changes the files' times, and uv's cache must not see that
        ],
        env=uv_environment(),
    )
    settle(folder)


def settle(folder: Path) -> None:
    """Take out of installed packages what differs from one installation to the next."""
    for path in [*folder.rglob("__pycache__"), folder / "bin"]:
        shutil.rmtree(path, ignore_errors=True)
    for info in folder.glob("*.dist-info"):
        for name in UNSTEADY:
            (info / name).unlink(missing_ok=True)
    (folder / ".lock").unlink(missing_ok=True)
    for path in [folder, *folder.rglob("*")]:
        os.utime(path, (EPOCH, EPOCH))


def unzipped_size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _build_plugin(work: Work) -> None:
    plugin = work.partial / "plugin"
    plugin.mkdir()
    for jar in sorted((JARS / "lake_sink").glob("*.jar")):
        shutil.copyfile(jar, plugin / jar.name)
        os.utime(plugin / jar.name, (EPOCH, EPOCH))
    work.publish(plugin, PLUGIN)
