"""Names that a program leaves to the provider: `{logical name}-{seven random digits}`, as the real ones do.

Which argument is named so is the provider's own knowledge and stands in the type's row.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from local.clouds.provider import types
from local.clouds.provider.shapes import Shape
from local.clouds.provider.types import Naming
from local.clouds.provider.wire import UNKNOWN

DEFAULTS = "__defaults"
"""The arguments that the provider filled in; Pulumi's own providers keep the list under this name."""


def naming_of(shape: Shape) -> Naming | None:
    """How the provider names a resource of this type; None if the program must, or there is no name."""
    return types.row_of(shape.token).naming or types.family_of(shape.token).naming(shape)


def fill(
    shape: Shape,
    logical_name: str,
    arguments: Mapping[str, Any],
    before: Mapping[str, Any],
    seed: bytes,
    proposed: str | None = None,
) -> dict[str, Any]:
    """The arguments, with a name where the program gave neither a name nor a prefix for one.

    Args:
        before: the arguments of the last run, whose name stays as long as the program gives none.
        seed: the engine's random bytes for this step, so that a plan and its execution agree.
        proposed: the name that the engine's own `pulumi:autonaming` setting asks for.
    """
    filled = dict(arguments)
    naming = naming_of(shape)
    if naming is None or filled.get(naming.argument) is not None:
        return filled
    if naming.argument in before.get(DEFAULTS, ()) and before.get(naming.argument) not in (None, UNKNOWN):
        name = before[naming.argument]
    elif proposed:
        name = proposed
    else:
        prefix = filled.get(f"{naming.argument}Prefix")
        name = (
            UNKNOWN if prefix is UNKNOWN else _make(naming, logical_name, prefix, seed, bool(filled.get("fifoQueue")))
        )
    return {**filled, naming.argument: name, DEFAULTS: [naming.argument]}


def _make(naming: Naming, logical_name: str, prefix: str | None, seed: bytes, fifo: bool) -> str:
    random = hashlib.sha256(seed or logical_name.encode()).hexdigest()[: naming.digits]
    suffix = ".fifo" if fifo else ""
    ending = f"{random}{suffix}" if prefix is not None else f"{naming.separator}{random}{suffix}"
    stem = prefix if prefix is not None else naming.prefix + logical_name
    if naming.lower:
        stem = stem.lower()
    if naming.letters:
        stem = re.sub(naming.letters, "-" if naming.separator else "", stem)
    return stem[: naming.longest - len(ending)] + ending
