"""Everything about moving one backend of a config, for front ends: the plan, the move, its end and its undoing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from llama_storage_tui.backends.protocols import Notify
from llama_storage_tui.errors import BackendError, PendingError, RefusedError
from llama_storage_tui.files.replacing import digest
from llama_storage_tui.files.transfer_journal import MOVE, TransferJournal, TransferJournals
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.move import (
    MoveChange,
    MovePlan,
)
from llama_storage_tui.model.rotation import Outcome
from llama_storage_tui.model.transfer import TransferItem
from llama_storage_tui.model.transfer_result import (
    LeftRow,
    TransferPlan,
    TransferResult,
    TransferTerms,
)
from llama_storage_tui.services.config_writing import check_writable
from llama_storage_tui.services.move.entry import MovingConfig, edit_config, read_both, read_config
from llama_storage_tui.services.move.estimates import creations, downtime, seconds, space, warnings_of
from llama_storage_tui.services.move.items import BackendMoving, plan_items
from llama_storage_tui.services.move.secrets import AskedSecret, needed, unset, with_values
from llama_storage_tui.services.move.switching import NEW, ConfigSwitch, backup_of, places_of
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.session import Session, closing
from llama_storage_tui.services.startup.background_loop import apart
from llama_storage_tui.services.transfer.apply import Transfer
from llama_storage_tui.services.transfer.copying import NOT_EMPTY, Watch
from llama_storage_tui.services.transfer.counting import count, open_elsewhere
from llama_storage_tui.services.transfer.journaling import pending
from llama_storage_tui.services.transfer.merging import merged
from llama_storage_tui.services.transfer.pending import config_name
from llama_storage_tui.services.transfer.stores import open_source

TERMS = TransferTerms(accepts_open=True)
"""A first pass may read beside servers; who has a store open is asked before the last step."""


class _Situation(NamedTuple):
    """A config on its way; `is_switched` is whether the file has been edited."""

    config: MovingConfig
    is_switched: bool


class BackendMove:
    """The move of one config's backend."""

    def __init__(self, request: LoadRequest, timeouts: Timeouts) -> None:
        self._request = request
        self._timeouts = timeouts
        self._journals = TransferJournals(request.environ)
        self.config = config_name(request)

    def pending(self) -> TransferJournal | None:
        """Return what is half done of this config's data."""
        return self._journals.pending(self.config)

    def needed_secret(self, change: MoveChange) -> AskedSecret | None:
        """Return the password that the target needs and nobody gave; raises UsageError, ConfigError."""
        return needed(self._request, change)

    def unset_secrets(self) -> tuple[AskedSecret, ...]:
        """Return the passwords that were typed when the last move began, and are not set now."""
        journal = self._journals.last(self.config)
        if journal is None or not journal.is_move:
            return ()
        request: Mapping[str, Any] = journal.request
        return unset(self._request, request["fields"])

    def knowing(self, values: Mapping[str, str]) -> BackendMove:
        """Return the moves of the same config that know what was typed, by variable."""
        return BackendMove(with_values(self._request, values), self._timeouts)

    @apart(is_awaited=False)
    async def plan(
        self, change: MoveChange, *, is_thorough: bool = True, watch: Watch | None = None
    ) -> MovePlan:
        """Return what the move would do; `is_thorough` measures every row, else their bytes are estimated by some.

        `watch` hears how far that is where rows have to be read.

        Raises UsageError for what was asked, RefusedError for what cannot be, an unreachable server included, and
        PendingError before a change that is half done.
        """
        journal = self.pending()
        if journal is not None:
            raise pending(journal)
        try:
            return await self._plan(change, watch, is_thorough=is_thorough)
        except BackendError as error:
            raise RefusedError(error.message, where=error.where, help=error.help) from None

    async def _plan(self, change: MoveChange, watch: Watch | None, *, is_thorough: bool) -> MovePlan:
        config = edit_config(self._request, read_config(self._request), change)
        check_writable(self._request)
        async with Session(config.old, self._timeouts) as session:
            moving = BackendMoving(session, config.new, change.backend)
            found = await plan_items(moving)
            counted = await count(found, TERMS, self._timeouts, is_thorough=is_thorough, watch=watch)
            said = await warnings_of(session, moving.stores()[1].target)
        refusals = [*counted.refusals, *await self._not_empty(found.items), *_unconvertible(counted)]
        refusals += await merged(found.items, self._timeouts)
        opened = await open_elsewhere(found.items, self._timeouts, accepts_open=False)
        blocked = await self._blocked(found.items, opened.open)
        return MovePlan(
            config.old.config,
            change.backend,
            *moving.places(),
            tuple(each.path for each in moving.references()),
            replace(
                counted,
                notices=tuple(dict.fromkeys((*counted.notices, *opened.untold, *said))),
                refusals=tuple(dict.fromkeys((*refusals, *blocked))),
            ),
            config.diff,
            downtime(counted),
            opened.open,
            creations(found.items),
            await space(counted, self._timeouts),
            seconds(counted.items),
        )

    @apart(is_awaited=True)
    async def apply(
        self, plan: MovePlan, change: MoveChange, watch: Watch, notify: Notify, *, accepts_open: bool = False
    ) -> TransferResult:
        """Carry out a plan.

        Raises RefusedError where nothing was changed, PendingError where it is half done: above all where a server
        still has a store open when everything was brought.
        """
        config = edit_config(self._request, read_config(self._request), change)
        items = await self._items(config, change.backend)
        planned = plan.transfer.items
        if [places_of(each) for each in items] != [places_of(each.item) for each in planned]:
            raise RefusedError("The config or its data changed since the plan was made", where=self.config)
        request: dict[str, object] = {
            "what": MOVE,
            "backend": change.backend,
            "type": change.type,
            "fields": dict(change.fields),
            **_digests(config),
        }
        ending = self._switch(config, change.backend, items)
        transfer = self._transfer(watch, notify, ending, accepts_open=accepts_open)
        now = tuple(replace(each, item=item) for each, item in zip(planned, items, strict=True))
        return await transfer.apply(replace(plan.transfer, items=now), TERMS, self.config, request)

    @apart(is_awaited=True)
    async def resume(self, watch: Watch, notify: Notify, *, accepts_open: bool = False) -> TransferResult:
        """Finish a move that is half done; raises PendingError."""
        journal = self.pending()
        if journal is None:
            return TransferResult(Outcome.NONE)
        journal, situation, items = await self._again(journal)
        ending = self._switch(situation.config, str(journal.request["backend"]), items)
        transfer = self._transfer(watch, notify, ending, accepts_open=accepts_open)
        if situation.is_switched and journal.state != "undoing":
            # Servers may be there already: nothing is brought any more.
            ending.tidy(journal)
            self._journals.close(journal, "applied")
            return TransferResult(Outcome.RECOVERED, journal.id)
        if journal.state != "undoing":
            _refuse_new(journal, items)
        return await transfer.resume(journal, items)

    @apart(is_awaited=True)
    async def undo(self, watch: Watch, notify: Notify, *, accepts_open: bool = False) -> TransferResult:
        """Restore the config, and take away what the last move brought; raises RefusedError, PendingError."""
        journal = self._journals.last(self.config)
        if journal is None:
            raise RefusedError("No backend of this config has a move that could be undone")
        journal, situation, items = await self._again(journal)
        ending = self._switch(situation.config, str(journal.request["backend"]), items)
        transfer = self._transfer(watch, notify, ending, accepts_open=accepts_open)
        result = await transfer.undo(journal, items)
        return replace(result, notices=(*result.notices, *await self._remaining(items)))

    def _transfer(
        self, watch: Watch, notify: Notify, ending: ConfigSwitch, *, accepts_open: bool
    ) -> Transfer:
        return Transfer(self._journals, self._timeouts, watch, notify, accepts_open, ending)

    def _switch(self, config: MovingConfig, backend: str, items: tuple[TransferItem, ...]) -> ConfigSwitch:
        return ConfigSwitch(self._request, config, items, lambda: self._items(config, backend))

    async def _again(
        self, journal: TransferJournal
    ) -> tuple[TransferJournal, _Situation, tuple[TransferItem, ...]]:
        """Return a journal with what its plan gives now; the edit of a config that was changed since is made again."""
        if not journal.is_move:
            if journal.is_open:
                raise pending(journal)
            raise RefusedError("The last transfer by migrate-data has to be undone first", where=journal.id)
        situation = self._situation(journal)
        items = await self._items(situation.config, str(journal.request["backend"]))
        if not situation.is_switched and journal.is_open:
            # Written by the transfer, which keeps others out: another process may be about to end this move.
            journal = replace(journal, request={**journal.request, **_digests(situation.config)})
        return journal, situation, items

    def _situation(self, journal: TransferJournal) -> _Situation:
        request: Mapping[str, Any] = journal.request
        content = read_config(self._request)
        backup = backup_of(self._request, journal)
        if digest(content) == request["after"]:
            if backup is None:
                raise RefusedError(
                    f"The config as it was before the move is not beside {self.config} any more",
                    where=journal.id,
                )
            return _Situation(read_both(self._request, backup.read_bytes(), content), is_switched=True)
        if backup is not None and digest(content) != request["before"]:
            said = f"{self.config} was edited since its backend moved; it was {backup.name} before"
            if journal.is_open:
                raise PendingError(
                    said, where=journal.id, help="Restore what the move wrote there, and try again."
                )
            raise RefusedError(
                said, where=journal.id, help="Restore the backend's entry in the config by hand."
            )
        change = MoveChange(request["backend"], request["type"], request["fields"])
        return _Situation(edit_config(self._request, content, change), is_switched=False)

    async def _items(self, config: MovingConfig, backend: str) -> tuple[TransferItem, ...]:
        async with Session(config.old, self._timeouts) as session:
            return (await plan_items(BackendMoving(session, config.new, backend))).items

    async def _extents(self, items: tuple[TransferItem, ...]) -> list[tuple[TransferItem, int]]:
        """Return how many rows the place of each item has; of several with one place, of the first."""
        found = []
        places = {(item.target.container, item.target.keys): item for item in reversed(items)}
        for item in reversed(places.values()):
            async with closing(open_source(item.target.target, self._timeouts)) as target:
                found.append((item, (await target.extent(item.target.container, item.target.keys)).rows))
        return found

    async def _not_empty(self, items: tuple[TransferItem, ...]) -> list[str]:
        return [
            NOT_EMPTY.format(what=item.what, place=item.target.container)
            for item, rows in await self._extents(items)
            if rows
        ]

    async def _remaining(self, items: tuple[TransferItem, ...]) -> list[str]:
        return [
            f"{item.what}: {rows:,} {'row is' if rows == 1 else 'rows are'} left at {item.target.location}, written since the move."
            for item, rows in await self._extents(items)
            if rows
        ]

    async def _blocked(self, items: tuple[TransferItem, ...], users: tuple[str, ...]) -> list[str]:
        """Return why a first pass beside servers would hurt them: a long read of a SQLite file that is not in WAL mode."""
        found = {}
        for item in items:
            async with closing(open_source(item.source.target, self._timeouts)) as source:
                blocks = await source.blocks_writers()
            mine = [each for each in users if each.startswith(f"{item.source.location} ")]
            if blocks and mine:
                found[item.source.location] = (
                    f"{mine[0]} While {item.source.location} is read, nobody can write to it: its journal mode is not WAL."
                )
        return [*found.values()]


def _refuse_new(journal: TransferJournal, items: tuple[TransferItem, ...]) -> None:
    known = {each.what for each in journal.items}
    for item in items:
        if item.what not in known:
            raise PendingError(
                NEW.format(what=item.what), where=journal.id, help="Undo the move, and begin it again."
            )


def _digests(config: MovingConfig) -> dict[str, object]:
    return {"before": digest(config.before), "after": digest(config.after)}


def _unconvertible(plan: TransferPlan) -> list[str]:
    def said(left: LeftRow) -> str:
        return f"{left.what}, {left.identity} cannot be transferred: {left.reason}."

    return [said(each.left[0]) for each in plan.items if each.left]
