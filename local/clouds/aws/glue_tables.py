"""Glue's optimistic lock on tables, which Iceberg's commits rely on.

AWS: UpdateTable with a VersionId that is not the table's current one fails with
ConcurrentModificationException. moto ignores VersionId, so of two commits at once one is lost
without a word.
"""

from __future__ import annotations

import threading

from moto.core.responses import ActionResult, EmptyResult
from moto.glue.exceptions import GlueClientError
from moto.glue.responses import GlueResponse

_lock = threading.Lock()


class ConcurrentModificationError(GlueClientError):
    def __init__(self, message: str) -> None:
        super().__init__("ConcurrentModificationException", message)


def extend() -> None:
    GlueResponse.update_table = _update_table  # type: ignore[method-assign]


def _update_table(self: GlueResponse) -> ActionResult:
    database = self.parameters["DatabaseName"]
    table_input = self.parameters["TableInput"]
    expected = self.parameters.get("VersionId")
    with _lock:
        table = self.glue_backend.get_table(database, table_input["Name"])
        current = table.as_dict()["VersionId"]
        if expected is not None and str(expected) != str(current):
            raise ConcurrentModificationError(
                f"Update table failed due to concurrent modifications: {database}.{table_input['Name']} "
                f"is at version {current}, the update expects {expected}."
            )
        self.glue_backend.update_table(database, table_input["Name"], table_input)
    return EmptyResult()
