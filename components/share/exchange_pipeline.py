"""What Data Factory does with a published snapshot: its pipelines, as activities, without a cloud.

Three pipelines, for an If may hold neither another If nor a loop (Azure: "Nested activities"); each begins where the
one before found a reason to go on:

    exchange-<table>    looks for a manifest in S3, and which snapshot Azure has; nothing published: nothing to do
    exchange-manifest   takes the manifest over, aside, and compares: another snapshot, or nothing to do
    exchange-files      copies the files that the manifest aside names, then puts that very manifest in its place

The manifest is copied before it is read, so what is published at the end is what was read at the beginning, even if
S3 has a newer one by then. What no manifest names is never copied, and a reader in Azure sees a manifest only when
all of its files are there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts import EXCHANGE_FOLDER

Activity = dict[str, Any]
"""In the words of Azure's own JSON: the SDK translates no names where a field takes one of several kinds of object."""

MANIFEST = "manifest.json"
ASIDE = "manifest.pending.json"
"""Of a run that goes on; no reader looks at it."""
S3_FILE, S3_FOLDER = "s3_file", "s3_folder"
STORED_FILE, STORED_FOLDER, STORED_MANIFEST = "stored_file", "stored_folder", "stored_manifest"
"""Datasets: of S3, and of the storage account in Azure."""
TAKE_OVER, FILES = "exchange-manifest", "exchange-files"
_FROM_S3 = {"type": "AmazonS3ReadSettings", "recursive": False}
_FROM_STORAGE = {"type": "AzureBlobFSReadSettings", "recursive": False}
_BINARY = {"type": "BinaryReadSettings"}
_PREFIX = f"{EXCHANGE_FOLDER}/"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """See settings.Azure."""

    timeout_minutes: int
    retries: int
    copies_at_once: int

    @property
    def policy(self) -> dict[str, Any]:
        days, minutes = divmod(self.timeout_minutes, 24 * 60)
        return {
            "timeout": f"{days}.{minutes // 60:02}:{minutes % 60:02}:00",
            "retry": self.retries,
            "retryIntervalInSeconds": 60,
        }


def look(table: str, limits: Limits) -> list[Activity]:
    """Return the activities of the pipeline of a table; it has the variable `copied`, a snapshot's id."""
    return [
        # Of one object that is not there S3 says that it is forbidden, for listing is limited to a folder.
        _metadata("published", _folder(S3_FOLDER, f"{_PREFIX}{table}"), ["exists", "childItems"], _FROM_S3, limits),
        _metadata("had", _file(STORED_FILE, table, MANIFEST), ["exists"], _FROM_STORAGE, limits),
        _if(
            "if-had",
            "@activity('had').output.exists",
            [
                _lookup("copied-manifest", table, MANIFEST, limits),
                {
                    "name": "copied",
                    "type": "SetVariable",
                    "dependsOn": _after("copied-manifest"),
                    "variableName": "copied",
                    "value": _expression("@activity('copied-manifest').output.firstRow.snapshot"),
                },
            ],
            after=["had"],
        ),
        _if(
            "if-published",
            "@and(activity('published').output.exists, "
            f"contains(string(activity('published').output?.childItems), '\"{MANIFEST}\"'))",
            [_run(TAKE_OVER, {"table": table, "copied": _expression("@variables('copied')")})],
            after=["published", "if-had"],
        ),
    ]


def take_over(limits: Limits) -> list[Activity]:
    """Return the activities of the pipeline with the parameters `table` and `copied`."""
    table = "@pipeline().parameters.table"
    in_s3 = f"@concat('{_PREFIX}', pipeline().parameters.table)"
    return [
        _copy("manifest-aside", _file(S3_FILE, in_s3, MANIFEST), _file(STORED_FILE, table, ASIDE), _FROM_S3, limits),
        _lookup("manifest", table, ASIDE, limits, after=["manifest-aside"]),
        _if(
            "if-another",
            "@not(equals(activity('manifest').output.firstRow.snapshot, pipeline().parameters.copied))",
            [
                _run(
                    FILES,
                    {name: _expression(f"@pipeline().parameters.{name}") for name in ("table", "copied")},
                )
            ],
            after=["manifest"],
        ),
    ]


def copy_files(limits: Limits) -> list[Activity]:
    """Return the activities of the pipeline with the parameters `table` and `copied`; the manifest comes last."""
    table = "@pipeline().parameters.table"
    begins = len(_PREFIX)
    folder = "substring(item().key, 0, lastIndexOf(item().key, '/'))"
    name = "@last(split(item().key, '/'))"
    below = f"@substring(item().key, {begins}, sub(lastIndexOf(item().key, '/'), {begins}))"
    kept = " ".join(
        f"not(equals(item().name, concat('snapshot=', {snapshot}))),"
        for snapshot in ("activity('manifest').output.firstRow.snapshot", "pipeline().parameters.copied")
    ).rstrip(",")
    return [
        _lookup("manifest", table, ASIDE, limits),
        _for_each(
            "files",
            "@activity('manifest').output.firstRow.files",
            _copy("file", _file(S3_FILE, f"@{folder}", name), _file(STORED_FILE, below, name), _FROM_S3, limits),
            after=["manifest"],
            at_once=limits.copies_at_once,
        ),
        _copy(
            "publish",
            _file(STORED_FILE, table, ASIDE),
            _file(STORED_FILE, table, MANIFEST),
            _FROM_STORAGE,
            limits,
            after=["files"],
        ),
        # Who began to read the snapshot before may go on; older ones, and leftovers of runs that failed, go.
        _metadata("stored", _folder(STORED_FOLDER, table), ["childItems"], _FROM_STORAGE, limits, after=["publish"]),
        {
            "name": "old",
            "type": "Filter",
            "dependsOn": _after("stored"),
            "items": _expression("@activity('stored').output.childItems"),
            "condition": _expression(f"@and(startswith(item().name, 'snapshot='), and({kept}))"),
        },
        _for_each(
            "old-snapshots",
            "@activity('old').output.Value",
            _activity(
                "remove",
                "Delete",
                limits,
                (),
                dataset=_folder(STORED_FOLDER, "@concat(pipeline().parameters.table, '/', item().name)"),
                enableLogging=False,
                storeSettings={"type": "AzureBlobFSReadSettings", "recursive": True},
            ),
            after=["old"],
            at_once=1,
        ),
    ]


def datasets(bucket: Any, container: Any, s3: str, storage: str) -> dict[str, dict[str, Any]]:
    """Return the properties of the datasets by their names; `s3` and `storage` are names of linked services."""

    def dataset(kind: str, service: str, location: Mapping[str, Any], *parameters: str) -> dict[str, Any]:
        places = {"folder": "folderPath", "file": "fileName"}
        return {
            "type": kind,
            "linkedServiceName": {"type": "LinkedServiceReference", "referenceName": service},
            "parameters": {name: {"type": "String"} for name in parameters},
            "location": {**location, **{places[name]: _expression(f"@dataset().{name}") for name in parameters}},
        }

    from_s3 = {"type": "AmazonS3Location", "bucketName": bucket}
    stored = {"type": "AzureBlobFSLocation", "fileSystem": container}
    return {
        S3_FILE: dataset("Binary", s3, from_s3, "folder", "file"),
        S3_FOLDER: dataset("Binary", s3, from_s3, "folder"),
        STORED_FILE: dataset("Binary", storage, stored, "folder", "file"),
        STORED_FOLDER: dataset("Binary", storage, stored, "folder"),
        STORED_MANIFEST: dataset("Json", storage, stored, "folder", "file"),
    }


def schedule(runs: Mapping[str, str], every_minutes: int) -> str:
    """Return the definition of a Logic App that starts pipelines: name -> URL of the call, as JSON text."""
    return json.dumps(
        {
            "$schema": "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/"
            "workflowdefinition.json#",
            "contentVersion": "1.0.0.0",
            "triggers": {
                "schedule": {"type": "Recurrence", "recurrence": {"frequency": "Minute", "interval": every_minutes}}
            },
            "actions": {
                name: {
                    "type": "Http",
                    "runAfter": {},
                    "inputs": {
                        "method": "POST",
                        "uri": url,
                        "body": {},
                        "authentication": {
                            "type": "ManagedServiceIdentity",
                            "audience": "https://management.azure.com/",
                        },
                    },
                }
                for name, url in sorted(runs.items())
            },
            "outputs": {},
        }
    )


def _expression(text: str) -> dict[str, str]:
    return {"type": "Expression", "value": text}


def _value(text: str) -> Any:
    return _expression(text) if text.startswith("@") else text


def _after(*names: str) -> list[dict[str, Any]]:
    return [{"activity": name, "dependencyConditions": ["Succeeded"]} for name in names]


def _folder(dataset: str, folder: str) -> dict[str, Any]:
    return {"type": "DatasetReference", "referenceName": dataset, "parameters": {"folder": _value(folder)}}


def _file(dataset: str, folder: str, file: str) -> dict[str, Any]:
    parameters = {"folder": _value(folder), "file": _value(file)}
    return {"type": "DatasetReference", "referenceName": dataset, "parameters": parameters}


def _activity(name: str, kind: str, limits: Limits, after: Sequence[str], **more: Any) -> Activity:
    """Make an activity that does something itself, with the limits of all of them."""
    return {"name": name, "type": kind, "dependsOn": _after(*after), "policy": limits.policy, **more}


def _metadata(
    name: str,
    dataset: Mapping[str, Any],
    fields: Sequence[str],
    settings: Mapping[str, Any],
    limits: Limits,
    after: Sequence[str] = (),
) -> Activity:
    return _activity(
        name,
        "GetMetadata",
        limits,
        after,
        dataset=dict(dataset),
        fieldList=list(fields),
        storeSettings=dict(settings),
        formatSettings=_BINARY,
    )


def _lookup(name: str, folder: str, file: str, limits: Limits, after: Sequence[str] = ()) -> Activity:
    source = {"type": "JsonSource", "storeSettings": _FROM_STORAGE, "formatSettings": {"type": "JsonReadSettings"}}
    dataset = _file(STORED_MANIFEST, folder, file)
    return _activity(name, "Lookup", limits, after, dataset=dataset, firstRowOnly=True, source=source)


def _copy(
    name: str,
    source: Mapping[str, Any],
    target: Mapping[str, Any],
    settings: Mapping[str, Any],
    limits: Limits,
    after: Sequence[str] = (),
) -> Activity:
    return _activity(
        name,
        "Copy",
        limits,
        after,
        inputs=[dict(source)],
        outputs=[dict(target)],
        source={"type": "BinarySource", "storeSettings": dict(settings), "formatSettings": _BINARY},
        sink={"type": "BinarySink", "storeSettings": {"type": "AzureBlobFSWriteSettings"}},
        # Sizes and checksums of both sides are compared; a file that differs fails the run.
        validateDataConsistency=True,
    )


def _if(name: str, condition: str, activities: Sequence[Activity], after: Sequence[str]) -> Activity:
    return {
        "name": name,
        "type": "IfCondition",
        "dependsOn": _after(*after),
        "expression": _expression(condition),
        "ifTrueActivities": list(activities),
    }


def _for_each(name: str, items: str, activity: Activity, *, after: Sequence[str], at_once: int) -> Activity:
    return {
        "name": name,
        "type": "ForEach",
        "dependsOn": _after(*after),
        "items": _expression(items),
        "activities": [activity],
        **({"isSequential": True} if at_once == 1 else {"isSequential": False, "batchCount": at_once}),
    }


def _run(pipeline: str, parameters: Mapping[str, Any]) -> Activity:
    return {
        "name": f"run-{pipeline}",
        "type": "ExecutePipeline",
        "pipeline": {"type": "PipelineReference", "referenceName": pipeline},
        "parameters": dict(parameters),
        "waitOnCompletion": True,
    }
