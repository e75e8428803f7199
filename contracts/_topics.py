"""Reads a schema object with physicalType `topic`: its fields, rules, raw table and what it shares."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from math import inf

from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject, SchemaProperty

from contracts import pubsub
from contracts._sharing import Candidate, Sharing, check_columns, read_sharing
from contracts._values import (
    Reading,
    classification_of,
    custom,
    custom_text,
    default_classification,
    is_whole,
    known_customs,
    name_of,
    prefix_of,
    primary_key,
    primitive_of,
    retention_days,
    text_of,
)
from contracts.model import CLASSIFICATIONS, Field, Rule, Share, Topic
from contracts.raw import raw_table

CONFORM = ("identifier", "iso3166", "iso4217", "money")
TARGETS = ("gcp",)


def read_topic(
    item: SchemaObject, contract: OpenDataContractStandard, dataset: str, at: str, reading: Reading
) -> Topic | None:
    """Return the topic, or None after a problem that leaves nothing to build it from."""
    known_customs(item, ("classification", "key", "partitions", "prefix", "shareWith"), at, reading)
    name = name_of(item.physicalName, f"{at}.physicalName", reading)
    properties = item.properties or []
    if not properties:
        reading.problem(f"{at}.properties", None, "the record of a topic has fields")
        return None
    default = default_classification(item, at, reading)
    sharing = read_sharing(item, TARGETS, at, reading, by_events=True)
    fields = tuple(
        _field(p, f"{at}.properties[{i}]", reading, parents=(), default=default, sharing=sharing)
        for i, p in enumerate(properties)
    )
    key = custom_text(item, "key", at, reading)
    if key not in {f.name for f in fields if f.required}:
        rule = "custom property `key` names the required field that is the Kafka key"
        reading.problem(f"{at}.customProperties.key", key, rule)
    natural_key = primary_key(properties, at, reading)
    if not natural_key:
        reading.problem(f"{at}.properties", None, "a topic has a primary key: by it repeated records are found")
    partitions = custom(item, "partitions")
    if not is_whole(partitions, 1, 1000):
        reading.problem(f"{at}.customProperties.partitions", partitions, "a whole number from 1 to 1000")
    rules = tuple(_rules(properties, f"{at}.properties", "", reading))
    for rule_name, count in Counter(r.name for r in rules).items():
        if count > 1:
            rule = f"the rules of a topic have names of their own; {count} fields of one name have rules of one kind"
            reading.problem(f"{at}.properties", rule_name, rule)
    return Topic(
        name=name,
        dataset=dataset,
        description=text_of(item.description, f"{at}.description", reading),
        key=key or "",
        natural_key=natural_key,
        partitions=partitions if is_whole(partitions, 1) else 0,
        retention_days=retention_days(contract, f"topic.{name}", reading),
        fields=fields,
        rules=rules,
        raw_table=raw_table(
            topic=name,
            dataset=dataset,
            classification=_most_sensitive(fields),
            retention_days=retention_days(contract, f"raw.{name}", reading),
            prefix=prefix_of(item, name, at, reading),
        ),
        share=_share(sharing, fields, at, reading) if sharing else None,
    )


def _field(
    prop: SchemaProperty,
    at: str,
    reading: Reading,
    *,
    parents: tuple[str, ...],
    default: str | None,
    sharing: Sharing | None,
) -> Field:
    """Args: default: the classification of what the field lies in, which is its own unless it says another."""
    known_customs(prop, ("conform",), at, reading)
    names = (*parents, prop.name or "")
    classification = classification_of(prop, default, at, reading)
    inner: tuple[Field, ...] = ()
    if prop.logicalType == "array":
        kind = "array"
        items = prop.items
        if parents:
            reading.problem(at, prop.name, "an array lies at the top of a record, not inside another array")
        if items is None or items.logicalType != "object" or not items.properties:
            reading.problem(f"{at}.items", getattr(items, "logicalType", None), "items are objects with properties")
        else:
            known_customs(items, (), f"{at}.items", reading)
            of_items = classification_of(items, classification, f"{at}.items", reading)
            path = f"{at}.items.properties"
            inner = tuple(
                _field(p, f"{path}[{i}]", reading, parents=names, default=of_items, sharing=sharing)
                for i, p in enumerate(items.properties)
            )
    else:
        kind = primitive_of(prop, ("array",), at, reading) or ""
    conform = custom_text(prop, "conform", at, reading)
    if conform is not None:
        needs = "decimal" if conform == "money" else "string"
        if conform not in CONFORM:
            reading.problem(f"{at}.customProperties.conform", conform, f"one of: {', '.join(CONFORM)}")
        elif not kind.startswith(needs):
            reading.problem(f"{at}.customProperties.conform", conform, f"conforms a {needs}, this field is a {kind}")
    return Field(
        name=name_of(prop.name, f"{at}.name", reading),
        type=kind,
        required=bool(prop.required),
        description=text_of(prop.description, f"{at}.description", reading),
        classification=classification,
        conform=conform,
        shared_with=sharing.targets_of(".".join(names)) if sharing else (),
        fields=inner,
    )


def _rules(properties: list[SchemaProperty], at: str, prefix: str, reading: Reading) -> Iterator[Rule]:
    for index, prop in enumerate(properties):
        here, path = f"{at}[{index}]", f"{prefix}{prop.name}"
        options = dict(prop.logicalTypeOptions or {})
        low, high = options.pop("minimum", None), options.pop("maximum", None)
        pattern = options.pop("pattern", None)
        for unknown in options:
            rule = "the options that become rules are: minimum, maximum, pattern"
            reading.problem(f"{here}.logicalTypeOptions.{unknown}", options[unknown], rule)
        if low is not None or high is not None:
            yield Rule(name=f"{prop.name}_range", field=path, kind="range", minimum=low, maximum=high)
        if pattern is not None:
            try:
                re.compile(pattern)
            except re.error as error:
                reading.problem(f"{here}.logicalTypeOptions.pattern", pattern, f"a regular expression: {error}")
            yield Rule(name=f"{prop.name}_pattern", field=path, kind="pattern", pattern=pattern)
        for number, check in enumerate(prop.quality or []):
            values = (check.arguments or {}).get("validValues")
            if check.metric != "invalidValues" or not values or not is_whole(check.mustBe, 0, 0):
                rule = "a quality rule here is metric invalidValues with arguments.validValues and mustBe 0"
                reading.problem(f"{here}.quality[{number}]", check.metric, rule)
                continue
            if not isinstance(values, list) or not all(isinstance(v, str) or is_whole(v, -inf) for v in values):
                rule = "a list of texts or whole numbers; what is true, null or has a decimal point stands in quotes"
                reading.problem(f"{here}.quality[{number}].arguments.validValues", values, rule)
                continue
            yield Rule(name=f"{prop.name}_enum", field=path, kind="enum", values=tuple(map(str, values)))
        if prop.items and prop.items.properties:
            yield from _rules(prop.items.properties, f"{here}.items.properties", f"{path}[].", reading)


def _share(sharing: Sharing, fields: tuple[Field, ...], at: str, reading: Reading) -> Share:
    check_columns(sharing, tuple(_candidates(fields, "")), reading)
    if sharing.target == "gcp":
        for path, value, rule in pubsub.misfits(pubsub.shared(fields, "gcp")):
            reading.problem(f"{at}.properties.{path}", value, rule)
    return Share(target=sharing.target, lanes=sharing.lanes, fields=tuple(_shared_paths(fields, "")))


def _candidates(fields: tuple[Field, ...], prefix: str) -> Iterator[Candidate]:
    for f in fields:
        obstacle = "an array is shared by listing the fields of its items" if f.type == "array" else None
        yield Candidate(path=f"{prefix}{f.name}", classification=f.classification, obstacle=obstacle)
        yield from _candidates(f.fields, f"{prefix}{f.name}.")


def _shared_paths(fields: tuple[Field, ...], prefix: str) -> Iterator[str]:
    for f in fields:
        if f.shared_with:
            yield f"{prefix}{f.name}"
        yield from _shared_paths(f.fields, f"{prefix}{f.name}[].")


def _most_sensitive(fields: tuple[Field, ...]) -> str:
    seen = {f.classification for f in fields} | {i.classification for f in fields for i in f.fields}
    return max((c for c in seen if c in CLASSIFICATIONS), key=CLASSIFICATIONS.index, default="personal")
