"""Transfers as screens show them, with rows that are made up: their places would have another name in each run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from llama_storage_tui.backends.sqlite.target import SqliteTarget
from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.move import BackendPlace, Downtime, MovePlan
from llama_storage_tui.model.pending import PendingTransfer
from llama_storage_tui.model.rotation import Outcome
from llama_storage_tui.model.transfer import KeepRows, Stays, TransferItem, TransferPlace
from llama_storage_tui.model.transfer_result import (
    CountedItem,
    ItemOutcome,
    LeftRow,
    TransferPlan,
    TransferProgress,
    TransferResult,
)
from llama_storage_tui.reports.move import move_plan_blocks, move_question
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.tui.screens.dialog import Dialog
from llama_storage_tui.tui.transfers.controllers import ShownPlan, TransferController, Watch, shown_plan
from llama_storage_tui.tui.transfers.data_options import DataOptions, DataOptionsDialog
from tests.tui.made_up import Gate

OLD: Final = "/etc/ogx/config.yaml.before-1.5.0"


def _place(name: str, backend: str, container: str) -> TransferPlace:
    target = SqliteTarget(Path("/var/lib/ogx") / name)
    return TransferPlace(target, backend, target.location, container)


def _item(what: str, source: TransferPlace, container: str, reason: str) -> TransferItem:
    return TransferItem(
        what, source, _place("sql_store.db", "sql_default", container), KeepRows(), ("id",), reason
    )


RESPONSES: Final = CountedItem(
    _item(
        "responses",
        _place("responses_store.db", "agents", "openai_responses"),
        "responses",
        "ogx 1.5.0 reads responses in the table responses on sql_default, and each has to say whether it is stored.",
    ),
    rows=41_280,
    bytes=128_450_112,
    brings=41_279,
    same=1,
    left=(LeftRow("responses", "resp_7f3a", "response_object holds the number NaN, which is not JSON"),),
)
COMPLETIONS: Final = CountedItem(
    _item(
        "chat completions",
        _place("inference_store.db", "inference", "chat_completions"),
        "inference_store",
        "ogx 1.5.0 reads them in the table inference_store on sql_default.",
    ),
    rows=96_015,
    bytes=402_112_930,
    brings=96_015,
)
STAYS: Final = (Stays("sessions of agents", 57, "ogx 1.5.0 has no agents API: nothing reads them"),)
PLAN: Final = TransferPlan((RESPONSES, COMPLETIONS), STAYS)
MOVE: Final = MovePlan(
    "/etc/ogx/config.yaml",
    "sql_default",
    BackendPlace("sql_sqlite", "/var/lib/ogx/sql_store.db"),
    BackendPlace("sql_postgres", "postgresql://db.internal:5432/ogx"),
    ("storage.stores.inference", "storage.stores.conversations", "storage.stores.responses"),
    TransferPlan((replace(COMPLETIONS, same=0),)),
    "--- config.yaml\n+++ config.yaml (moved)\n-      type: sql_sqlite\n+      type: sql_postgres",
    Downtime(34, "From stopping the servers to starting them with the new config."),
    ("/var/lib/ogx/sql_store.db is open in ogx (4711): stop the servers first.",),
)
HALF_DONE: Final = PendingTransfer(
    "20261125-091205-5c1f77",
    "/etc/ogx/config.yaml",
    "2026-11-25T09:12:05Z",
    is_move=False,
    stores=2,
    done=1,
    items=(
        (
            "responses",
            "/var/lib/ogx/responses_store.db openai_responses",
            "/var/lib/ogx/sql_store.db responses",
        ),
    ),
)
DONE: Final = TransferResult(
    Outcome.APPLIED,
    "20261125-091205-5c1f77",
    (
        ItemOutcome("responses", written=41_279, same=1, left=[*RESPONSES.left]),
        ItemOutcome("chat completions", written=96_015),
    ),
)


class MadeUpTransferController(TransferController):
    """A transfer of made-up rows; `gate` holds it when it is half way."""

    title = "migrate data"

    def __init__(self) -> None:
        super().__init__(LoadRequest("/etc/ogx/config.yaml", environ={}), Timeouts())
        self.gate = Gate()
        self.shows_move = False
        self.half_done: PendingTransfer | None = None
        self.error: StorageToolError | None = None

    async def pending(self) -> PendingTransfer | None:
        """Return what was put in place."""
        return self.half_done

    async def plan(self) -> ShownPlan:
        """Return the made-up plan."""
        if self.shows_move:
            return ShownPlan(tuple(move_plan_blocks(MOVE)), move_question(MOVE), carry=self._carry)
        return shown_plan(PLAN, DataOptions(OLD), self._carry)

    def options(self) -> Dialog[DataOptions]:
        """Return the form of a migration."""
        return DataOptionsDialog(DataOptions(OLD))

    def choose(self, options: object) -> None:
        """Take nothing."""

    async def resume(self, watch: Watch, *, is_move: bool, accepts_open: bool = False) -> TransferResult:
        """Do as the plan would."""
        del is_move, accepts_open
        return await self._carry(watch)

    async def _carry(self, watch: Watch) -> TransferResult:
        watch(TransferProgress("responses", "responses", 41_280, 41_280, 6.5))
        watch(TransferProgress("chat completions", "inference_store", 24_000, 96_015, 4.0))
        await self.gate.pass_through()
        if self.error is not None:
            raise self.error
        watch(TransferProgress("chat completions", "inference_store", 96_015, 96_015, 16.0))
        return DONE
