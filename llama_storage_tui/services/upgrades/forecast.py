"""The preview of an upgrade: first with bounded counts, then with exact ones and with what only the data shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError
from llama_storage_tui.model.access import Tenancy
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.data import Count
from llama_storage_tui.model.finding import Finding, Stage
from llama_storage_tui.model.notices import Notice, NoticeKind
from llama_storage_tui.model.transfer import TransferItem
from llama_storage_tui.model.upgrade import LostByDesign, RewrittenByServer, StoreForecast, UpgradeReport
from llama_storage_tui.services import inspection
from llama_storage_tui.services.catalog import load_versions
from llama_storage_tui.services.config_writing import former_config
from llama_storage_tui.services.migration.planning import plan_data
from llama_storage_tui.services.migration.renamed_home import keeps_folder
from llama_storage_tui.services.migration.stores import same_place
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.rule_book import BY_ID
from llama_storage_tui.services.session import Session, Timeouts
from llama_storage_tui.services.upgrade_inspection import EARLIER_FORM
from llama_storage_tui.services.upgrades.comparing import StoreComparison, compare
from llama_storage_tui.services.upgrades.counting import StoreCounts, count_store
from llama_storage_tui.services.upgrades.owners import owner_notices
from llama_storage_tui.services.upgrades.steps import steps_to
from llama_storage_tui.upstream import changes, upgrades
from llama_storage_tui.upstream.upgrades import NoLongerServed

SAID_HERE: Final = frozenset(
    {
        EARLIER_FORM.id,
        "raw-keys",
        "unnamed-keys",
        "rows-left-behind",
        "rows-under-other-default",
        "keys-of-0.2",
        "not-created",
    }
)
"""Rules whose findings say what the report says by itself: in the numbers of its stores, and in its forms."""


@dataclass(frozen=True, slots=True)
class UpgradePair:
    """One config as two versions read it."""

    old: Catalog
    new: Catalog
    keeps_home: bool = False
    """Whether ogx commands leave ~/.llama where it is."""
    former: str | None = None
    """The config from before a migration, where one was kept beside this one."""


def load_pair(request: LoadRequest, to: str) -> UpgradePair:
    """Read a config as the version that it is for, or the request's, and as version `to`; raises as `load` does.

    Contacts nothing and writes nothing.
    """
    old, new = load_versions(request, (request.version, to))
    return UpgradePair(old, new, keeps_folder(request.environ), former_config(request))


async def forecast(
    pair: UpgradePair, timeouts: Timeouts | None = None
) -> AsyncGenerator[UpgradeReport, None]:
    """Yield the report as soon as it is useful, and again when every count is exact and the data was looked into.

    Nothing is raised for a backend that cannot be read: its store says so.
    """
    comparisons = compare(pair.old, pair.new)
    async with Session(pair.old, timeouts) as session:
        yield _report(pair, comparisons, await _counted(session, comparisons, fast=True), ())
        counts = await _counted(session, comparisons, fast=False)
        owners = await owner_notices(session, comparisons, pair.old.version.chosen, pair.new.version.chosen)
        known = await untaken_forms(session)
    async with Session(pair.new, timeouts) as session:
        found = await _data_findings(session, pair)
        forms = await untaken_forms(session) if pair.old.version.chosen < pair.new.version.chosen else {}
    report = _report(pair, comparisons, counts, found)
    # What the old version does not take either is no news.
    report = replace(report, forms=tuple(why for what, why in forms.items() if what not in known))
    steps = steps_to(report, has_ownerless=owners.has_ownerless)
    yield replace(report, notices=(*report.notices, *owners.notices), steps=steps, is_final=True)


async def _counted(
    session: Session, comparisons: Sequence[StoreComparison], *, fast: bool
) -> tuple[StoreCounts, ...]:
    return tuple(await asyncio.gather(*(count_store(session, each, fast=fast) for each in comparisons)))


async def _data_findings(session: Session, pair: UpgradePair) -> tuple[Finding, ...]:
    """Return what the new version cannot take of the data that it does read."""
    if not pair.new.verdict.loads:
        return ()
    return tuple(
        finding
        for finding in await inspection.inspect_data(session)
        if finding.rule not in SAID_HERE and not BY_ID[finding.rule].holds_for(pair.old.version.chosen)
    )


def _is_new(finding: Finding, pair: UpgradePair) -> bool:
    """Whether the new version adds a finding: the old one has no such rule, or did not find it in this place."""
    rule = BY_ID.get(finding.rule)
    if rule is not None and rule.since is not None and rule.since > pair.old.version.chosen:
        return True
    return finding.stage is not Stage.NEVER and not any(
        (finding.rule, finding.where) == (known.rule, known.where) for known in pair.old.findings
    )


def _report(
    pair: UpgradePair,
    comparisons: Sequence[StoreComparison],
    counts: Sequence[StoreCounts],
    data: Sequence[Finding],
) -> UpgradeReport:
    stores = tuple(_store(each, count) for each, count in zip(comparisons, counts, strict=True))
    findings = tuple(
        sorted(
            (*(found for found in pair.new.findings if _is_new(found, pair)), *data),
            key=lambda found: found.severity.rank,
        )
    )
    verdict = inspection.with_data(pair.new, data).verdict
    problems = sorted({(store.backend, store.problem) for store in stores if store.problem})
    report = UpgradeReport(
        pair.old.config,
        pair.old.version,
        pair.new.version.chosen,
        verdict,
        stores,
        _lost(counts),
        _rewritten(pair, comparisons, stores),
        findings,
        (),
        tuple(Notice(NoticeKind.BACKEND_NOT_READ, name, why=why) for name, why in problems),
    )
    report = replace(
        report,
        renames_home=any(each.what == upgrades.HOME_RENAMED for each in report.rewritten),
        former=None if all(store.is_there for store in stores) else pair.former,
    )
    return replace(report, steps=steps_to(report))


def _store(comparison: StoreComparison, counts: StoreCounts) -> StoreForecast:
    before, after = comparison.before, comparison.after
    return StoreForecast(
        before.reference.path,
        before.reference.label,
        before.backend.name,
        before.physical,
        before.location,
        after.physical if after is not None else None,
        after.location if after is not None else None,
        comparison.reason,
        before.is_key_value,
        counts.visible,
        counts.invisible,
        counts.newest,
        counts.problem,
        _total(counts),
        counts.is_there,
    )


def _total(counts: StoreCounts) -> Count | None:
    """Return how much of a store is served no more; None where it was not counted."""
    if counts.visible is None:
        return None
    ended = [count for _, count in counts.ended]
    return Count(sum(count.value for count in ended), all(count.is_exact for count in ended))


def _lost(counts: Sequence[StoreCounts]) -> tuple[LostByDesign, ...]:
    found: dict[str, tuple[NoLongerServed, list[Count]]] = {}
    for each in counts:
        for ended, count in each.ended:
            found.setdefault(ended.what, (ended, []))[1].append(count)
    return tuple(
        LostByDesign(
            ended.what,
            Count(sum(count.value for count in numbers), all(count.is_exact for count in numbers)),
            ended.reason,
        )
        for ended, numbers in found.values()
    )


def _rewritten(
    pair: UpgradePair, comparisons: Sequence[StoreComparison], stores: Sequence[StoreForecast]
) -> tuple[RewrittenByServer, ...]:
    """Return what the new version's first start changes in stores that it goes on with."""
    old, new = pair.old.version.chosen, pair.new.version.chosen
    # Where nothing is stored yet, nothing is rewritten.
    filled = [
        each
        for each, store in zip(comparisons, stores, strict=True)
        if store.visible is None or store.visible.value
    ]
    kept = {table for each in filled for table in each.tables}
    responses = {
        table
        for each in filled
        if each.before.reference.path.endswith((".responses", "responses_store"))
        for table in each.tables
        if table != "conversation_messages"
    }
    found = []
    for each in upgrades.REWRITES:
        names = responses if each.table == upgrades.RESPONSES_TABLE else {each.table} & kept
        if old < each.since <= new and (names or not each.table):
            found.append(RewrittenByServer(each.what.format(table=", ".join(sorted(names))), each.cost))
    return (*found, *_other_rewrites(pair, stores))


def _other_rewrites(pair: UpgradePair, stores: Sequence[StoreForecast]) -> list[RewrittenByServer]:
    old, new = pair.old.version.chosen, pair.new.version.chosen
    tenancy = pair.new.access.tenancy
    cases = (
        (
            changes.OGX,
            not pair.keeps_home and any(upgrades.OLD_HOME in store.before_location for store in stores),
            RewrittenByServer(upgrades.HOME_RENAMED, upgrades.HOME_COST),
        ),
        (
            changes.SQL_PROMPTS,
            any(each.path == "storage.stores.vector_stores" for each in pair.new.references),
            RewrittenByServer(upgrades.VECTORS_COPIED, upgrades.VECTORS_COST),
        ),
        (
            changes.EXPIRY_INDEXED,
            any(each.type == "kv_postgres" for each in pair.new.backends),
            RewrittenByServer(upgrades.EXPIRY_INDEX, upgrades.EXPIRY_COST),
        ),
        (
            changes.TENANCY,
            tenancy is not Tenancy.DISABLED,
            RewrittenByServer(
                upgrades.TENANT_FILLED if tenancy is Tenancy.SINGLE else upgrades.TENANT_COLUMN,
                upgrades.TENANT_COST,
            ),
        ),
    )
    return [rewrite for since, holds, rewrite in cases if old < since <= new and holds]


async def untaken_forms(session: Session) -> dict[str, str]:
    """Return by kind why the session's version does not take rows as they are; nothing of stores that cannot be read."""
    try:
        plan = await plan_data(session, None)
    except BackendError:
        return {}
    return {item.what: item.reason for item in plan.items if _stays(item)}


def _stays(item: TransferItem) -> bool:
    source, target = item.source, item.target
    if not same_place(source, target):
        return False
    return source.keys is None or target.keys is None or source.keys.include == target.keys.include
