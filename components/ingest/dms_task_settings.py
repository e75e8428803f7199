"""DMS's task settings of the capture: an error stops it, and what the shop empties or drops stays in raw."""

from __future__ import annotations

from typing import Any


def replication_settings(folder: str) -> dict[str, Any]:
    """Return DMS's task settings; keys that are left out have DMS's defaults.

    Args:
        folder: takes DMS's control tables besides the captured ones.
    """
    stop = "STOP_TASK"
    return {
        "TargetMetadata": {"SupportLobs": False},  # no contract has one (contracts.cdc.PHYSICAL_TYPES)
        "FullLoadSettings": {
            # A load that is repeated adds to raw, and takes nothing away: raw is the history.
            "TargetTablePrepMode": "DO_NOTHING",
            "StopTaskCachedChangesApplied": False,
            "StopTaskCachedChangesNotApplied": False,
            "MaxFullLoadSubTasks": 8,
            "TransactionConsistencyTimeout": 600,
            "CommitRate": 10000,
        },
        "Logging": {"EnableLogging": True},
        "ControlTablesSettings": {
            "ControlSchema": folder,
            "HistoryTableEnabled": False,
            "SuspendedTablesTableEnabled": False,
            "StatusTableEnabled": False,
        },
        # A table that is emptied or dropped in the shop keeps its files in raw.
        "ChangeProcessingDdlHandlingPolicy": {
            "HandleSourceTableDropped": False,
            "HandleSourceTableTruncated": False,
            "HandleSourceTableAltered": False,
        },
        "ErrorBehavior": {
            # DMS's defaults log a bad row and go on without it.
            "DataErrorPolicy": stop,
            "DataTruncationErrorPolicy": stop,
            "DataErrorEscalationPolicy": stop,
            "DataErrorEscalationCount": 0,
            "TableErrorPolicy": stop,
            "TableErrorEscalationPolicy": stop,
            "TableErrorEscalationCount": 0,
            "ApplyErrorDeletePolicy": stop,
            "ApplyErrorInsertPolicy": stop,
            "ApplyErrorUpdatePolicy": stop,
            "ApplyErrorEscalationPolicy": stop,
            "ApplyErrorEscalationCount": 0,
            "FailOnNoTablesCaptured": True,
            # A database that restarts or fails over is waited for, ever less often, without end.
            "RecoverableErrorCount": -1,
            "RecoverableErrorInterval": 5,
            "RecoverableErrorThrottling": True,
            "RecoverableErrorThrottlingMax": 1800,
            "RecoverableErrorStopRetryAfterThrottlingMax": False,
        },
        "ValidationSettings": {"EnableValidation": False},
    }
