"""Whatever JSON a store holds, it is read, judged and shown without an error."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from llama_storage_tui.cli.responses.show_document import ShowResponseDocument
from llama_storage_tui.cli.responses.showing import DiffDocument
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.families import TablePlace
from llama_storage_tui.model.resume import Examination
from llama_storage_tui.model.transcript import StoredResponse
from llama_storage_tui.model.version import Version
from llama_storage_tui.services.responses.bodies import body, message_body
from llama_storage_tui.services.responses.comparing import compare
from llama_storage_tui.services.responses.diff import difference
from llama_storage_tui.services.responses.parsing import read_transcript
from llama_storage_tui.services.responses.resuming import check_resume
from llama_storage_tui.services.values import json_text
from tests.any_json import RESPONSES, SCALARS

VERSIONS = [Version(0, 2, 24), Version(0, 3, 5), Version(0, 7, 3), Version(1, 5)]


def stored(cell: Cell) -> StoredResponse:
    row = {"id": "resp_1", "response_object": cell}
    return StoredResponse(TablePlace("sql_default", "responses", "path"), row, read_transcript(row))


@settings(max_examples=80, deadline=None)
@given(RESPONSES, RESPONSES)
def test_no_stored_json_raises(one: Any, other: Any) -> None:  # noqa: ANN401 - any JSON
    first, second = stored(json.dumps(one)), stored(json.dumps(other))
    found = first.transcript
    assert isinstance(one, dict) == (found.stored is not None) or isinstance(one, str)
    for entry in (*found.input, *found.output):
        assert isinstance(body(entry), str)
        assert "\n" not in entry.summary
    for message in found.messages:
        assert isinstance(message_body(message), str)
    for version in VERSIONS:
        resume = check_resume(found, version, full_input=second.transcript.output)
        examination = Examination(first, resume, compare(found, second.transcript.input))
        json_text(ShowResponseDocument.of(examination).model_dump(mode="json"))
    addition = difference(found, second.transcript)
    json_text(DiffDocument.of(first, second, addition).model_dump(mode="json"))


@settings(max_examples=50, deadline=None)
@given(st.text() | st.binary() | SCALARS)
def test_no_stored_cell_raises(cell: Cell) -> None:
    read_transcript(
        {"id": cell, "created_at": cell, "model": cell, "response_object": cell, "owner_principal": cell}
    )
