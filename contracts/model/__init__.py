"""What a contract says, as typed values; `contracts.load` makes them, everything else reads them."""

from contracts.model.datasets import Contracts, Dataset
from contracts.model.sources import SourceTable
from contracts.model.tables import (
    CDC_FOLDER,
    CLASSIFICATIONS,
    DATABASE_ZONES,
    EXCHANGE_FOLDER,
    ZONES,
    Column,
    Exchange,
    Partition,
    Table,
)
from contracts.model.topics import Field, Rule, Share, Topic

__all__ = [
    "CDC_FOLDER",
    "CLASSIFICATIONS",
    "DATABASE_ZONES",
    "EXCHANGE_FOLDER",
    "ZONES",
    "Column",
    "Contracts",
    "Dataset",
    "Exchange",
    "Field",
    "Partition",
    "Rule",
    "Share",
    "SourceTable",
    "Table",
    "Topic",
]
