"""What a newcomer must touch to add a family of records: its module, and its name in the list of families."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.copied import add, commands, copy_to, run
from tests.configs import SQLITE

MODULE = r'''"""Bills: what answering cost."""

from typing import Final

from llama_storage_tui.model.families import Link, RecordFamily, Show, TableLayout
from llama_storage_tui.upstream.families.filters import MODEL, OWNED_BY, PERIOD, contains, equals
from llama_storage_tui.upstream.families.parts import column, json, number, text, time

BILLS: Final = RecordFamily(
    "bills",
    "Bills",
    "What answering cost.",
    (TableLayout(None, document="bill", time="created", paths=r"storage\.stores\.inference"),),
    (
        time("created"),
        text("model"),
        column("owner", "owner_principal", show=Show.OWNER),
        number("tokens", "usage", "tokens"),
        text("status"),
    ),
    (json("usage"), text("account")),
    (Link("paid by", "bills", (("account",),)),),
    own_filters=(equals("status"), MODEL, OWNED_BY, *PERIOD, contains("bill")),
)
'''
"""A made-up family: rows with a document, columns, filters, and a link."""

LISTED = ("    *WORK_FAMILIES,\n", "    *WORK_FAMILIES,\n    BILLS,\n")
IMPORTED = (
    "from llama_storage_tui.upstream.families.agents import AGENT_FAMILIES\n",
    (
        "from llama_storage_tui.upstream.families.agents import AGENT_FAMILIES\n"
        "from llama_storage_tui.upstream.families.bills import BILLS\n"
    ),
)

ROWS = [
    ("bill_1", 100, "m1", "ann", {"usage": {"tokens": 7}, "status": "paid", "account": "bill_2"}),
    ("bill_2", 300, "m1", "", {"usage": {"tokens": 5}, "status": "open", "token": "tok-secret-123"}),
    ("bill_3", 200, "m2", None, {"usage": "?", "status": "paid", "note": "größer"}),
]

APP = """
import asyncio, sys
from llama_storage_tui.services.catalog import load
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.session import Session
from llama_storage_tui.tui.records.record_filter import form_fields
from llama_storage_tui.tui.records.record_lists import FamilyList
from llama_storage_tui.upstream.families import find_family

async def main():
    async with Session(load(LoadRequest(sys.argv[1]))) as session:
        shown = FamilyList(find_family("bills")).parsed({"status": "paid"})
        page = await shown.page(session, None)
        print(*(field.label for field in form_fields(find_family("bills"))))
        print(*(column.title for column in page.columns))
        for row in page.rows:
            print(*(cell.text for cell in row(None)), sep="|")

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the program, the family in just these places, and a deployment that keeps some of it."""
    made = tmp_path_factory.mktemp("family")
    families = copy_to(made) / "upstream" / "families"
    (families / "bills.py").write_text(MODULE, encoding="utf-8")
    add(families / "__init__.py", LISTED, IMPORTED)
    (made / "run.yaml").write_text(SQLITE.replace("/srv/stack", str(made)), encoding="utf-8")
    with sqlite3.connect(made / "sql.db") as database:
        database.execute(
            "CREATE TABLE inference_store"
            " (id VARCHAR PRIMARY KEY, created INTEGER, model VARCHAR, owner_principal VARCHAR, bill JSON)"
        )
        rows = [(*columns, json.dumps(bill)) for *columns, bill in ROWS]
        database.executemany("INSERT INTO inference_store VALUES (?, ?, ?, ?, ?)", rows)
    database.close()
    return made


def objects(folder: Path, *calls: tuple[str, ...]) -> list[tuple[int, str, str]]:
    """Return code, stdout and stderr of each call of `objects`."""
    return commands(folder, *(("objects", "run.yaml", *words) for words in calls))


def documents(folder: Path, *calls: tuple[str, ...]) -> list[dict[str, Any]]:
    answers = objects(folder, *((*words, "--json") for words in calls))
    assert {code for code, _, _ in answers} == {0}, answers
    return [json.loads(out) for _, out, _ in answers]


def ids(found: dict[str, Any]) -> list[str]:
    return [each["id"] for each in found["objects"]]


def test_the_family_is_counted_listed_filtered_and_paged(folder: Path) -> None:
    families, found, first, *filtered = documents(
        folder,
        (),
        ("bills",),
        ("bills", "--limit", "2"),
        ("bills", "--where", "status=paid"),
        ("bills", "--where", "model=m1", "--where", "owner=ann"),
        ("bills", "--where", "since=150", "--where", "until=250"),
        ("bills", "--where", "contains=größer"),
    )
    counted = {each["name"]: each["count"] for each in families["families"]}
    assert counted["bills"] == 3
    assert ids(found) == ["bill_2", "bill_3", "bill_1"]
    assert found["objects"][0]["cells"] == {
        "created": 300, "model": "m1", "owner": "", "tokens": 5, "status": "open",
    }  # fmt: skip
    assert [ids(each) for each in filtered] == [["bill_3", "bill_1"], ["bill_1"], ["bill_3"], ["bill_3"]]
    later, unknown = objects(
        folder, ("bills", "--after", first["next"], "--json"), ("bills", "--where", "colour=red")
    )
    assert ids(json.loads(later[1])) == ["bill_1"]
    assert unknown[0] == 2
    assert "status, model, owner, since, until, contains" in unknown[2]


def test_one_of_the_family_is_read_with_its_links_and_without_secrets(folder: Path) -> None:
    (code, out, _), (_, text, _) = objects(folder, ("bills", "bill_1", "--json"), ("bills", "bill_2"))
    found = json.loads(out)
    assert code == 0, found
    assert {each["label"]: each["value"] for each in found["fields"]}["tokens"] == 7
    assert [(each["label"], each["family"], each["id"]) for each in found["links"]] == [
        ("paid by", "bills", "bill_2")
    ]
    assert "tok-secret-123" not in text
    assert "open" in text


def test_the_app_has_its_form_its_columns_and_its_rows(folder: Path) -> None:
    done = run(folder, "-c", APP, "run.yaml")
    form, columns, *rows = done.stdout.splitlines()
    assert form == "Status Since Model Until Owner Contains Where"
    assert columns == "Id created model owner tokens status"
    assert rows == ["bill_3|1970-01-01 00:03:20|m2|▲ NULL|–|paid", "bill_1|1970-01-01 00:01:40|m1|ann|7|paid"]
