from __future__ import annotations

import asyncio
import csv
import json
from pathlib import Path

import pytest

from llama_storage_tui.cli.records.list_documents import ResponseBody
from llama_storage_tui.model.access import Viewer
from llama_storage_tui.model.responses import ResponseBatch
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.export import ExportFormat
from llama_storage_tui.services.responses.exporting import COLUMNS, export_listed, export_responses
from llama_storage_tui.services.responses.listing import list_responses
from llama_storage_tui.services.responses.viewing import ViewAs
from tests.queries import asking
from tests.response_rows import row
from tests.response_stores import create, insert, keeping
from tests.stores import SqliteStore, Store


def some(store: Store) -> None:
    create(store)
    insert(
        store,
        [
            row("r1", created_at=100, owner="alice"),
            row("r2", created_at=300, status="failed", error={"code": "x", "message": 'a, "b"\nc'}),
            row("r3", created_at=200, owner=None, text='"no object"'),
        ],
    )


def read(path: Path, format_: ExportFormat) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        match format_:
            case ExportFormat.CSV:
                return list(csv.DictReader(file))
            case ExportFormat.JSON:
                return list(json.load(file))
            case ExportFormat.JSONL:
                return [json.loads(line) for line in file]


async def test_what_is_exported_has_the_names_and_values_of_the_lists_json(
    store: Store, tmp_path: Path
) -> None:
    some(store)
    path = tmp_path / "responses.jsonl"
    async with keeping(store).session() as session:
        page = await list_responses(session, asking())
        assert export_listed(page.records, ExportFormat.JSONL, path) == 3
    written = [json.loads(line) for line in path.read_text().splitlines()]
    assert written == [ResponseBody.model_validate(each).model_dump(mode="json") for each in page.records]
    assert tuple(column.name for column in COLUMNS) == tuple(ResponseBody.model_fields)


@pytest.mark.parametrize("format_", ExportFormat)
async def test_all_that_a_query_finds_is_written_as_stored(
    store: Store, tmp_path: Path, format_: ExportFormat
) -> None:
    some(store)
    path = tmp_path / "all"
    heard: list[int] = []

    def progressed(done: int, batch: ResponseBatch) -> None:
        assert batch.done <= batch.total
        heard.append(done)

    async with keeping(store).session() as session:
        query = asking(since=150, limit=1)
        done, notices = await export_responses(session, query, format_, path, on_progress=progressed)
    assert (done, notices, heard[-1]) == (2, (), 2)
    written = read(path, format_)
    assert [each["id"] for each in written] == ["r3", "r2"]
    error: object = written[1]["error"]
    assert (json.loads(error) if isinstance(error, str) else error) == {"code": "x", "message": 'a, "b"\nc'}


async def test_only_what_a_user_would_get_is_written(store: Store, tmp_path: Path) -> None:
    some(store)
    path = tmp_path / "all.jsonl"
    async with keeping(store).session() as session:
        view = ViewAs(session.catalog, Viewer("bob"))
        done, _ = await export_responses(session, asking(), ExportFormat.JSONL, path, sees=view)
        page = await list_responses(session, asking(), sees=view)
    ids = {json.loads(line)["id"] for line in path.read_text().splitlines()}
    assert (done, ids) == (len(page.records), {each.id for each in page.records})


async def test_a_table_that_is_not_there_is_said_and_a_cancelled_export_leaves_no_file(
    sqlite_store: SqliteStore, tmp_path: Path
) -> None:
    create(sqlite_store, "elsewhere")
    path = tmp_path / "all.jsonl"
    async with keeping(sqlite_store).session() as session:
        done, notices = await export_responses(session, asking(), ExportFormat.JSONL, path)
        assert (done, path.read_text()) == (0, "")
        assert any("There is no table responses" in notice for notice in notice_words(notices))
        some(sqlite_store)

        def cancelled(_done: int, _batch: ResponseBatch) -> None:
            raise asyncio.CancelledError

        with pytest.raises(asyncio.CancelledError):
            await export_responses(
                session,
                asking(),
                ExportFormat.JSONL,
                tmp_path / "other",
                on_progress=cancelled,
            )
    assert [each.name for each in tmp_path.iterdir() if each.is_file() and each != sqlite_store.path] == [
        "all.jsonl"
    ]
