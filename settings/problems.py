"""What is wrong with a setting, and the base of every section."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo


@dataclass(frozen=True)
class Problem:
    """A wrong setting."""

    key: str
    """The setting with the path inside, such as `network.subnets.streaming[0]`."""
    value: object
    """What it was given; None of one that is missing."""
    rule: str
    """The rule that it breaks."""
    remedy: str
    """The way out."""

    def __str__(self) -> str:
        end = "" if self.remedy.endswith("?") else "."
        return f"{self.key} = {json.dumps(self.value, default=str)}: {self.rule}. {self.remedy}{end}"


class SettingsError(Exception):
    """The settings of a stack cannot be used."""

    stack: str
    problems: tuple[Problem, ...]
    """Every reason, not only the first."""

    def __init__(self, stack: str, problems: tuple[Problem, ...]) -> None:
        self.stack, self.problems = stack, problems
        noun = "problem" if len(problems) == 1 else "problems"
        lines = [f"Pulumi.{stack}.yaml has {len(problems)} {noun}; nothing was created or changed."]
        super().__init__("\n".join([*lines, *(f"  - {problem}" for problem in problems)]))


class Section(BaseModel):
    """A structured key; unknown fields and values of another type are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def problems(self) -> Iterator[Problem]:
        """Checks that need more than one field; keys are relative to the section."""
        yield from ()


def without_none(annotation: Any) -> Any:
    """A type of which None is a part, without it; every other type as it is."""
    others = [one for one in get_args(annotation) if one is not NoneType]
    return others[0] if NoneType in get_args(annotation) and len(others) == 1 else annotation


def fields_of(annotation: Any) -> Mapping[str, FieldInfo]:
    """Field -> what is known of it, of a section that may be None; of everything else none."""
    section = without_none(annotation)
    return section.model_fields if isinstance(section, type) and issubclass(section, Section) else {}
