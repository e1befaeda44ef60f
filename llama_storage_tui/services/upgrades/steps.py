"""The steps from one version to another, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from llama_storage_tui.model.finding import Finding, Severity
from llama_storage_tui.model.upgrade import UpgradeReport
from llama_storage_tui.next_steps import Advice, Help, Step

OPERATORS: Final = frozenset({"unset-variable", "tls-required"})
"""Rules whose findings no new config can end: what is missing is the server's."""

RENAME_HOME: Final = (
    "Rename ~/.llama to ~/.ogx: the first ogx command would do it, but not once there is a ~/.ogx."
)
BRING: Final = "Migrate the data: what moves is copied, and its old store stays as it is; the rest is changed where it is."
FORMER: Final = (
    "Stores of this config are not there yet, and the config from before a migration is kept beside it: see which rows still have"
    " to be transferred."
)
PUBLIC: Final = (
    "If rows without an owner were public, do this instead of the step before, or nobody will see them."
)


def steps_to(report: UpgradeReport, *, has_ownerless: bool = False) -> tuple[Help, ...]:
    """Return what to do, each a sentence and, where this program does it, the step.

    The `of` of a step is the version. `has_ownerless` says that rows without an owner have to be brought over.
    """
    return tuple(_steps(report, has_ownerless=has_ownerless))


def _steps(report: UpgradeReport, *, has_ownerless: bool) -> Iterator[Help]:
    version = str(report.to)
    server = f"{report.to.product} {version}"
    if report.to < report.from_.chosen:
        yield "No release converts stores back: an older version needs the backup from before the upgrade."
        return
    if not report.loses and not report.rewritten and not report.is_unread:
        yield from _former(report)
        yield f"Back up the stores, and start {server} with this file as it is."
        return
    if report.is_unread:
        yield Advice(
            "Make every store readable first: what was not read may hold rows, too.", Step.TEST_BACKENDS
        )
    yield "Stop every server that uses these stores."
    yield "Copy the config and the stores to a safe place, SQLite files with their -wal."
    yield from _former(report)
    if report.renames_home:
        yield RENAME_HOME
    needs_config = not report.verdict.loads or report.verdict.starts is False or _hides(report)
    if needs_config:
        yield Advice(
            "Migrate the config to this version, and keep the old one: the rows are found by it.",
            Step.MIGRATE_CONFIG,
            version,
        )
    for finding in _operators(report.findings):
        yield f"See to: {finding.message}."
    if _hides(report) or report.forms:
        plan, bring = (
            (Step.PLAN_DATA, Step.BRING_DATA) if needs_config else (Step.PLAN_IN_PLACE, Step.BRING_IN_PLACE)
        )
        yield Advice("See which rows have to be transferred, from where to where.", plan, version)
        yield Advice(BRING, bring, version)
        if has_ownerless:
            yield Advice(PUBLIC, Step.BRING_PUBLIC_DATA, version)
    if report.lost:
        names = ", ".join(each.what for each in report.lost)
        yield f"Keep the old stores for what this version no longer serves: {names}."
    check = Step.CHECK_MIGRATED if needs_config else Step.CHECK_AS_VERSION
    yield Advice("Check config and data once more.", check, version)
    yield f"Start {server}, and look at the rows before the old stores go."


def _former(report: UpgradeReport) -> Iterator[Help]:
    """Yield the way to rows that a migration of the config has left where the config before it has them."""
    if report.former is not None:
        yield Advice(FORMER, Step.PLAN_FORMER, report.former)


def _hides(report: UpgradeReport) -> bool:
    return any(store.invisible is None or store.invisible.value for store in report.stores)


def _operators(findings: tuple[Finding, ...]) -> Iterator[Finding]:
    """Yield the findings that only the operator can see to: variables, certificates, rights."""
    for finding in findings:
        if finding.severity is Severity.ERROR and finding.rule in OPERATORS:
            yield finding
