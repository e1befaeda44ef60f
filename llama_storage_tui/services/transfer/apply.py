"""Carrying out a transfer: one transaction a store, a journal around them, so that it can be finished or taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from operator import attrgetter
from typing import Final, Literal, Protocol

from llama_storage_tui.backends.protocols import Notify
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError, FailureKind, PendingError, RefusedError, StorageToolError
from llama_storage_tui.files.transfer_journal import OPEN, TransferJournal, TransferJournals, TransferRecord
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.rotation import Outcome
from llama_storage_tui.model.target import Target
from llama_storage_tui.model.transfer import OnConflict, TransferItem
from llama_storage_tui.model.transfer_result import (
    CountedItem,
    ItemOutcome,
    LeftRow,
    TransferPlan,
    TransferResult,
    TransferTerms,
)
from llama_storage_tui.next_steps import Advice
from llama_storage_tui.services.session import closing
from llama_storage_tui.services.transfer.copying import StoreCopy, Watch
from llama_storage_tui.services.transfer.counting import open_elsewhere
from llama_storage_tui.services.transfer.journaling import (
    half_done,
    matching,
    new_journal,
    pending,
    put_back,
    refuse_unplanned,
)
from llama_storage_tui.services.transfer.removing import StoreUndo, remove_source
from llama_storage_tui.services.transfer.sources import are_settled, is_changed, refuse_changed, stamp_of
from llama_storage_tui.services.transfer.stores import StoreItems, by_store, open_writer

GREW = "The source of {what} was written to while it was copied: later rows were not copied. Run it again."
UNPLANNED = "the plan does not say any more where it came from"
EMPTIES: Final = "empties"
PASSES: Final = 5
"""How often what changed meanwhile is brought before somebody still seems to write."""
REFUSED = "The target cannot keep everything, so that no server is led there: {what}, {name}: {reason}"
STILL_WRITTEN = "Everything was copied, and the source is still written to: stop what writes there"


class Ending(Protocol):
    """The last step of a move, and the first of its undoing. Both may find it done already."""

    def is_done(self, journal: TransferJournal) -> bool:
        """Tell whether servers are led to the target, or may have been."""

    async def finish(self, journal: TransferJournal) -> None:
        """Lead the servers to the target; raises RefusedError where that cannot be done."""

    async def revert(self, journal: TransferJournal) -> None:
        """Lead the servers back to the source; raises RefusedError where that cannot be done."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """What a transfer is carried out with."""

    journals: TransferJournals
    timeouts: Timeouts
    watch: Watch
    notify: Notify
    accepts_open: bool = False
    """Whether what was begun goes on while other processes have a store open."""
    ending: Ending | None = None
    """What a move does last; with it the targets become what their sources are, in as many passes as that takes."""

    async def apply(
        self, plan: TransferPlan, terms: TransferTerms, config: str, request: dict[str, object]
    ) -> TransferResult:
        """Do what the plan says; raises RefusedError where nothing was changed, PendingError where it is half done."""
        if plan.refusals:
            raise RefusedError(plan.refusals[0])
        with self.journals.alone():
            self._refuse_pending(config)
            if self.ending is None:  # which sees by itself what changed
                await refuse_changed(plan.items, self.timeouts)
            journal = new_journal([each.item for each in plan.items], terms, config, request)
            self._write(journal)
            self.notify("journaled")
            expected = {each.what: each.rows for each in plan.items}
            return await self._go_on(
                journal, [each.item for each in plan.items], expected, Outcome.APPLIED, plan.items
            )

    async def resume(
        self,
        journal: TransferJournal,
        items: Sequence[TransferItem],
        targets: Mapping[str, Target] | None = None,
        *,
        on_conflict: OnConflict | None = None,
    ) -> TransferResult:
        """Finish a transfer that was left half done, with the items that its plan gives now; raises PendingError.

        `targets` as `undo` has them, for one that was being undone; `on_conflict` in place of what was chosen when it began.
        """
        with self.journals.alone():
            journal = self._again(journal, OPEN)
            if on_conflict is not None and on_conflict.value != journal.on_conflict:
                journal = replace(journal, on_conflict=on_conflict.value)
                self._write(journal)
            if journal.state == "undoing":
                return await self._undo(journal, items, targets or {})
            mine = matching(journal, items)
            refuse_unplanned(journal, mine, self.journals)
            if self.ending is None:
                await self._refuse_open(journal, mine)
            return await self._go_on(journal, mine, {}, Outcome.RECOVERED, ())

    async def undo(
        self,
        journal: TransferJournal,
        items: Sequence[TransferItem],
        targets: Mapping[str, Target] | None = None,
    ) -> TransferResult:
        """Take away what a transfer brought; raises RefusedError, PendingError.

        `targets` are the config's backends: rows that were changed in place are put back although no plan names them any more.
        """
        with self.journals.alone():
            journal = self._again(journal, (*OPEN, "applied"))
            if journal.removed:
                raise RefusedError(
                    "The rows were removed from their source, so that they are nowhere else now",
                    where=journal.id,
                    help="Finish it instead." if journal.is_open else None,
                )
            return await self._undo(journal, items, targets or {})

    async def _go_on(
        self,
        journal: TransferJournal,
        items: Sequence[TransferItem],
        expected: dict[str, int],
        outcome: Outcome,
        counted: Sequence[CountedItem],
    ) -> TransferResult:
        outcomes: dict[str, ItemOutcome] = {}
        if self.ending is not None:
            return await self._move(journal, items, expected, outcome, self.ending)
        journal = await self._pass(journal, items, expected, outcomes)
        notices = [
            GREW.format(what=each.what) for each in counted if await is_changed(each, items, self.timeouts)
        ]
        try:
            if journal.removes_source:
                journal = journal.moved_to("removing")
                self._write(journal)
                journal = await self._remove(journal, items, outcomes)
        except StorageToolError as error:
            raise half_done(journal, error) from None
        # One that changed nothing is none that could be taken back: the one before it still is.
        has_changed = any(each.written or each.replaced or each.removed for each in outcomes.values())
        self._close(journal, "applied" if has_changed else "undone")
        self.notify("closed")
        return TransferResult(
            outcome if has_changed else Outcome.NONE, journal.id, tuple(outcomes.values()), tuple(notices)
        )

    async def _pass(
        self,
        journal: TransferJournal,
        items: Sequence[TransferItem],
        expected: dict[str, int],
        outcomes: dict[str, ItemOutcome],
    ) -> TransferJournal:
        with self._record(journal) as record:
            for store in by_store(items):
                journal = await self._copy(journal, store, record, expected, outcomes)
        return journal

    async def _move(
        self,
        journal: TransferJournal,
        items: Sequence[TransferItem],
        expected: dict[str, int],
        outcome: Outcome,
        ending: Ending,
    ) -> TransferResult:
        """Bring everything until nothing changes any more and nobody has a store open, then lead the servers there."""
        outcomes: dict[str, ItemOutcome] = {}
        try:
            for number in range(PASSES):
                before = [await stamp_of(item, self.timeouts) for item in items]
                journal = await self._pass(journal, items, expected, outcomes)
                opened = await open_elsewhere(items, self.timeouts, accepts_open=self.accepts_open)
                left = [row for each in outcomes.values() for row in each.left]
                if left:
                    raise RefusedError(
                        REFUSED.format(what=left[0].what, name=left[0].identity, reason=left[0].reason),
                        where=items[0].target.location,
                    )
                if opened.open:
                    raise RefusedError(f"Everything was copied once. {opened.open[0]}")
                if await are_settled(items, before, outcomes if number else {}, self.timeouts):
                    break
            else:
                raise RefusedError(STILL_WRITTEN)
            await ending.finish(journal)
        except PendingError:
            raise
        except StorageToolError as error:
            if not journal.committed:
                raise
            raise half_done(journal, error) from None
        self.notify("switched")
        self._close(journal, "applied")
        self.notify("closed")
        return TransferResult(outcome, journal.id, tuple(outcomes.values()))

    async def _copy(
        self,
        journal: TransferJournal,
        store: StoreItems,
        record: TransferRecord,
        expected: dict[str, int],
        outcomes: dict[str, ItemOutcome],
    ) -> TransferJournal:
        writer = await open_writer(store.target, self.timeouts)
        copy = StoreCopy(
            store,
            writer,
            record,
            OnConflict(journal.on_conflict),
            self.timeouts,
            self.watch,
            self.notify,
            expected,
            mirrors=self.ending is not None,
        )
        is_unknown = was_complete = record.is_complete(store.place)
        try:
            made = await copy.run()
            is_unknown = True
            is_known = await writer.commit()
        except BaseException as error:
            await writer.close()
            is_unknown = was_complete or writer.is_touched or (is_unknown and _is_lost(error))
            if not is_unknown:
                with suppress(RefusedError):  # what is said is why the copy failed
                    record.forget(store.place, [item.what for item in store.items])
            self._end(journal, error, is_half_done=is_unknown or bool(journal.committed))
            raise
        await writer.close()
        if not is_known:
            lost = BackendError(
                "The answer to the commit got lost",
                failure=FailureKind.UNREACHABLE,
                where=store.target.location,
            )
            raise half_done(journal, lost)
        self.notify("committed")
        outcomes |= {each.what: each for each in made}
        journal = replace(journal, committed=tuple(dict.fromkeys((*journal.committed, store.place))))
        self._write(journal)
        self.notify("marked")
        return journal

    def _end(self, journal: TransferJournal, error: BaseException, *, is_half_done: bool) -> None:
        """Say what a failure means: PendingError where something was brought, RefusedError where nothing was."""
        if not is_half_done:
            self._close(journal, "undone")
            if isinstance(error, BackendError):
                raise RefusedError(error.message, where=error.where, help=error.help) from None
        elif isinstance(error, StorageToolError):
            raise half_done(journal, error) from None

    async def _remove(
        self, journal: TransferJournal, items: Sequence[TransferItem], outcomes: dict[str, ItemOutcome]
    ) -> TransferJournal:
        for store in by_store(items, attrgetter("source")):
            journal = replace(journal, removed=(*journal.removed, store.place))
            self._write(journal)
            self.notify("removing")
            async with closing(open_writer(store.target, self.timeouts)) as writer:
                await writer.begin()
                for item in store.items:
                    outcomes[item.what].removed += await remove_source(item, writer, self.timeouts)
                await writer.commit()
                self.notify("removed")
        return journal

    async def _undo(
        self, journal: TransferJournal, items: Sequence[TransferItem], targets: Mapping[str, Target]
    ) -> TransferResult:
        mine = matching(journal, items)
        found = {item.what for item in mine}
        unplanned = [each for each in journal.items if each.what not in found]
        mine += [put_back(each, targets[each.backend]) for each in unplanned if each.backend in targets]
        await self._refuse_open(journal, mine)
        empties = self._empties(journal)
        journal = replace(journal.moved_to("undoing"), request={**journal.request, EMPTIES: empties})
        self._write(journal)
        self.notify("undoing")
        outcomes: list[ItemOutcome] = []
        try:
            if self.ending is not None:
                await self.ending.revert(journal)
                self.notify("reverted")
            with TransferRecord(self.journals.record_path(journal.id)) as record:
                lost = [each for each in unplanned if each.backend not in targets]
                outcomes += [ItemOutcome(each.what) for each in lost if record.is_complete(each.store)]
                for store in by_store(mine):
                    if not record.is_complete(store.place):
                        continue  # its transaction was never committed
                    async with closing(open_writer(store.target, self.timeouts)) as writer:
                        undo = StoreUndo(store, writer, record, self.timeouts, empties=empties)
                        outcomes += await undo.run()
                        await writer.commit()
                        self.notify("taken")
        except StorageToolError as error:
            raise half_done(journal, error) from None
        for each in outcomes:
            if each.what not in found and not each.replaced and not each.left:
                each.left.append(LeftRow(each.what, "what was brought", UNPLANNED))
        self._close(journal, "undone")
        self.notify("closed")
        return TransferResult(Outcome.UNDONE, journal.id, tuple(outcomes))

    def _record(self, journal: TransferJournal) -> TransferRecord:
        """Open a journal's record; where that fails before anything was brought, nothing is pending."""
        try:
            return TransferRecord(self.journals.record_path(journal.id))
        except RefusedError as error:
            self._end(journal, error, is_half_done=bool(journal.committed))
            raise

    def _close(self, journal: TransferJournal, state: Literal["applied", "undone"]) -> None:
        try:
            self.journals.close(journal, state)
        except OSError as error:
            raise half_done(journal, self._unwritten(error)) from None

    def _unwritten(self, error: OSError) -> RefusedError:
        return RefusedError(
            f"The journal cannot be written: {error.strerror}", where=str(self.journals.folder)
        )

    def _empties(self, journal: TransferJournal) -> bool:
        """Tell whether all rows of the targets are this move's: they had none, and no server was ever led there."""
        if self.ending is None:
            return False
        said = journal.request.get(EMPTIES)
        return bool(said) if said is not None else journal.is_open and not self.ending.is_done(journal)

    def _write(self, journal: TransferJournal) -> None:
        try:
            self.journals.write(journal)
        except OSError as error:
            failure = self._unwritten(error)
            if journal.committed:
                raise half_done(journal, failure) from None
            raise failure from None

    def _again(self, journal: TransferJournal, states: Sequence[str]) -> TransferJournal:
        """Return a journal as it is now that nobody else writes it, with what its request was changed to."""
        found = next((each for each in self.journals.all() if each.id == journal.id), None)
        if found is None or found.state not in states:
            raise RefusedError("That transfer was finished or undone meanwhile", where=journal.id)
        request = {**found.request, **journal.request}
        if found.is_open and request != found.request:
            found = replace(found, request=request)
            self._write(found)
        return found

    def _refuse_pending(self, config: str) -> None:
        journal = self.journals.pending(config)
        if journal is not None:
            raise pending(journal)

    async def _refuse_open(self, journal: TransferJournal, items: Sequence[TransferItem]) -> None:
        found = (await open_elsewhere(items, self.timeouts, accepts_open=self.accepts_open)).open
        if found and journal.is_open:
            raise PendingError(found[0], where=journal.id, help=Advice("", journal.finishing, journal.config))
        if found:
            raise RefusedError(found[0])


def _is_lost(error: BaseException) -> bool:
    """Tell whether an error leaves a commit unknown: it was cancelled, while the engine may have been at its end."""
    return not isinstance(error, BackendError)
