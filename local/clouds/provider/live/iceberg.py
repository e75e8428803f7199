"""The first metadata of an Iceberg table, from the `iceberg_table_input` of a Glue table."""

from __future__ import annotations

import json
import uuid
from typing import Any
from urllib.parse import urlparse

from pyiceberg.catalog.glue import _construct_table_input
from pyiceberg.partitioning import PARTITION_FIELD_ID_START, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.metadata import TableMetadataV2
from pyiceberg.table.sorting import SortOrder

from local.clouds.provider.wire import Properties

UNSORTED: dict[str, Any] = {"order-id": 0, "fields": []}


def first_table_input(s3: Any, name: str, given: Properties) -> dict[str, Any]:
    """Write the metadata file and return what Glue's CreateTable takes.

    Field ids, required fields and partition field ids are those given: pyiceberg's own `create_table` would
    number them anew.

    Raises: ValueError if schema, partitions or sort order are no valid Iceberg.
    """
    location = given["location"].rstrip("/")
    metadata = table_metadata(location, given)
    file = f"{location}/metadata/00000-{uuid.uuid4()}.metadata.json"
    place = urlparse(file)
    body = metadata.model_dump_json(by_alias=True, exclude_none=True).encode()
    s3.put_object(Bucket=place.netloc, Key=place.path.lstrip("/"), Body=body, ContentType="application/json")
    return dict(_construct_table_input(name, file, {}, metadata))


def table_metadata(location: str, given: Properties) -> TableMetadataV2:
    """Format version 2, no snapshot."""
    schema = Schema.model_validate(_schema(given["schema"]))
    spec = PartitionSpec.model_validate(_partition_spec(given.get("partitionSpec")))
    order = SortOrder.model_validate(_sort_order(given.get("sortOrder")))
    last_partition = max([field.field_id for field in spec.fields], default=PARTITION_FIELD_ID_START - 1)
    return TableMetadataV2.model_validate(
        {
            "format-version": 2,
            "table-uuid": uuid.uuid4(),
            "location": location,
            "last-column-id": schema.highest_field_id,
            "schemas": [schema],
            "current-schema-id": schema.schema_id,
            "partition-specs": [spec],
            "default-spec-id": spec.spec_id,
            "last-partition-id": last_partition,
            "sort-orders": [order],
            "default-sort-order-id": order.order_id,
            "properties": given.get("properties") or {},
        }
    )


def _schema(given: Properties) -> dict[str, Any]:
    fields = [
        {
            "id": field["id"],
            "name": field["name"],
            "required": field["required"],
            "type": _type(field["type"]),
            **({"doc": field["doc"]} if field.get("doc") else {}),
        }
        for field in given["fields"]
    ]
    return {
        "type": "struct",
        "schema-id": given.get("schemaId") or 0,
        "fields": fields,
        "identifier-field-ids": given.get("identifierFieldIds") or [],
    }


def _type(text: str) -> Any:
    """Glue takes a type as a JSON document: `"long"` with its quotes, or the object of a list or struct."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text  # a bare name, which Glue takes as well


def _partition_spec(given: Properties | None) -> dict[str, Any]:
    fields = [
        {
            "source-id": field["sourceId"],
            "field-id": field.get("fieldId") or PARTITION_FIELD_ID_START + index,
            "name": field["name"],
            "transform": field["transform"],
        }
        for index, field in enumerate((given or {}).get("fields") or [])
    ]
    return {"spec-id": (given or {}).get("specId") or 0, "fields": fields}


def _sort_order(given: Properties | None) -> dict[str, Any]:
    if not given:
        return UNSORTED
    fields = [
        {
            "source-id": field["sourceId"],
            "transform": field["transform"],
            "direction": field["direction"],
            "null-order": field["nullOrder"],
        }
        for field in given["fields"]
    ]
    return {"order-id": given["orderId"], "fields": fields}
