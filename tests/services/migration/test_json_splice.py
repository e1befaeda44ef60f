"""One member of a stored object is changed, and every other character stays."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llama_storage_tui.model.transfer import NotConvertibleError
from llama_storage_tui.services.migration.json_splice import json_object
from tests.any_json import SCALARS

HARD = (
    '{"big": 123456789012345678901234567890, "float": 1.0e+2, "twice": 1, "twice": 2, "escaped": "\\u00fc\\ud83d\\ude42 \\/", '
    '"nan": NaN, "infinite": -Infinity, "lone": "\\ud800", "nul": "\\u0000",\t"deep": {"a": [1, {"store": false}]}}'
)


def test_a_member_is_put_behind_the_others_and_nothing_else_changes() -> None:
    assert json_object(HARD).with_value("store", "true") == HARD[:-1] + ', "store": true}'


def test_a_member_is_put_in_as_the_document_is_written() -> None:
    assert json_object('{"a":1,"b":2}').with_value("c", "3") == '{"a":1,"b":2,"c":3}'
    assert json_object("{}").with_value("c", "3") == '{"c": 3}'
    assert json_object(' {"a" : 1 } \n').with_value("a", "3") == ' {"a" : 3 } \n'


def test_of_equal_names_the_last_counts_as_it_does_for_a_server() -> None:
    assert json_object('{"a": 1, "a": 2}').value("a") == "2"
    assert json_object('{"a": 1, "a": 2}').with_value("a", "3") == '{"a": 1, "a": 3}'


def test_a_member_is_renamed_wherever_it_stands_unless_the_new_name_is_taken() -> None:
    assert json_object('{"old":1, "x":2, "old":3}').renamed("old", "new") == '{"new":1, "x":2, "new":3}'
    assert json_object('{"old": 1, "new": 2}').renamed("old", "new") == '{"old": 1, "new": 2}'


def test_a_number_of_any_length_is_only_looked_over() -> None:
    text = '{"n": ' + "9" * 10_000 + "}"
    assert json_object(text).with_value("a", "1") == text[:-1] + ', "a": 1}'


@pytest.mark.parametrize(
    "text", ["", "null", "[1]", '"a"', "{", '{"a"}', '{"a": }', "{a: 1}", '{"a": 1} x', '{"a": 1,}', None, 5]
)
def test_what_is_no_object_is_not_converted(text: object) -> None:
    with pytest.raises(NotConvertibleError):
        json_object(text)


def test_an_object_that_nests_too_deeply_is_not_converted() -> None:
    with pytest.raises(NotConvertibleError):
        json_object('{"a": ' + "[" * 200_000 + "]" * 200_000 + "}")


@given(document=st.dictionaries(st.text(), SCALARS | st.lists(SCALARS)), is_ascii=st.booleans())
def test_every_other_value_of_any_object_is_kept(*, document: dict[str, object], is_ascii: bool) -> None:
    text = json.dumps(document, ensure_ascii=is_ascii)
    changed = json_object(text).with_value("store", "true")
    assert _plain(json.loads(changed)) == _plain({**document, "store": True})


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return "NaN" if isinstance(value, float) and math.isnan(value) else value
