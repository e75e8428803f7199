"""Settings as the stack files have them, changed, and what is then said of them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import settings
from settings import reading

ROOT = Path(settings.__file__).parents[1]
STACKS = ("organization", "prod", "nonprod", "local")

Change = Callable[[dict[str, Any]], object]


def raw_of(stack: str) -> dict[str, Any]:
    """What a stack's file says, by keys without `novaretail:`."""
    config = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text("utf-8"))["config"]
    return {key.removeprefix("novaretail:"): value for key, value in config.items()}


def data_of(raw: dict[str, Any], stack: str = "prod") -> settings.DataStack:
    """The settings of a data stack."""
    config = reading.parse(raw, stack)
    assert isinstance(config, settings.DataStack)
    return config


def problems_of(raw: dict[str, Any], stack: str = "prod") -> list[str]:
    """Everything that is wrong; nothing being wrong is a failure."""
    with pytest.raises(settings.SettingsError) as caught:
        reading.parse(raw, stack)
    return [str(problem) for problem in caught.value.problems]


def changed(change: Change, stack: str = "prod") -> list[str]:
    """What is wrong with a stack's file after a change."""
    raw = copy.deepcopy(raw_of(stack))
    change(raw)
    return problems_of(raw, stack)


def to(path: str, value: object) -> Change:
    """The change that gives a setting (`network.subnets.streaming`, `links.azure.tunnels.0.1`) another value.

    A number in a path is an index; None removes the setting.
    """

    def change(raw: dict[str, Any]) -> None:
        *parents, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        place: Any = raw
        for parent in parents:
            place = place[parent]
        if value is None:
            del place[last]
        else:
            place[last] = value

    return change
