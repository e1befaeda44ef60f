"""Record what a package does with the responses of resume_cases.py: run by hand, in an environment with that package.

    PYTHONPATH=. python tests/oracle/record_resume.py

Writes tests/oracle/resume/<package>-<version>.json. The package's own store loads the rows, and its own provider makes of them
the messages that a next request would send; only the table and the files behind them are made up.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.metadata
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.oracle.resume_cases import CASES

FOLDER = Path(__file__).parent / "resume"
WORD = re.compile(r"w\d+")

MODULES = {
    "llama_stack.providers.inline.agents.meta_reference": "llama_stack.providers.utils.responses.responses_store",
    "llama_stack.providers.inline.responses.builtin": "llama_stack.providers.utils.responses.responses_store",
    "ogx.providers.inline.responses.builtin": "ogx.providers.utils.responses.responses_store",
}


class Table:
    """The rows of a case."""

    def __init__(self, stored: list[dict[str, Any]]) -> None:
        self.rows = {row.get("id", "resp_1"): row for row in stored}

    async def fetch_one(self, table: str, where: dict[str, str]) -> dict[str, Any] | None:
        del table
        row = self.rows.get(where["id"])
        return None if row is None else {"response_object": json.loads(json.dumps(row))}


class Files:
    """A files store that has every file."""

    async def openai_retrieve_file(self, request: Any) -> Any:  # noqa: ANN401 - the package's own
        return SimpleNamespace(filename=f"{getattr(request, 'file_id', request)}.txt")

    async def openai_retrieve_file_content(self, request: Any) -> Any:  # noqa: ANN401 - the package's own
        return SimpleNamespace(body=str(getattr(request, "file_id", request)).encode())


def find_modules() -> tuple[Any, Any]:
    """Return the provider's and the store's module of the package that is installed."""
    for provider, store in MODULES.items():
        try:
            return importlib.import_module(f"{provider}.responses.openai_responses"), importlib.import_module(
                store
            )
        except ModuleNotFoundError:
            continue
    sys.exit("no package with responses is installed")


async def resumed(provider: Any, store: Any, stored: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: ANN401 - modules
    """Return what becomes of one case."""
    table = store.ResponsesStore.__new__(store.ResponsesStore)
    table.sql_store = Table(stored)
    table.reference = SimpleNamespace(table_name="responses")
    server = provider.OpenAIResponsesImpl.__new__(provider.OpenAIResponsesImpl)
    server.responses_store = table
    server.files_api = Files()
    try:
        loaded = await table.get_response_object("resp_1")
    except Exception as error:  # noqa: BLE001 - any refusal is an answer
        return {"outcome": "unreadable", "error": brief(error)}
    way = "messages" if getattr(loaded, "messages", None) else "items"
    try:
        answer = await server._process_input_with_previous_response("next", None, "resp_1", None)
    except Exception as error:  # noqa: BLE001 - any refusal is an answer
        return {"outcome": "refused", "way": way, "error": brief(error)}
    sent = json.dumps([message.model_dump() for message in answer[1]])
    return {"outcome": "resumes", "way": way, "sent": sorted(set(WORD.findall(decoded(sent))))}


def decoded(sent: str) -> str:
    """Unfold what the package encodes: files go as base64."""
    return sent.replace("dzU=", "w5")


def brief(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0][:120] if str(error) else ''}"


def main() -> None:
    """Write the record."""
    provider, store = find_modules()
    package = "ogx" if provider.__name__.startswith("ogx") else "llama-stack"
    version = importlib.metadata.version(package)
    cases = {name: asyncio.run(resumed(provider, store, stored)) for name, stored in CASES.items()}
    FOLDER.mkdir(exist_ok=True)
    record = {"header": {"package": package, "version": version}, "cases": cases}
    (FOLDER / f"{package}-{version}.json").write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
