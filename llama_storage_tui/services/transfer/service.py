"""Everything about bringing one config's data to where its version reads it, for front ends.

Looking may be cancelled at any moment, and copying too: a store's transaction is then rolled back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from llama_storage_tui.backends.protocols import Notify
from llama_storage_tui.backends.registry import refuse_but_for_move
from llama_storage_tui.errors import BackendError, FailureKind, NotFoundError, RefusedError
from llama_storage_tui.files.transfer_journal import TransferJournal, TransferJournals
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.rotation import Outcome
from llama_storage_tui.model.target import Target
from llama_storage_tui.model.transfer import DataPlan, OnConflict, PlanChoices, TransferItem
from llama_storage_tui.model.transfer_result import TransferPlan, TransferResult, TransferTerms
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.services.catalog import load
from llama_storage_tui.services.migration.planning import plan_data
from llama_storage_tui.services.migration.renamed_home import follow_renamed_home, left_by_early_copy
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.startup.background_loop import apart
from llama_storage_tui.services.transfer.apply import Transfer
from llama_storage_tui.services.transfer.copying import Watch
from llama_storage_tui.services.transfer.counting import count
from llama_storage_tui.services.transfer.journaling import half_done, pending
from llama_storage_tui.services.transfer.pending import config_name

LOOK_ELSEWHERE: Final = Advice("", Step.MAP_PATH)

EDITED: Final = "The config was edited since the plan was made: nothing was changed"

MOVED = "A backend of this config was moved since: take that back first"


class DataMigration:
    """The migration of one config's data; `old` is the config that wrote it, None where its own backends have it."""

    def __init__(
        self,
        request: LoadRequest,
        timeouts: Timeouts,
        *,
        old: str | None = None,
        choices: PlanChoices | None = None,
    ) -> None:
        self._request = request
        self._timeouts = timeouts
        self._old = None if old is None else config_name(request, old)
        self._choices = choices or PlanChoices()
        self._journals = TransferJournals(request.environ)
        self.config = config_name(request)

    @property
    def journals(self) -> Path:
        """The folder of the journals."""
        return self._journals.folder

    def pending(self) -> TransferJournal | None:
        """Return the transfer of this config that is half done."""
        return self._journals.pending(self.config)

    @apart(is_awaited=False)
    async def plan(
        self, terms: TransferTerms, *, is_thorough: bool = True, watch: Watch | None = None
    ) -> TransferPlan:
        """Return what would be brought; raises PendingError before a half done one, ConfigError, BackendError.

        `is_thorough` reads every row beforehand, and `watch` hears how far that is; else only those whose target has some already.
        """
        journal = self.pending()
        if journal is not None:
            raise pending(journal)
        found, catalogs = await self._data_plan(self._request, self._old, self._choices)
        if found.absent and not (found.items or found.stays):
            raise NotFoundError(found.notices[0], where=self._old, help=LOOK_ELSEWHERE)
        counted = await count(found, terms, self._timeouts, is_thorough=is_thorough, watch=watch)
        counted = replace(counted, unseen=found.unseen, configs=tuple(map(_said, catalogs)))
        refusal = await asyncio.to_thread(left_by_early_copy, self._request.environ, found.items)
        return counted if refusal is None else replace(counted, refusals=(refusal, *counted.refusals))

    @apart(is_awaited=True)
    async def apply(
        self, plan: TransferPlan, terms: TransferTerms, watch: Watch, notify: Notify
    ) -> TransferResult:
        """Carry out a plan; raises RefusedError where nothing was changed, PendingError where it is half done."""
        request = {
            "old": self._old,
            "public_rows": self._choices.public_rows,
            "tenant": self._choices.tenant,
            **self._request.to_json(),
        }
        catalogs = await asyncio.to_thread(self._catalogs, self._request, self._old)
        if plan.configs and tuple(map(_said, catalogs)) != plan.configs:
            raise RefusedError(EDITED, where=self.config, help="Make a new plan.")
        return await self._transfer(watch, notify).apply(plan, terms, self.config, request)

    @apart(is_awaited=True)
    async def resume(
        self,
        watch: Watch,
        notify: Notify,
        *,
        on_conflict: OnConflict | None = None,
        accepts_open: bool = False,
    ) -> TransferResult:
        """Finish the unfinished transfer; `on_conflict` in place of what was chosen when it began. Raises PendingError."""
        journal = self.pending()
        if journal is None:
            load(self._request)  # a config that is not there is no config of which nothing is pending
            return TransferResult(Outcome.NONE)
        items, targets = await self._plan_of(journal)
        return await self._transfer(watch, notify, accepts_open=accepts_open).resume(
            journal, items, targets, on_conflict=on_conflict
        )

    @apart(is_awaited=True)
    async def undo(self, watch: Watch, notify: Notify, *, accepts_open: bool = False) -> TransferResult:
        """Take away what the last transfer brought, half done or finished; raises RefusedError, PendingError."""
        journal = self._journals.last(self.config)
        if journal is None:
            load(self._request)
            raise RefusedError("This config has no transfer that could be undone")
        if journal.is_move:
            raise RefusedError(MOVED, where=journal.id)
        items, targets = await self._plan_of(journal)
        return await self._transfer(watch, notify, accepts_open=accepts_open).undo(journal, items, targets)

    def _transfer(self, watch: Watch, notify: Notify, *, accepts_open: bool = False) -> Transfer:
        return Transfer(self._journals, self._timeouts, watch, notify, accepts_open)

    async def _plan_of(self, journal: TransferJournal) -> tuple[tuple[TransferItem, ...], dict[str, Target]]:
        """Return what the plan of a journal gives now, and the targets of the config's backends."""
        try:
            kept: Mapping[str, Any] = journal.request
            request = self._request.as_kept(kept, self._request.absolute_env_files)
            choices = PlanChoices(public_rows=bool(kept.get("public_rows")), tenant=kept.get("tenant"))
            found, (catalog, *_) = await self._data_plan(request, kept.get("old"), choices)
        except BackendError as error:
            if journal.is_open:
                raise half_done(journal, error) from None
            raise RefusedError(error.message, where=error.where, help=error.help) from None
        planned = {item.what for item in found.items}
        if found.unseen and any(each.what not in planned for each in journal.items):
            # What is missing may be there: nobody can tell.
            unseen = found.unseen[0]
            lost = BackendError(
                f"{unseen.backend} could not be read: {unseen.reason}",
                failure=FailureKind.UNREACHABLE,
                where=unseen.location,
            )
            if journal.is_open:
                raise half_done(journal, lost)
            raise RefusedError(lost.message, where=lost.where)
        targets = {each.name: each.target for each in catalog.backends if each.target is not None}
        return found.items, targets

    async def _data_plan(
        self, request: LoadRequest, old: str | None, choices: PlanChoices
    ) -> tuple[DataPlan, tuple[Catalog, ...]]:
        catalogs = await asyncio.to_thread(self._catalogs, request, old)
        catalog, *former = catalogs
        async with Session(catalog, self._timeouts) as session:
            found = await plan_data(session, former[0] if former else None, choices)
        for item in found.items:
            for place in (item.source, item.target):
                refuse_but_for_move(place.target)
        return found, catalogs

    def _catalogs(self, request: LoadRequest, old: str | None) -> tuple[Catalog, ...]:
        """Read the config, and the old one where there is one."""
        catalog = load(request)
        if old is None:
            return (catalog,)
        # The old config is another file: neither the version nor the entry that were chosen for the new one are its own.
        former = load(replace(request, config=old, version=None, key=None))
        return catalog, follow_renamed_home(former)


def _said(catalog: Catalog) -> tuple[object, ...]:
    """Return what a plan takes of a config: its version, its backends with their places, and who uses them."""
    return (
        str(catalog.version.chosen),
        tuple((each.name, each.type, each.location) for each in catalog.backends),
        tuple((each.path, each.backend, each.namespace, each.table) for each in catalog.references),
        tuple((each.path, each.storage_dir) for each in catalog.providers),
    )
