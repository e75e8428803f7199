"""`make bench`: how long a preview of prod takes, against what Python alone needs to import the SDKs it uses.

Both from cold processes, several times, the median counts. The modules are those that are loaded after a run of the
program, so the list never ages. The rule: preview <= 1.5 x import + 5 s. Results for machines: build/bench.json.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from local.site import ROOT

RESULT = ROOT / "build" / "bench.json"
STACK = "prod"
RUNS = 3
FACTOR = 1.5
ENGINE_SECONDS = 5.0

MODULES = f"""
import contextlib, io, json, sys
from tests.graphs import program
with contextlib.redirect_stdout(io.StringIO()):
    program.main({STACK!r}, {{}})
sdks = ("pulumi", "pulumi_aws", "pulumi_azure_native", "pulumi_gcp")
print(json.dumps([name for name in sys.modules if name.split(".")[0] in sdks]))
"""
IMPORT = """
import importlib, json, sys, time
modules = json.load(sys.stdin)
began = time.perf_counter()
for name in modules:
    importlib.import_module(name)
print(time.perf_counter() - began)
"""
PREVIEW = f"""
import sys
from pathlib import Path
from local.clouds.engine.engine import Engine
from local.site import Site
Engine(Site(state=Path(sys.argv[1])), {STACK!r}).preview(Path(sys.argv[1], "preview.json"))
"""


@dataclass(frozen=True)
class Bench:
    """How long both took, in seconds, and on what machine."""

    stack: str
    modules: int
    """How many modules of the SDKs the program loads."""
    import_seconds: float
    import_runs: list[float]
    preview_seconds: float
    preview_runs: list[float]
    limit_seconds: float
    holds: bool
    cpus: int | None
    load: float
    python: str


def run(say: Callable[[str], None] = print, runs: int = RUNS) -> Bench:
    """Measure, print, and write build/bench.json."""
    modules = json.loads(_python(MODULES))
    say(f"{STACK} uses {len(modules)} modules of the SDKs; {runs} cold runs of each, the median counts")
    imports = [float(_python(IMPORT, stdin=json.dumps(modules))) for _ in range(runs)]
    say(f"  import   {_listed(imports)}")
    with tempfile.TemporaryDirectory() as site:
        _python(PREVIEW, site)  # makes the stack, which later previews find
        previews = []
        for _ in range(runs):
            began = time.perf_counter()
            _python(PREVIEW, site)
            previews.append(time.perf_counter() - began)
    say(f"  preview  {_listed(previews)}")
    bench = judge(len(modules), imports, previews)
    sign = "<=" if bench.holds else ">"
    say(f"  {bench.preview_seconds:.1f} s {sign} {FACTOR} x {bench.import_seconds:.1f} s + {ENGINE_SECONDS:.0f} s")
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(asdict(bench), indent=2) + "\n", "utf-8")
    say(f"written to {RESULT.relative_to(ROOT)}")
    return bench


def judge(modules: int, imports: Sequence[float], previews: Sequence[float]) -> Bench:
    """Hold the medians against the limit."""
    import_seconds, preview_seconds = statistics.median(imports), statistics.median(previews)
    limit = FACTOR * import_seconds + ENGINE_SECONDS
    return Bench(
        stack=STACK,
        modules=modules,
        import_seconds=round(import_seconds, 2),
        import_runs=[round(seconds, 2) for seconds in imports],
        preview_seconds=round(preview_seconds, 2),
        preview_runs=[round(seconds, 2) for seconds in previews],
        limit_seconds=round(limit, 2),
        holds=preview_seconds <= limit,
        cpus=os.cpu_count(),
        load=round(os.getloadavg()[0], 1),
        python=platform.python_version(),
    )


def _listed(seconds: Sequence[float]) -> str:
    return ", ".join(f"{one:.2f}" for one in seconds) + f" s; median {statistics.median(seconds):.2f} s"


def _python(code: str, *arguments: str | Path, stdin: str = "") -> str:
    """Run code in a process of its own; its error is shown as it is."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, input=stdin, stdout=subprocess.PIPE, text=True, check=True).stdout
