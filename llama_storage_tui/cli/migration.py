"""`migrate`: a run config as the one of a later release."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

import click

from llama_storage_tui.cli import output, shell_completion
from llama_storage_tui.cli.asking import STDIN
from llama_storage_tui.cli.confirming import confirm
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.migration_document import MigrateAnswer, MigrateDocument
from llama_storage_tui.cli.next_steps import PROGRAM
from llama_storage_tui.cli.options import RUN_CONFIG, shared_options
from llama_storage_tui.cli.output import Colour, Toned
from llama_storage_tui.cli.settings import Settings
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.migration import BackendLayout, ConfigChange, ConfigMigration
from llama_storage_tui.services.config_writing import WrittenConfig
from llama_storage_tui.services.migration.config import (
    MigrationRequest,
    plan_config,
    save_config,
    unified,
    write_config,
)
from llama_storage_tui.text import plural

_TONES: Final = (
    ("+++", Colour.STRONG),
    ("---", Colour.STRONG),
    ("@@", Colour.MUTED),
    ("+", Colour.GOOD),
    ("-", Colour.BAD),
)


@click.command()
@click.argument("config", type=RUN_CONFIG, metavar="RUN_CONFIG")
@click.option(
    "--to",
    required=True,
    metavar="VERSION",
    shell_complete=shell_completion.versions,
    help="The release to migrate to: 1.5.0, 0.7.",
)
@click.option(
    "--layout",
    type=click.Choice([layout.value for layout in BackendLayout]),
    help="keep: one backend for each old file or database; merge: one key-value and one SQL backend. Default: what loses nothing "
    "with the fewest steps.",
)
@click.option("--write", "writes", is_flag=True, help="Replace the file; the old one is kept beside it.")
@click.option(
    "--output",
    "file",
    metavar="FILE",
    type=click.Path(),
    help="Write the new config to a new FILE; - is stdout.",
)
@click.option("--dry-run", is_flag=True, help="Show what would change and write nothing.")
@click.option("--yes", is_flag=True, help="Do not ask; --write needs it where stdin is not a terminal.")
@shared_options
@click.pass_context
def migrate(
    context: click.Context,
    config: str,
    *,
    to: str,
    layout: str | None,
    writes: bool,
    file: str | None,
    dry_run: bool,
    yes: bool,
) -> int:
    """Migrate a run config to a later release.

    Without an option the change is shown as a diff.

    From inline stores of 0.2 to a catalog, and from any release to any later one; --for names the one it was written for.
    Comments, order, quoting and ${env...} expressions stay. Rows are not moved. Exit code 1 where something could not be carried
    over: it is listed with its line and reason.

    Example: llama-storage-tui migrate run.yaml --to 1.5.0
    """
    settings = Settings(context)
    _check(settings, config, writes=writes, file=file)
    load = settings.request(config)
    plan = plan_config(MigrationRequest(load, to, None if layout is None else BackendLayout(layout)))
    if file == STDIN and not dry_run:
        output.write_bytes(plan.content)
        _say_rest(plan, with_changes=False)
        return _code(plan)
    is_shown = not settings.is_json and (file is None or dry_run)
    if is_shown:
        if not writes:
            output.hold()
        _write_diff(plan)
    if not settings.is_json:
        _say_rest(plan, with_changes=True)
    written: WrittenConfig | None = None
    if file is not None and not dry_run:
        written = save_config(plan, Path(file))
    elif writes and not dry_run and plan.is_changed:
        confirm(f"Replace {plan.config}?", is_confirmed=yes)
        written = write_config(plan, load)
    next_ = _next(plan, config, written, settings.reading_words)
    if settings.is_json:
        output.write_document(MigrateDocument.model_validate(MigrateAnswer(plan, written, next_)))
    elif written is not None:
        output.say(
            f"Written: {written.path}" + (f"; the old file is {written.backup}" if written.backup else "")
        )
        if next_ is not None:
            output.say(f"Next, see which rows have to be moved: {next_}")
    return _code(plan)


def _check(settings: Settings, config: str, *, writes: bool, file: str | None) -> None:
    if writes and file is not None:
        raise UsageError(
            "--write replaces the config, --output makes another file", help="Choose one of them."
        )
    if writes and config == STDIN:
        raise UsageError(
            "The config comes from stdin: there is no file to replace", help="Use --output FILE."
        )
    if file == STDIN and settings.is_json:
        raise UsageError("--output - prints the new file, --json a document", help="Choose one of them.")


def _code(plan: ConfigMigration) -> ExitCode:
    return ExitCode.WRONG if plan.not_carried else ExitCode.DONE


def _next(
    plan: ConfigMigration, config: str, written: WrittenConfig | None, options: Sequence[str]
) -> str | None:
    if written is None or not plan.is_changed or plan.before == plan.after:
        return None
    old = config if written.backup is None else str(written.backup)
    new = str(written.path) if written.backup is None else config
    words = ("migrate-data", new, "--from", old, "--for", str(plan.after), "--dry-run", *options)
    return " ".join((PROGRAM, *map(shlex.quote, words)))


def _write_diff(plan: ConfigMigration) -> None:
    for line in unified(plan).splitlines():
        tone = next((tone for begin, tone in _TONES if line.startswith(begin)), None)
        output.write_line(line if tone is None else Toned(line, tone))


def _say_rest(plan: ConfigMigration, *, with_changes: bool) -> None:
    """Say what a diff does not: releases, layout, why each line changes, and what could not be carried."""
    before, after = plan.before, plan.after
    head = f"{before.product} {before} to {after.product} {after}: {plural(len(plan.changes), 'change')}"
    if not plan.changes:
        output.say(f"{head}. The config is one of {after.product} {after} already.")
    else:
        output.say(f"{head}, layout {plan.layout}: {plan.layout_reason}.")
    if with_changes:
        for reason, lines in _by_reason(plan.changes):
            output.say(f"  {lines}: {reason}")
    if plan.not_carried:
        output.say_notice(f"{plural(len(plan.not_carried), 'thing')} could not be carried over:")
        for one in plan.not_carried:
            line = f"line {one.line}, " if one.line is not None else ""
            output.say(f"  {line}{one.path}: {one.reason}")


def _by_reason(changes: Iterable[ConfigChange]) -> Iterator[tuple[str, str]]:
    """Yield each reason with the lines that it holds for."""
    ordered = sorted(changes, key=lambda change: change.reason)
    found: list[tuple[int, str, str]] = []
    for reason, group in groupby(ordered, key=lambda change: change.reason):
        members = [*group]
        lines = sorted({change.line for change in members if change.line is not None})
        words = (
            f"{'line' if len(lines) == 1 else 'lines'} {', '.join(map(str, lines))}"
            if lines
            else members[0].path
        )
        found.append((lines[0] if lines else 0, reason, words))
    for _, reason, words in sorted(found):
        yield reason, words
