"""Answers for people: the same values as the JSON documents, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from llama_storage_tui.cli import output
from llama_storage_tui.cli.blocks import write_lines
from llama_storage_tui.cli.next_steps import help_words
from llama_storage_tui.cli.output import Colour, Piece, Toned
from llama_storage_tui.model.catalog import Catalog, Reference
from llama_storage_tui.model.data import Cell, Count, KeyPage, RowPage
from llama_storage_tui.model.finding import Finding, Severity
from llama_storage_tui.reports.findings import WHEN, place_of
from llama_storage_tui.reports.references import why_nowhere
from llama_storage_tui.services.values import LONGEST_LETTER, epoch_time, iso, with_letters
from llama_storage_tui.text import plural

if TYPE_CHECKING:
    # Each command imports what it asks: `check` asks nobody.
    from llama_storage_tui.services.browse import NamespaceListing, TableEntry
    from llama_storage_tui.services.probe import ProbeResult

CELL_WIDTH = 60
SELECTING: Final = frozenset(
    {"status", "model", "owner", "conversation", "since", "until", "contains", "user", "category"}
    | {"prefix", "where", "where_null", "of"}
)
"""The options of lists that leave something out."""
_SEVERITIES = {Severity.ERROR: Colour.BAD, Severity.WARNING: Colour.WARNING, Severity.INFO: Colour.MUTED}


def report_nothing(context: click.Context, what: str) -> None:
    """Say that a list is empty: because of the options that select, because it ends before this page, or as it is."""
    given = {name for name, value in context.params.items() if value not in (None, "", ())}
    if "after" in given:
        output.say(f"No more {what}.")
    else:
        output.say(f"No {what} match." if given & SELECTING else f"No {what}.")


def report_version(catalog: Catalog) -> str:
    """Return one line on the version and how it was found."""
    version = catalog.version
    asked = f" {version.label}, judged as this release" if version.label else ""
    how = (
        f"chosen with --for{asked}" if version.is_overridden else f"guessed: {'; '.join(version.because[:3])}"
    )
    return f"{version.chosen.product} {version.chosen} ({how})"


def report_check(catalog: Catalog, findings: tuple[Finding, ...]) -> None:
    """Print a verdict and findings."""
    output.write_line(Toned(str(catalog.config), Colour.STRONG), f": {report_version(catalog)}")
    verdict = catalog.verdict
    start = "" if verdict.starts is None else ", and starts" if verdict.starts else ", and does not start"
    caveat = " as far as the config alone shows" if verdict.starts else ""
    answer = f"{'loads' if verdict.loads else 'does not load'}{start}"
    is_good = verdict.loads and verdict.starts is not False
    output.write_line("  ", Toned(answer, Colour.GOOD if is_good else Colour.BAD), caveat)
    for severity in Severity:
        for finding in (found for found in findings if found.severity is severity):
            output.write_line()
            output.write_line(
                Toned(f"{severity.value:7}", _SEVERITIES[severity]),
                f"  {place_of(finding)}  ",
                Toned(f"[{finding.rule}, reported {WHEN[finding.stage]}]", Colour.MUTED),
            )
            output.write_line(f"         {finding.message}")
            if finding.help:
                output.write_line(f"         {help_words(finding.help)}")
    counts = [sum(found.severity is severity for found in findings) for severity in Severity]
    words = ("error", "warning", "info")
    output.write_line()
    output.write_line(
        ", ".join(
            f"{count} {word}" if word == "info" else plural(count, word)
            for count, word in zip(counts, words, strict=True)
        )
    )


def report_show(catalog: Catalog) -> None:
    """Print backends, each with its references."""
    output.write_line(
        Toned(str(catalog.config), Colour.STRONG),
        f": {catalog.distribution or 'unnamed'}, {report_version(catalog)}",
    )
    if catalog.is_legacy:
        output.write_line("  a v0.2 config: inline stores, no catalog")
    for backend in catalog.backends:
        problem = f"  ({backend.problem})" if backend.problem else ""
        output.write_line()
        output.write_line(
            Toned(backend.name, Colour.STRONG),
            f"  {backend.type or 'no type'}  {backend.location}",
            Toned(problem, Colour.BAD),
        )
        for reference in catalog.references_to(backend.name):
            output.write_line("  ", *_reference(reference))
    orphans = [found for found in catalog.references if catalog.backend(found.backend or "") is None]
    if orphans:
        output.write_line()
        output.write_line(Toned("references to backends that do not exist", Colour.BAD))
        for reference in orphans:
            output.write_line("  ", *_reference(reference), f" → {reference.backend}")


def _reference(reference: Reference) -> tuple[Piece, ...]:
    marks = [
        mark
        for mark, holds in (("disabled", not reference.is_enabled), ("by default", reference.is_defaulted))
        if holds
    ]
    kind = "table" if reference.family == "sql" else "namespace"
    where = ""
    if reference.physical is None:
        where = f" ({why_nowhere(reference)})"
    elif reference.physical.tables and reference.physical.tables != (reference.table,):
        where = f" → {', '.join(reference.physical.tables)}"
    elif reference.physical.prefixes and reference.physical.prefixes != (f"{reference.namespace}:",):
        where = f" → keys {', '.join(reference.physical.prefixes)}"
    note = f" [{', '.join(marks)}]" if marks else ""
    return f"{reference.path}  {kind} {reference.target_name or '-'}{where}", Toned(note, Colour.MUTED)


def report_test(results: list[ProbeResult]) -> None:
    """Print each backend's answer with its details."""
    from llama_storage_tui.reports.probes import probe_facts, remark_lines

    for result in results:
        error = result.error
        if error is not None:
            output.write_line(
                Toned("✗", Colour.BAD),
                f" {result.backend}  ",
                Toned(str(error.failure), Colour.BAD),
                f": {error.message}",
            )
            if error.help:
                output.write_line(f"    {help_words(error.help)}")
        else:
            output.write_line(Toned("✓", Colour.GOOD), f" {result.backend}")
        for name, value in probe_facts(result):
            output.write_line(Toned(f"    {name}:", Colour.MUTED), f" {value}")
        write_lines(remark_lines(result), indent=4)


def count_text(count: Count | None) -> str:
    """Write a count, an estimate with a tilde."""
    if count is None:
        return "?"
    return f"{'' if count.is_exact else '~'}{count.value:,}"


def report_namespaces(listing: NamespaceListing) -> None:
    """Print namespaces with their counts."""
    rows = [
        (namespace.title, count_text(namespace.keys), ", ".join(namespace.referenced_by))
        for namespace in (*listing.namespaces, listing.unassigned)
    ]
    output.write_table(("namespace", "keys", "referenced by"), rows)


def report_keys(page: KeyPage) -> None:
    """Print a page of keys."""
    output.write_table(
        ("key", "bytes", "expires"),
        [
            (
                _key(entry.key),
                "" if entry.bytes is None else entry.bytes,
                (iso(entry.expires_at) + (" (expired)" if entry.is_expired else ""))
                if entry.expires_at
                else entry.expiration_text or "",
            )
            for entry in page.keys
        ],
        cut=None,
    )
    from llama_storage_tui.services.browse import looked_at

    _report_end(page.next, is_complete=page.is_complete, looked=looked_at(page))


def _key(key: str | bytes | None) -> str:
    """Write a key; one that is no text as what it is."""
    match key:
        case None:
            return "NULL"
        case bytes():
            return f"bytes {key.hex(' ')}"
        case _:
            return key


def _report_end(next_: str | None, *, is_complete: bool, looked: str = "") -> None:
    if not is_complete:
        after = f" after {looked}" if looked else ""
        output.say(f"Stopped early{after}: there may be more. --exact looks at all keys.")
    if next_:
        output.say(f"More: --after {next_}")


def report_tables(entries: tuple[TableEntry, ...]) -> None:
    """Print tables with row counts and columns."""
    output.write_table(
        ("table", "rows", "columns", "referenced by"),
        [
            (
                entry.table.name,
                count_text(entry.table.rows),
                ", ".join(column.name for column in entry.table.columns),
                ", ".join(entry.referenced_by),
            )
            for entry in entries
        ],
    )


def report_rows(page: RowPage) -> None:
    """Print a page of rows, cells cut."""
    output.write_table(
        [column.name for column in page.columns],
        [
            [_cell(column.name, cell) for column, cell in zip(page.columns, row, strict=True)]
            for row in page.rows
        ],
    )
    if page.is_complete:
        _report_end(page.next, is_complete=True)
    elif page.next is not None:
        output.say("The rows are so large that the page ends early.")
        _report_end(page.next, is_complete=True)
    else:
        output.say(
            "More rows follow, but this table has no key to page by: raise --limit, filter with --where, or use --all."
        )


def _cell(name: str, cell: Cell) -> Piece:
    if cell is None:
        return Toned("NULL", Colour.MUTED)
    if isinstance(cell, bytes):
        return f"{len(cell)} bytes"
    time = epoch_time(name, cell)
    text = with_letters(str(cell)[: LONGEST_LETTER * (CELL_WIDTH + 1)])[: CELL_WIDTH + 1]
    return (
        f"{cell} ({iso(time)})" if time else text if len(text) <= CELL_WIDTH else text[: CELL_WIDTH - 1] + "…"
    )
