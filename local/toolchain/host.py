"""The engine's language host for Python: a small script, since the engine looks for an executable on PATH."""

from __future__ import annotations

from local.site import TOOLCHAIN
from local.toolchain.runner import Step, Work

LANGUAGE_HOST = TOOLCHAIN / "bin" / "pulumi-language-python"

SCRIPT = """\
#!/bin/sh
# Written by local/toolchain/host.py: starts local/clouds/engine/host.py, wherever the engine calls it from.
root=$(cd "$(dirname "$0")/../.." && pwd)
PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}"
export PYTHONPATH
exec "$root/.venv/bin/python" -m local.clouds.engine.host "$@"
"""


def steps() -> list[Step]:
    return [
        Step(
            name="host",
            what="the script that starts the engine's language host",
            inputs=[SCRIPT],
            outputs=[LANGUAGE_HOST],
            run=_write,
        )
    ]


def _write(work: Work) -> None:
    script = work.partial / "script"
    script.write_text(SCRIPT)
    script.chmod(0o755)
    work.publish(script, LANGUAGE_HOST)
