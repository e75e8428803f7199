"""The datasets, written down once: one ODCS file each, and what is derived from them.

Pure Python without cloud SDKs; it imports nothing else of this project.
"""

from contracts.cdc import COMMITTED_AT, source_ddl, table_mappings
from contracts.compiled import compile_all, compile_bridge, compile_exchange, compile_job, compile_mart, currencies
from contracts.errors import ContractErrors, Problem
from contracts.loader import load
from contracts.model import (
    CDC_FOLDER,
    EXCHANGE_FOLDER,
    Column,
    Contracts,
    Dataset,
    Exchange,
    Field,
    Partition,
    Rule,
    Share,
    SourceTable,
    Table,
    Topic,
)
from contracts.pubsub import schema_definition, shared_fields
from contracts.warehouse import ANALYST, BI, ENGINEER, Statement, warehouse_statements

__all__ = [
    "ANALYST",
    "BI",
    "CDC_FOLDER",
    "COMMITTED_AT",
    "ENGINEER",
    "EXCHANGE_FOLDER",
    "Column",
    "ContractErrors",
    "Contracts",
    "Dataset",
    "Exchange",
    "Field",
    "Partition",
    "Problem",
    "Rule",
    "Share",
    "SourceTable",
    "Statement",
    "Table",
    "Topic",
    "compile_all",
    "compile_bridge",
    "compile_exchange",
    "compile_job",
    "compile_mart",
    "currencies",
    "load",
    "schema_definition",
    "shared_fields",
    "source_ddl",
    "table_mappings",
    "warehouse_statements",
]
