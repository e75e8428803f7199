"""Data Factory's pipelines, run: the activities and expressions that the exchange uses, on files in memory.

What is not known here raises, so that no pipeline is taken for more than was looked at. Documentation: "Pipelines and
activities", "Expressions and functions in Azure Data Factory".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.graphs.recording import Recording

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "and_": lambda a, b: a and b,
    "concat": lambda *parts: "".join(parts),
    "contains": lambda whole, part: part in whole,
    "equals": lambda a, b: a == b,
    "last": lambda items: items[-1],
    "lastIndexOf": lambda text, part: text.rfind(part),
    "not_": lambda a: not a,
    "split": lambda text, mark: text.split(mark),
    "startswith": lambda text, part: text.startswith(part),
    "string": lambda value: "" if value is None else json.dumps(value, separators=(",", ":")),
    "sub": lambda a, b: a - b,
    "substring": lambda text, start, length: text[start : start + length],
}


class Stopped(Exception):  # noqa: N818 - what a test does to a run, no error of ours
    """The run was ended from outside."""


class Missing(Exception):  # noqa: N818
    """A file that is not there."""


class _Fields(dict[str, Any]):
    """Fields by dots, as expressions have them."""

    def __getattr__(self, name: str) -> Any:
        return _fields(self.get(name))


def _fields(value: Any) -> Any:
    return _Fields(value) if isinstance(value, dict) else value


@dataclass
class Factory:
    """`s3` and `stored` are files by their paths, the bucket and the container left away."""

    recording: Recording
    s3: Mapping[str, bytes]
    stored: dict[str, bytes]
    steps: int | None = None
    """So many activities are done, then the run is stopped; None: all."""
    done: list[str] = field(default_factory=list)
    copied: list[str] = field(default_factory=list)

    def run(self, pipeline: str, parameters: Mapping[str, Any] | None = None) -> None:
        (found,) = [p for p in self.recording.of("Pipeline") if p.inputs["pipelineName"] == pipeline]
        declared = found.inputs.get("parameters", {})
        if declared.keys() != (parameters or {}).keys():
            raise TypeError(f"{pipeline} takes {sorted(declared)}, got {sorted(parameters or {})}")
        variables = {name: v.get("defaultValue") for name, v in found.inputs.get("variables", {}).items()}
        self._activities(found.inputs["activities"], _Run(dict(parameters or {}), variables, {}))

    def _activities(self, activities: list[dict[str, Any]], run: _Run, item: Any = None) -> None:
        waiting, finished = list(activities), set(run.outputs)
        while waiting:
            ready = next((a for a in waiting if {d["activity"] for d in a.get("dependsOn", [])} <= finished), None)
            if ready is None:
                raise ValueError(f"these wait for what never comes: {[a['name'] for a in waiting]}")
            if any(d["dependencyConditions"] != ["Succeeded"] for d in ready.get("dependsOn", [])):
                raise NotImplementedError(f"{ready['name']}: other conditions than Succeeded")
            if self.steps is not None and len(self.done) >= self.steps:
                raise Stopped(ready["name"])
            self.done.append(ready["name"])
            run.outputs[ready["name"]] = getattr(self, f"_{ready['type'].lower()}")(ready, run, item)
            waiting.remove(ready)
            finished.add(ready["name"])

    def _value(self, value: Any, run: _Run, item: Any) -> Any:
        if not isinstance(value, dict):
            if isinstance(value, str) and value.startswith("@"):
                raise TypeError(f"{value} would be taken for an expression: say so")
            return value
        if value.keys() != {"type", "value"} or value["type"] != "Expression":
            raise NotImplementedError(f"a value: {value}")
        text = re.sub(r"\b(and|not)\(", r"\1_(", value["value"].removeprefix("@").replace("?.", "."))
        names: dict[str, Any] = {
            **FUNCTIONS,
            "activity": lambda name: _fields({"output": run.outputs[name]}),
            "pipeline": lambda: _fields({"parameters": run.parameters}),
            "variables": lambda name: run.variables[name],
            "item": lambda: _fields(item),
        }
        return eval(text, {"__builtins__": {}}, names)

    def _place(self, reference: Mapping[str, Any], run: _Run, item: Any) -> tuple[Mapping[str, bytes], str]:
        """The files of a dataset's store, and the path that it names there."""
        (found,) = [d for d in self.recording.of("Dataset") if d.inputs["datasetName"] == reference["referenceName"]]
        given = {name: self._value(v, run, item) for name, v in reference["parameters"].items()}
        properties = found.inputs["properties"]
        if given.keys() != properties["parameters"].keys():
            raise TypeError(f"{found.name} takes {sorted(properties['parameters'])}, got {sorted(given)}")
        location = properties["location"]
        store = {"AmazonS3Location": self.s3, "AzureBlobFSLocation": self.stored}[location["type"]]
        parts = [location.get("folderPath"), location.get("fileName")]
        names: dict[str, Any] = {"dataset": lambda: _fields(given)}
        paths = [eval(p["value"].removeprefix("@"), {"__builtins__": {}}, names) for p in parts if p]
        return store, "/".join(paths)

    def _getmetadata(self, activity: dict[str, Any], run: _Run, item: Any) -> dict[str, Any]:
        store, path = self._place(activity["dataset"], run, item)
        inside = {key[len(path) + 1 :].split("/")[0] for key in store if key.startswith(f"{path}/")}
        exists = path in store or bool(inside)
        if not exists and "exists" not in activity["fieldList"]:
            raise Missing(path)
        children = [
            {"name": name, "type": "File" if f"{path}/{name}" in store else "Folder"} for name in sorted(inside)
        ]
        found = {"exists": exists, **({"childItems": children} if exists else {})}
        return {name: found[name] for name in activity["fieldList"] if name in found}

    def _lookup(self, activity: dict[str, Any], run: _Run, item: Any) -> dict[str, Any]:
        store, path = self._place(activity["dataset"], run, item)
        if path not in store:
            raise Missing(path)
        return {"firstRow": json.loads(store[path])}

    def _copy(self, activity: dict[str, Any], run: _Run, item: Any) -> dict[str, Any]:
        source, path = self._place(activity["inputs"][0], run, item)
        target, to = self._place(activity["outputs"][0], run, item)
        if target is not self.stored:
            raise TypeError("S3 is not written")
        if path not in source:
            raise Missing(path)
        self.stored[to] = source[path]
        self.copied.append(path)
        return {}

    def _delete(self, activity: dict[str, Any], run: _Run, item: Any) -> dict[str, Any]:
        store, path = self._place(activity["dataset"], run, item)
        if store is not self.stored:
            raise TypeError("S3 is not written")
        for key in [key for key in self.stored if key.startswith(f"{path}/")]:
            del self.stored[key]
        return {}

    def _setvariable(self, activity: dict[str, Any], run: _Run, item: Any) -> dict[str, Any]:
        run.variables[activity["variableName"]] = self._value(activity["value"], run, item)
        return {}

    def _ifcondition(self, activity: dict[str, Any], run: _Run, item: Any) -> dict[str, Any]:
        self._flat(activity["ifTrueActivities"])
        if self._value(activity["expression"], run, item):
            self._activities(activity["ifTrueActivities"], run, item)
        return {}

    def _foreach(self, activity: dict[str, Any], run: _Run, item: Any) -> dict[str, Any]:
        self._flat(activity["activities"])
        for each in self._value(activity["items"], run, item):
            inner = _Run(run.parameters, run.variables, dict(run.outputs))
            self._activities(activity["activities"], inner, each)
        return {}

    def _filter(self, activity: dict[str, Any], run: _Run, item: Any) -> dict[str, Any]:
        items = self._value(activity["items"], run, item)
        return {"Value": [each for each in items if self._value(activity["condition"], run, each)]}

    def _executepipeline(self, activity: dict[str, Any], run: _Run, item: Any) -> dict[str, Any]:
        if activity["waitOnCompletion"] is not True:
            raise NotImplementedError("a pipeline that nobody waits for")
        given = {name: self._value(value, run, item) for name, value in activity["parameters"].items()}
        self.run(activity["pipeline"]["referenceName"], given)
        return {}

    @staticmethod
    def _flat(activities: list[dict[str, Any]]) -> None:
        """ "Nested activities": no If or loop within an If, and no loop within a loop."""
        inner = {a["type"] for a in activities} & {"IfCondition", "Switch", "ForEach", "Until"}
        if inner:
            raise TypeError(f"Data Factory takes no {sorted(inner)} here")


@dataclass
class _Run:
    parameters: dict[str, Any]
    variables: dict[str, Any]
    outputs: dict[str, Any]
