"""What becomes of one key or row on its way to another version."""

from __future__ import annotations

import json

import pytest

from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.transfer import (
    Convert,
    Item,
    MoveMostKeys,
    MoveTexts,
    NotConvertibleError,
)
from llama_storage_tui.services.migration.conversions import Step, registered_objects, steps, with_lead
from llama_storage_tui.services.migration.row_conversions import (
    batch_row,
    connector_row,
    in_folder,
    of_tenant,
    prompt_row,
    public,
    response_form,
)
from llama_storage_tui.services.migration.vector_conversions import (
    is_faiss_chunk_without_id,
    vector_keys,
    vector_rows,
)

GONE = frozenset({"dataset"})
CHUNK = '{"content":"Ü","metadata":{"document_id":"f"},"embedding":[1e-7,NaN],"stored_chunk_id":"c1","chunk_metadata":null}'


def key(text: str, value: Cell = "{}", expiration: Cell = None) -> Item:
    return {"key": text, "value": value, "expiration": expiration}


def only(convert: Convert, item: Item) -> Item:
    (found,) = convert(item)
    return found


def row(step: Step, **cells: Cell) -> Item:
    return only(steps(step), cells)


def test_a_raw_key_gets_its_namespace_and_keeps_value_and_expiry() -> None:
    convert = with_lead("", "agents:")
    assert only(convert, key("agent:1", "2", "2027-01-01")) == key("agents:agent:1", "2", "2027-01-01")
    assert only(with_lead("a:", ""), key("a:b:c")) == key("b:c")


def test_a_value_that_is_null_stays_null() -> None:
    assert only(with_lead("", "n:"), key("k", None))["value"] is None


@pytest.mark.parametrize("stored", [b"\xff", None, 7])
def test_a_key_that_is_no_text_is_not_converted(stored: Cell) -> None:
    with pytest.raises(NotConvertibleError):
        with_lead("", "n:")({"key": stored, "value": "1"})


def test_a_registered_object_of_0_2_is_found_under_the_key_of_later_versions() -> None:
    value = '{"identifier":"m","type":"model","metadata":{"n":12345678901234567890123}}'
    found = only(
        registered_objects("", "registry:", GONE), key("distributions:registry:v9::model:a:b", value)
    )
    assert found == key("registry:distributions:registry:v10::model:a:b", value)


def test_a_vector_db_becomes_a_vector_store_in_its_key_and_its_document() -> None:
    value = '{"identifier":"v","type":"vector_db","owner":null,"vector_db_name":"Ü"}'
    found = only(registered_objects("", "", GONE), key("distributions:registry:v9::vector_db:v", value))
    assert found["key"] == "distributions:registry:v10::vector_store:v"
    assert found["value"] == '{"identifier":"v","type":"vector_store","owner":null,"vector_store_name":"Ü"}'


def test_an_object_of_a_type_that_is_gone_is_left_out() -> None:
    assert registered_objects("", "", GONE)(key("distributions:registry:v9::dataset:d")) == ()


@pytest.mark.parametrize(
    "convert",
    [
        registered_objects("", "registry:", GONE),
        registered_objects("old:", "registry:", GONE),
        vector_keys("", "faiss:", None, fixes_chunks=True),
        vector_keys("old:", "", None, fixes_chunks=False),
    ],
)
@pytest.mark.parametrize("value", [CHUNK, "", "no JSON", None, 7, b"\xff"])
def test_keys_that_an_engine_may_move_by_itself_become_the_same_one_by_one(
    convert: Convert, value: Cell
) -> None:
    assert isinstance(convert, MoveMostKeys)
    assert convert.heads
    for head in convert.heads:
        item = key(f"{head}a:b\0::c", value, "2027-11-23")
        if isinstance(convert.move, MoveTexts) and not isinstance(value, str):
            with pytest.raises(NotConvertibleError):
                convert(item)
            with pytest.raises(NotConvertibleError):
                convert.move(item)
        else:
            assert list(convert(item)) == list(convert.move(item))


def test_a_prompt_is_the_default_where_the_key_of_its_own_says_so() -> None:
    convert = prompt_row("prompts:", {"pmpt_1": "10"})
    value = '{"prompt_id": "pmpt_1", "version": 2, "is_default": true}'
    second = only(convert, key("prompts:prompts:v1:pmpt_1:2", value))
    assert (second["id"], second["version"], second["is_default"]) == ("pmpt_1:2", 2, False)
    assert (second["prompt_data"], second["owner_principal"], second["created_at"]) == (value, "", None)
    assert only(convert, key("prompts:prompts:v1:pmpt_1:10"))["is_default"] is True
    assert convert(key("prompts:prompts:v1:pmpt_1:default", "10")) == ()


@pytest.mark.parametrize("stored", ["prompts:v1:pmpt_1", "prompts:v1:pmpt_1:x", "prompts:v1:pmpt_1:²"])
def test_a_prompt_without_a_version_in_its_key_is_not_converted(stored: str) -> None:
    with pytest.raises(NotConvertibleError):
        prompt_row("", {})(key(stored))


def test_a_batch_keeps_its_document_and_gets_columns_of_it() -> None:
    value = '{"id": "batch_1", "created_at": 17, "status": "c\\u00f6mpleted", "n": 1.0}'
    assert only(batch_row("", "team-a"), key("batch:batch_1", value)) == {
        "id": "batch_1",
        "created_at": 17,
        "status": "cömpleted",
        "batch_data": value,
        "access_attributes": "null",
        "owner_principal": "",
        "tenant_id": "team-a",
    }
    assert only(batch_row(""), key("batch:b", '{"created_at": "x"}'))["created_at"] is None


def test_a_connector_keeps_its_document_and_gets_columns_of_it() -> None:
    value = '{"connector_id": "c", "connector_type": "mcp", "url": "http://x", "server_label": null}'
    found = only(connector_row(""), key("connectors:v1:c", value))
    assert (found["id"], found["url"], found["server_label"]) == ("c", "http://x", None)
    assert found["connector_data"] == value


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"id": "r", "output": []}', '{"id": "r", "output": [], "store": true}'),
        ('{"id": "r", "tools": [{"store": 1}]}', '{"id": "r", "tools": [{"store": 1}], "store": true}'),
        ('{"id": "r", "store": null, "n": 1}', '{"id": "r", "store": true, "n": 1}'),
        ('{"id": "r", "store": false}', '{"id": "r", "store": false}'),
        ('{"a": NaN, "b": "\\ud800"} \n', '{"a": NaN, "b": "\\ud800", "store": true} \n'),
        ("{}", '{"store": true}'),
    ],
)
def test_a_response_says_that_it_is_stored(before: str, after: str) -> None:
    assert (
        row(response_form("response_object", has_store=True), response_object=before)["response_object"]
        == after
    )


@pytest.mark.parametrize("stored", ["null", "[]", "{", None, b"{}"])
def test_a_response_that_is_no_object_is_not_converted(stored: Cell) -> None:
    with pytest.raises(NotConvertibleError):
        row(response_form("response_object", has_store=True), response_object=stored)


def test_the_usage_says_how_many_tokens_were_cached() -> None:
    step = response_form("d", has_usage_details=True)
    assert row(step, d='{"usage": {"total_tokens": 1}}')["d"] == (
        '{"usage": {"total_tokens": 1, "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}}'
    )
    kept = '{"usage": {"input_tokens_details": {"cached_tokens": 2}, "output_tokens_details": {"reasoning_tokens": 3}}}'
    assert row(step, d=kept)["d"] == kept
    empty = '{"usage": {"input_tokens_details": {}, "output_tokens_details": {"reasoning_tokens": null}}}'
    assert json.loads(str(row(step, d=empty)["d"])) == {
        "usage": {
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 0},
        }
    }
    for text in ('{"usage": null}', '{"id": 1}'):
        assert row(step, d=text)["d"] == text


def test_a_null_is_replaced_where_the_model_takes_none_and_only_there() -> None:
    step = response_form("d", has_parallel=True)
    assert row(step, d='{"parallel_tool_calls":null}')["d"] == '{"parallel_tool_calls":true}'
    nested = '{"a": {"parallel_tool_calls": null}, "parallel_tool_calls": false}'
    assert row(step, d=nested)["d"] == nested


def test_several_things_that_a_response_lacks_are_put_in_at_once() -> None:
    step = response_form("d", has_store=True, has_usage_details=True, has_parallel=True)
    before = '{"usage": {"n": 1.0}, "id": "r", "parallel_tool_calls": null, "b": "\\u00fc"}'
    details = '"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}'
    assert row(step, d=before)["d"] == (
        f'{{"usage": {{"n": 1.0, {details}}}, "id": "r", "parallel_tool_calls": true, "b": "\\u00fc", "store": true}}'
    )


def test_only_rows_without_an_owner_become_public() -> None:
    assert row(public, owner_principal=None, access_attributes="null") == {
        "owner_principal": "",
        "access_attributes": "null",
    }
    assert row(public, owner_principal="alice")["owner_principal"] == "alice"
    assert row(public, id=1) == {"id": 1}


def test_only_rows_without_a_tenant_get_one() -> None:
    assert row(of_tenant("a"), id=1)["tenant_id"] == "a"
    assert row(of_tenant("a"), tenant_id="b")["tenant_id"] == "b"
    assert row(of_tenant("a"), tenant_id="")["tenant_id"] == ""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("/old/files/a/b", "/new/a/b"),
        ("/else/where/c", "/new/c"),
        ("/new/x", "/new/x"),
        ("/newer/x", "/new/x"),
        ("/old/files/../y", "/new/y"),
        (None, None),
        ("", ""),
    ],
)
def test_a_file_is_named_where_it_has_to_lie(before: str | None, after: str | None) -> None:
    assert row(in_folder("/new", "/old/files"), file_path=before)["file_path"] == after


def test_a_chunk_gets_its_id_and_an_object_of_metadata_and_nothing_else_changes() -> None:
    convert = vector_keys("", "faiss:", None, fixes_chunks=True)
    found = only(convert, key("openai_vector_stores_files_contents:v3::s:f:0", CHUNK))
    assert found["key"] == "faiss:openai_vector_stores_files_contents:v3::s:f:0"
    assert found["value"] == CHUNK.replace("null}", '{},"chunk_id":"c1"}')


def test_the_chunks_inside_an_index_are_converted_and_the_index_itself_is_not_touched() -> None:
    value = json.dumps({"chunk_by_index": {"0": CHUNK, "1": CHUNK}, "faiss_index": "k05VTVBZ"})
    convert = vector_keys("", "", None, fixes_chunks=True)
    found = only(convert, key("faiss_index:v3::s", value))["value"]
    assert isinstance(found, str)
    assert found.endswith('"faiss_index": "k05VTVBZ"}')
    for chunk in json.loads(found)["chunk_by_index"].values():
        assert chunk == CHUNK.replace("null}", '{},"chunk_id":"c1"}')
    assert only(convert, key("faiss_index:v3::s", found))["value"] == found
    assert is_faiss_chunk_without_id(value)
    assert not is_faiss_chunk_without_id(found)


def test_a_chunk_without_a_stored_id_gets_the_one_that_its_server_computed() -> None:
    # What generate_chunk_id of llama-stack 0.3.5 returns for document f and this text.
    text = '{"content": "\\u00dc", "metadata": {"document_id": "f"}, "stored_chunk_id": null, "chunk_metadata": {}}'
    convert = vector_keys("", "", None, fixes_chunks=True)
    contents = "openai_vector_stores_files_contents:v3::s:f:0"
    made = json.loads(str(only(convert, key(contents, text))["value"]))["chunk_id"]
    assert made == "b5587fd0-7d31-80bd-48cb-1ba3e75748e2"


def test_keys_of_another_providers_store_are_left_out() -> None:
    convert = vector_keys("", "p:", {"s1"}, fixes_chunks=False)
    for mine in (
        "vector_stores:v3::s1",
        "vector_stores:milvus:v3::s1",
        "faiss_index:v3::s1",
        "openai_vector_stores:v3::s1",
        "openai_vector_stores_files:v3::s1:f",
        "openai_vector_stores_files_contents:v3::s1:f:3",
    ):
        assert only(convert, key(mine))["key"] == f"p:{mine}"
        assert convert(key(mine.replace("s1", "s12"))) == ()
    batch = "openai_vector_stores_file_batches:v3::b"
    assert only(convert, key(batch, '{"vector_store_id": "s1"}'))["key"] == f"p:{batch}"
    assert convert(key(batch, '{"vector_store_id": "s2"}')) == ()


def test_chunks_become_rows_by_their_number() -> None:
    head = "openai_vector_stores_files_contents:v3::"
    convert = vector_rows("ns:", None, [head], None)[head]
    found = only(convert, key(f"ns:{head}s:f:10", '{"content": "x"}'))
    assert (found["id"], found["store_id"], found["file_id"], found["chunk_index"]) == (
        "s:f:10",
        "s",
        "f",
        10,
    )
    assert str(found["chunk_data"]).startswith('{"content": "x", "chunk_metadata": {}, "chunk_id": ')
    assert found["owner_principal"] == ""
    with pytest.raises(NotConvertibleError):
        convert(key(f"ns:{head}s:f", "{}"))
