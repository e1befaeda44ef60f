"""`upgrade-check`: what a deployment would lose under another version, and the steps to bring it there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import click
from pydantic import Field

from llama_storage_tui.cli import output, shell_completion
from llama_storage_tui.cli.asking import open_with
from llama_storage_tui.cli.blocks import say_blocks, write_blocks, write_lines
from llama_storage_tui.cli.documents import Document, FindingBody, From, Made, Notices, PhysicalBody
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.next_steps import upgrade_command
from llama_storage_tui.cli.options import RUN_CONFIG, shared_options
from llama_storage_tui.cli.output import Colour, Toned
from llama_storage_tui.cli.settings import Settings
from llama_storage_tui.cli.waiting import wait_for
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Count
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.upgrade import UpgradeReport
from llama_storage_tui.next_steps import Advice, Help, Step
from llama_storage_tui.reports.lines import Line, LineMark
from llama_storage_tui.reports.upgrade import upgrade_blocks
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.upgrades.forecast import UpgradePair, forecast, load_pair

CLUES: Final = 2
"""Reasons of a guessed version that are said; `show` says all of them."""


def _value(count: Count | None) -> int | None:
    return None if count is None else count.value


class StoreForecastBody(Document):
    """One reference: where its rows are, where the new version looks, and how many of them it sees."""

    path: str
    backend: str
    before: PhysicalBody
    before_location: str
    after: PhysicalBody | None
    after_location: str | None
    visible: Annotated[int | None, Made(lambda store: _value(store.visible))]
    invisible: Annotated[int | None, Made(lambda store: _value(store.invisible))]
    exact: bool
    newest: float | None
    reason: str
    problem: str | None
    there: bool


class LostBody(Document):
    """Records that the new version has no API for."""

    what: str
    count: Annotated[int | None, Made(lambda lost: _value(lost.count))]
    reason: str


class RewrittenBody(Document):
    """What the new version's server changes in the stores by itself."""

    what: str
    cost: str


class UpgradeStepBody(Document):
    """One step: a command of this program, or null for what the operator does otherwise."""

    command: str | None
    text: str


PATIENCE: Final = 0.3
"""Seconds from the first report, where it estimates nothing, to where it is shown: most stores are looked into by then."""

EARLY: Final = "Counting exactly, and reading the rows; --fast stops before this.\n"


def _in_renamed_home(word: str) -> str:
    """Return a path below ~/.llama as it is when that is called ~/.ogx; any other word as it is."""
    is_below = Path(word).absolute().is_relative_to(Path.home() / ".llama")
    return re.sub(r"(^|/)\.llama/", r"\1.ogx/", word, count=1) if is_below else word


@dataclass(frozen=True, slots=True)
class Previewed:
    """A report with the words by which this call reads the config: the commands of its steps need them, too."""

    report: UpgradeReport
    config: str
    """The config as it was named."""
    options: tuple[str, ...]

    @property
    def steps(self) -> list[UpgradeStepBody]:
        """The steps, each with its command."""
        return [self._step(step) for step in self.report.steps]

    def _step(self, step: Help) -> UpgradeStepBody:
        if not isinstance(step, Advice):
            return UpgradeStepBody(command=None, text=step)
        config, options = self.config, self.options
        if self.report.renames_home and step.step is not Step.TEST_BACKENDS:
            config, options = _in_renamed_home(config), tuple(map(_in_renamed_home, options))
        command = upgrade_command(step.step, config, str(self.report.to), options, former=step.of)
        return UpgradeStepBody(command=command, text=step.text)


class UpgradeDocument(Document):
    """The answer of `upgrade-check`; counts are null where they are not known."""

    config: Annotated[str, From("report.config")]
    from_: Annotated[str, Made(lambda found: str(found.report.from_.chosen))] = Field(alias="from")
    to: Annotated[str, Made(lambda found: str(found.report.to))]
    loads: Annotated[bool, From("report.verdict.loads")]
    starts: Annotated[bool | None, From("report.verdict.starts")]
    stores: Annotated[list[StoreForecastBody], From("report.stores")]
    lost: Annotated[list[LostBody], From("report.lost")]
    rewritten_by_server: Annotated[list[RewrittenBody], From("report.rewritten")]
    forms: Annotated[list[str], From("report.forms")]
    findings: Annotated[list[FindingBody], From("report.findings")]
    steps: list[UpgradeStepBody]
    notices: Annotated[Notices, From("report.notices")]


@click.command("upgrade-check")
@click.argument("config", type=RUN_CONFIG, metavar="RUN_CONFIG")
@click.option(
    "--to",
    required=True,
    metavar="VERSION",
    shell_complete=shell_completion.versions,
    help="The version to upgrade to.",
)
@click.option(
    "--from",
    "from_",
    metavar="VERSION",
    shell_complete=shell_completion.versions,
    help="The version that runs now, as with --for (default: guessed).",
)
@click.option("--fast", is_flag=True, help="Estimate large counts, and do not look into the rows.")
@shared_options
@click.pass_context
def upgrade_check(context: click.Context, config: str, *, to: str, from_: str | None, fast: bool) -> int:
    """Preview an upgrade: what would be lost, and the steps.

    Nothing is changed. Exit 0 only where nothing would be lost.

    Example: llama-storage-tui upgrade-check run.yaml --to 1.5.0
    """

    def read(request: LoadRequest) -> UpgradePair:
        return load_pair(request if from_ is None else replace(request, version=from_), to)

    pair = open_with(context, config, read)
    output.say_notices(pair.old.notices)
    early = _say_early if output.stderr_is_terminal() and not Settings(context).is_json else None
    report = wait_for(_last(pair, Settings(context).timeouts, fast=fast, early=early))
    found = Previewed(report, config, Settings(context).reading_words)
    if Settings(context).is_json:
        output.write_document(UpgradeDocument.model_validate(found))
    else:
        _write(found)
    return _code(report)


async def _last(
    pair: UpgradePair,
    timeouts: Timeouts,
    *,
    fast: bool,
    early: Callable[[UpgradeReport], None] | None = None,
) -> UpgradeReport:
    """Return the report: the first one where it may be estimated, else the one with exact counts.

    `early` gets the first one where the last lets wait for it.
    """
    async with aclosing(forecast(pair, timeouts)) as reports:
        report = await anext(reports)
        if fast or report.is_final or early is None:
            return report if fast else await _final(report, reports)
        if any(_is_estimate(count) for store in report.stores for count in (store.visible, store.invisible)):
            early(report)
            return await _final(report, reports)
        saying = asyncio.get_running_loop().call_later(PATIENCE, early, report)
        try:
            return await _final(report, reports)
        finally:
            saying.cancel()


def _is_estimate(count: Count | None) -> bool:
    return count is not None and not count.is_exact


async def _final(report: UpgradeReport, reports: AsyncGenerator[UpgradeReport, None]) -> UpgradeReport:
    while not report.is_final:
        report = await anext(reports)
    return report


def _say_early(report: UpgradeReport) -> None:
    """Say what is known at once: the numbers of the stores, none of which took a whole read."""
    stores = replace(report, findings=(), lost=(), rewritten=(), forms=(), notices=())
    say_blocks(upgrade_blocks(stores))
    output.say(EARLY)


def _code(report: UpgradeReport) -> ExitCode:
    if report.loses:
        return ExitCode.WRONG
    return ExitCode.UNREACHABLE if report.is_unread else ExitCode.DONE


def _write(found: Previewed) -> None:
    report = found.report
    output.write_line(f"{report.config}: from {_from(report)} to {report.to.product} {report.to}")
    output.write_line()
    write_blocks(upgrade_blocks(report))
    output.write_line()
    output.write_line(Toned("Steps", Colour.STRONG))
    for number, body in enumerate(found.steps, 1):
        write_lines([Line(body.text, mark=LineMark(f"{number}."))])
        if body.command is not None:
            output.write_line(f"   {body.command}")


def _from(report: UpgradeReport) -> str:
    version = report.from_
    said = f"{version.chosen.product} {version.chosen}"
    more = "; …" if len(version.because) > CLUES else ""
    return said if version.is_overridden else f"{said} (guessed: {'; '.join(version.because[:CLUES])}{more})"
