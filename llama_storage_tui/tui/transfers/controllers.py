"""What a transfer's screen works with: its plan, and how that is carried out, finished or taken back."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.transfer import PlanChoices
from llama_storage_tui.model.transfer_result import TransferPlan, TransferProgress, TransferTerms
from llama_storage_tui.reports.lines import WARNING, Block, Line, Tone
from llama_storage_tui.reports.move import move_plan_blocks, move_question, move_result_blocks
from llama_storage_tui.reports.rotation import notice_block
from llama_storage_tui.reports.transfer import bring_question, plan_blocks, refusal_block, result_blocks
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.transfer.pending import pending_transfer
from llama_storage_tui.tui.messages import BackendMoveOpened, DataMigrationOpened, TransferOpened
from llama_storage_tui.tui.screens.dialog import Dialog
from llama_storage_tui.tui.transfers.data_options import DataOptions, DataOptionsDialog
from llama_storage_tui.tui.transfers.move_options import MoveOptions, MoveOptionsDialog
from llama_storage_tui.upstream.run_config import FieldInfo

if TYPE_CHECKING:
    from llama_storage_tui.model.catalog import Backend
    from llama_storage_tui.model.pending import PendingTransfer
    from llama_storage_tui.model.transfer_result import TransferResult
    from llama_storage_tui.model.version import Version
    from llama_storage_tui.services.move.service import BackendMove
    from llama_storage_tui.services.session import Session
    from llama_storage_tui.services.transfer.service import DataMigration

Watch = Callable[[TransferProgress], None]
Carry = Callable[[Watch], Awaitable["TransferResult"]]
"""Carries something out, and tells how far it is."""


@dataclass(frozen=True, slots=True)
class ShownPlan:
    """A plan as it is shown: `carry` does exactly that, and is None where nothing can or need be done."""

    blocks: tuple[Block, ...]
    question: str
    warnings: tuple[Line, ...] = ()
    """What to read before the question is answered."""
    expected: Mapping[str, int | None] = field(default_factory=dict)
    is_refused: bool = False
    carry: Carry | None = field(default=None, repr=False)


class TransferController(ABC):
    """One transfer of a config's data. A half done one is finished as what it is, whichever controller is asked."""

    title: str
    is_move = False
    has_options = True

    def __init__(self, request: LoadRequest, timeouts: Timeouts) -> None:
        self._request, self._timeouts = request, timeouts

    @property
    def lacks(self) -> str:
        """What has to be chosen before there can be a plan; empty where nothing has to."""
        return ""

    def prepare(self) -> None:
        """Get ready, in a thread: what is imported for that takes its time."""
        import_module("llama_storage_tui.services.config_writing")
        import_module("llama_storage_tui.services.transfer.service")

    async def pending(self) -> PendingTransfer | None:
        """Return the transfer of this config that is half done."""
        await asyncio.to_thread(self.prepare)
        return await asyncio.to_thread(pending_transfer, self._request)

    @abstractmethod
    async def plan(self) -> ShownPlan:
        """Return what would be done; raises StorageToolError."""

    @abstractmethod
    def options(self) -> Dialog[Any] | None:
        """Return the form of what can be chosen; None where nothing can."""

    @abstractmethod
    def choose(self, options: object) -> None:
        """Take what the form gave."""

    async def resume(self, watch: Watch, *, is_move: bool, accepts_open: bool = False) -> TransferResult:
        """Finish the unfinished transfer; raises StorageToolError."""
        service = await asyncio.to_thread(self._service, is_move=is_move)
        return await service.resume(watch, _hear, accepts_open=accepts_open)

    async def undo(self, watch: Watch, *, is_move: bool, accepts_open: bool = False) -> TransferResult:
        """Take back what was brought last; raises StorageToolError."""
        service = await asyncio.to_thread(self._service, is_move=is_move)
        return await service.undo(watch, _hear, accepts_open=accepts_open)

    @property
    def accepts_open(self) -> bool:
        """Whether it goes on while other processes have a store open."""
        return False

    def ending(self, result: TransferResult, *, is_move: bool) -> tuple[Block, ...]:
        """Return how it ended."""
        blocks = move_result_blocks(result) if is_move else result_blocks(result)
        return (*blocks, *([notice_block(result.notices)] if result.notices else []))

    def _service(self, *, is_move: bool) -> BackendMove | DataMigration:
        # Imported here: drivers and conversions are behind them.
        if is_move:
            from llama_storage_tui.services.move.service import BackendMove

            return BackendMove(self._request, self._timeouts)
        from llama_storage_tui.services.transfer.service import DataMigration

        return DataMigration(self._request, self._timeouts)


class PendingController(TransferController):
    """What is half done, and nothing else."""

    title = "unfinished transfer"
    has_options = False

    async def plan(self) -> ShownPlan:
        """Return that there is nothing."""
        return ShownPlan((Block((Line("No transfer of this config is unfinished.", Tone.GOOD),)),), "")

    def options(self) -> None:
        """Return None."""

    def choose(self, options: object) -> None:
        """Take nothing."""


class DataController(TransferController):
    """The data that a version does not reach, brought to where it does."""

    title = "migrate data"

    def __init__(self, request: LoadRequest, timeouts: Timeouts, version: str | None = None) -> None:
        super().__init__(replace(request, version=version or request.version), timeouts)
        self._chosen: DataOptions | None = None
        self._options = DataOptions()

    @property
    def accepts_open(self) -> bool:
        """Whether it goes on while other processes have a store open."""
        return self._options.accepts_open

    async def plan(self) -> ShownPlan:
        """Return what would be brought; raises StorageToolError."""
        from llama_storage_tui.services.config_writing import former_config
        from llama_storage_tui.services.transfer.service import DataMigration

        if self._chosen is None:
            # An upgrade keeps the config that wrote the data beside the new one.
            former = await asyncio.to_thread(former_config, self._request)
            self._options = replace(self._options, old=former)
        options = self._options
        migration = await asyncio.to_thread(
            lambda: DataMigration(
                self._request,
                self._timeouts,
                old=options.old,
                choices=PlanChoices(public_rows=options.public_rows, tenant=options.tenant),
            )
        )
        terms = TransferTerms(options.on_conflict, options.removes_source, options.accepts_open)
        plan = await migration.plan(terms)

        async def carry(watch: Watch) -> TransferResult:
            return await migration.apply(plan, terms, watch, _hear)

        return shown_plan(plan, options, carry)

    def options(self) -> Dialog[Any]:
        """Return the form of the options."""
        return DataOptionsDialog(self._options)

    def choose(self, options: object) -> None:
        """Take the options."""
        if isinstance(options, DataOptions):
            self._chosen = self._options = options


def shown_plan(plan: TransferPlan, options: DataOptions, carry: Carry) -> ShownPlan:
    """Return a plan of data as it is shown."""
    refusal = refusal_block(plan)
    told = [Block((Line(f"The data was written with {options.old}.", Tone.MUTED),))] if options.old else []
    blocks = [
        *([refusal] if refusal else []),
        *told,
        *plan_blocks(plan),
        *([notice_block(plan.notices)] if plan.notices else []),
    ]
    warnings = []
    if options.removes_source:
        warnings.append(
            Line(
                "Afterwards the rows are removed from their source: then this cannot be undone.",
                Tone.WARNING,
                WARNING,
            )
        )
    can_carry = refusal is None and bool(plan.items)
    return ShownPlan(
        tuple(blocks),
        bring_question(plan),
        tuple(warnings),
        {each.what: each.rows for each in plan.items},
        is_refused=refusal is not None,
        carry=carry if can_carry else None,
    )


class MoveController(TransferController):
    """A backend to another engine or place."""

    is_move = True

    def __init__(
        self,
        request: LoadRequest,
        timeouts: Timeouts,
        backend: Backend,
        version: Version,
    ) -> None:
        super().__init__(request, timeouts)
        self._backend = backend
        self._version = version
        self._choices: Mapping[str, tuple[FieldInfo, ...]] = {}
        """The types that it can become, with the fields of each."""
        self._options: MoveOptions | None = None
        self.title = f"move {backend.name}"

    def prepare(self) -> None:
        """Look up what it can become."""
        import_module("llama_storage_tui.services.move.service")
        from llama_storage_tui.services.move.entry import move_targets

        self._choices = move_targets(self._backend, self._version)

    @property
    def lacks(self) -> str:
        """What has to be chosen first."""
        return "Choose what the backend becomes." if self._options is None else ""

    @property
    def accepts_open(self) -> bool:
        """Whether it ends while other processes have a store open."""
        return self._options is not None and self._options.accepts_open

    async def plan(self) -> ShownPlan:
        """Return what the move would do; raises StorageToolError."""
        from llama_storage_tui.model.move import MoveChange
        from llama_storage_tui.services.move.service import BackendMove

        options = self._options or MoveOptions("", {})
        change = MoveChange(self._backend.name, options.type, options.fields)
        moving = await asyncio.to_thread(BackendMove, self._request, self._timeouts)
        plan = await moving.plan(change)

        async def carry(watch: Watch) -> TransferResult:
            return await moving.apply(plan, change, watch, _hear, accepts_open=options.accepts_open)

        refusal = refusal_block(plan.transfer)
        return ShownPlan(
            (*([refusal] if refusal else []), *move_plan_blocks(plan)),
            move_question(plan),
            (Line("The last step edits the config; the old one is kept beside it."),),
            {each.what: each.rows for each in plan.transfer.items},
            is_refused=refusal is not None,
            carry=carry if refusal is None else None,
        )

    def options(self) -> Dialog[Any]:
        """Return the form of the target."""
        return MoveOptionsDialog(self._backend.name, self._choices, self._options)

    def choose(self, options: object) -> None:
        """Take the target."""
        if isinstance(options, MoveOptions):
            self._options = options


def open_controller(
    opening: TransferOpened, session: Session, request: LoadRequest, timeouts: Timeouts
) -> TransferController:
    """Return the controller that a message asks for."""
    match opening:
        case DataMigrationOpened():
            return DataController(request, timeouts, opening.version)
        case BackendMoveOpened():
            catalog = session.catalog
            return MoveController(request, timeouts, session.backend(opening.backend), catalog.version.chosen)
    return PendingController(request, timeouts)


def _hear(_: str) -> None:
    """Hear of a step; the rows say how far it is."""
