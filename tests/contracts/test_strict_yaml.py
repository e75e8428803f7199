"""What YAML text means to the loader, over the whole range of what its two versions read differently."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from contracts import strict_yaml
from contracts.strict_yaml import plain, read

ONCE = "a key stands once in a mapping"
BOOLEANS_OF_1_1 = [
    spelling
    for word in ("y", "yes", "n", "no", "true", "false", "on", "off")
    for spelling in (word, word.capitalize(), word.upper())
]
"""The regular expression of YAML 1.1's type repository (yaml.org/type/bool.html), spelt out."""

keys = st.text("abcdefgh_", min_size=1, max_size=6)
scalars = st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text("ab c:#-'\"é\n", max_size=8)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=12,
)


def rules_of(text: str) -> list[str]:
    _, problems = read(text, "f.yaml")
    return [problem.rule for problem in problems]


@given(values)
def test_json_is_read_as_json_reads_it(value: Any) -> None:
    assert read(json.dumps(value), "f.yaml") == (value, [])


@given(values)
def test_what_pyyaml_writes_in_blocks_is_read_back(value: Any) -> None:
    class Unshared(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    text = yaml.dump(value, Dumper=Unshared, default_flow_style=False, allow_unicode=True)
    assert read(text, "f.yaml") == (value, [])


@pytest.mark.parametrize("spelling", BOOLEANS_OF_1_1)
def test_of_the_booleans_of_yaml_1_1_only_true_and_false_are_one(spelling: str) -> None:
    expected = {"true": True, "false": False}.get(spelling.lower(), spelling)
    assert read(f"a: {spelling}\nb: [{spelling}]", "f.yaml") == ({"a": expected, "b": [expected]}, [])


@given(st.sampled_from(BOOLEANS_OF_1_1), st.sampled_from(["'", '"']))
def test_what_stands_in_quotes_is_a_text(spelling: str, quote: str) -> None:
    assert read(f"a: {quote}{spelling}{quote}", "f.yaml") == ({"a": spelling}, [])


@pytest.mark.parametrize(
    "text",
    [
        *("12:30", "190:20:30", "12:30.5", "0777", "-07", "0o17", "0x1F", "0b11", "1_000", "1_0.5", "+1", "-0", "1."),
        *(".5", "2026-05-01", "2026-05-01T12:00:00Z", "2026-05-01 12:00:00", ".inf", "-.INF", ".nan", "1e999", "="),
        *("9" * 19, "\N{ARABIC-INDIC DIGIT THREE}"),
    ],
)
def test_what_looks_like_a_number_or_a_date_to_some_reader_is_a_text(text: str) -> None:
    assert read(f"a: {text}", "f.yaml") == ({"a": text}, [])


@given(st.text("0123456789_:.-+eExob", min_size=1, max_size=10))
def test_a_number_is_one_that_json_has_too(text: str) -> None:
    value = plain(text)
    if isinstance(value, str):
        assert value == text
    else:
        assert json.loads(text) == value


def test_the_usual_numbers_are_numbers() -> None:
    assert [plain(text) for text in ("0", "-7", "1000", "0.5", "-1.50", "1e3")] == [0, -7, 1000, 0.5, -1.5, 1000.0]
    assert [plain(text) for text in ("", "~", "null")] == [None, None, None]


@given(values, keys, values, values, st.lists(keys | st.integers(0, 2), max_size=6), st.booleans())
def test_a_key_that_stands_twice_is_refused_at_any_depth(
    around: Any, key: str, first: Any, second: Any, path: list[str | int], quoted: bool
) -> None:
    name = f'"{key}"' if quoted else json.dumps(key)
    text = f"{{{json.dumps(key)}: {json.dumps(first)}, {name}: {json.dumps(second)}}}"
    for step in reversed(path):
        others = json.dumps(around)
        if isinstance(step, int):
            text = "[" + ", ".join([others] * step + [text]) + "]"
        else:
            text = f'{{"{step}": {text}, "{step}_": {others}}}'

    _, problems = read(text, "f.yaml")

    at = "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in [*path, key])
    assert [(p.path, p.value) for p in problems if ONCE in p.rule] == [(at, "lines 1 and 1")]


def test_the_lines_of_a_key_that_stands_twice_are_named() -> None:
    text = "fields:\n- name: customer_id\n  classification: personal\n  share: no\n  classification: public\n"
    value, (problem,) = read(text, "orders.yaml")
    assert str(problem).startswith("orders.yaml: $.fields[0].classification: lines 3 and 5: a key stands once")
    assert value == {"fields": [{"name": "customer_id", "classification": "personal", "share": "no"}]}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("a: &x 1", "no anchors"),
        ("a: &x 1\nb: *x", "no aliases"),
        ("a: &x {b: 1}\nc:\n  <<: *x", "no merge keys"),
        ("a: !!str 1", "no tags"),
        ("a: !!python/object:os.system {}", "no tags"),
        ("a: !secret x", "no tags"),
        ("%YAML 1.1\n---\na: NO", "no directives"),
        ("a: 1\n---\nb: 2", "one document"),
        ("1: a", "a key is a text"),
        ("true: a", "a key is a text"),
        ("~: a", "a key is a text"),
        ("? [a, b]\n: c", "a key is a text"),
        ("? {a: b}\n: c", "a key is a text"),
        ("a: [", "YAML can read"),
        ("a: b: c", "YAML can read"),
        ("\tb: 1", "YAML can read"),
        ("a: \x01", "YAML can read"),
        ("[" * 1000 + "]" * 1000, "inside each other"),
        ("- " * 1000 + "a", "inside each other"),
    ],
)
def test_what_a_reader_would_have_to_follow_is_refused(text: str, rule: str) -> None:
    assert any(rule in found for found in rules_of(text)), rules_of(text)


@pytest.mark.parametrize("key", ["NO", "yes", "on", "0777", "12:30", "2026-05-01"])
def test_a_key_is_read_as_a_text_where_yaml_1_1_has_another_value(key: str) -> None:
    assert read(f"{key}: 1", "f.yaml") == ({key: 1}, [])


def test_every_problem_is_found_at_once() -> None:
    assert len(rules_of("a: 1\na: 2\nb: &x 1\nc: *x\n3: d")) == 4


def test_an_empty_text_has_no_value() -> None:
    assert read("", "f.yaml") == (None, [])
    assert read("# nothing\n", "f.yaml") == (None, [])


@given(st.text(max_size=60) | st.text("{}[]:-,&*!|>'\"%#?~ \n\tab1", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    value, problems = read(text, "f.yaml")
    assume(not problems)
    assert json.loads(json.dumps(value, allow_nan=False)) == value


def test_load_gives_the_value_or_raises_every_problem() -> None:
    assert strict_yaml.load("a: NO", "f.yaml") == {"a": "NO"}
    with pytest.raises(strict_yaml.YamlErrors, match=r"f\.yaml: \$\.a: lines 1 and 2: a key stands once") as caught:
        strict_yaml.load("a: 1\na: 2\nb: !x 3", "f.yaml")
    assert len(caught.value.problems) == 2


def test_the_python_parser_reads_as_the_one_in_c(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: NO\nb:\n  - 12:30\n  - \"1\"\n  - ''\n  - |\n    on\nc: {d: 0777, e: }\n"
    quick = read(text, "f.yaml")
    monkeypatch.setattr(strict_yaml, "_PARSER", yaml.SafeLoader)
    assert (
        read(text, "f.yaml")
        == quick
        == ({"a": "NO", "b": ["12:30", "1", "", "on\n"], "c": {"d": "0777", "e": None}}, [])
    )
