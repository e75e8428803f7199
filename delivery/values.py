"""Values of resources as people read them: no secret, no generated text, policy documents decoded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

MARK = "4dabf18193072939515e22adb298388d"
"""The key by which the engine's JSON says that an object stands for something else: a secret, a file, an archive."""
FILES = {"c44067f5952c0a294b673a41bacd8c17", "0def7320c3a5731c473e5ecbe6d01bc7"}
"""The values of that key for a file and an archive; they have a path or a text, and a hash."""
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What stands in the engine's JSON for a text that a cloud has yet to say."""
ENCODED = "-EncodedCommand "
"""What follows is a script of the tree in PowerShell's own encoding; the tree's history shows its changes."""
TEXT_LIMIT = 200
"""Characters above which an asset's text is taken for generated."""


def readable(value: Any) -> Any:
    """Return the value with secrets and generated text named, and with JSON text as `{"json": ...}`."""
    if isinstance(value, Mapping):
        if MARK in value:
            if value[MARK] not in FILES:
                return "(secret)"
            value = {key: item for key, item in value.items() if key != MARK}
            return {key: "(generated text)" if key == "text" else item for key, item in value.items()}
        if value.keys() == {"text"} and len(str(value["text"])) > TEXT_LIMIT:
            return "(generated text)"
        return {key: readable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [readable(item) for item in value]
    if value == UNKNOWN:
        return "(known after the update)"
    if isinstance(value, str) and ENCODED in value:
        return value.partition(ENCODED)[0] + f"{ENCODED}(generated text)"
    if isinstance(value, str) and value.startswith(("{", "[")):
        try:
            return {"json": json.loads(value)}
        except ValueError:
            return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
