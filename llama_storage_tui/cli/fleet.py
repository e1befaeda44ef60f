"""`fleet`: several configs at once, and what is between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

import click

from llama_storage_tui.cli import output
from llama_storage_tui.cli.blocks import write_blocks
from llama_storage_tui.cli.check import check_code
from llama_storage_tui.cli.exit_codes import ExitCode, exit_code
from llama_storage_tui.cli.fleet_documents import Fleet, FleetDocument
from llama_storage_tui.cli.fleet_reading import read_fleet, report_findings
from llama_storage_tui.cli.options import RUN_CONFIG, shared_options
from llama_storage_tui.cli.output import Colour, Piece, Toned
from llama_storage_tui.cli.settings import Settings
from llama_storage_tui.cli.waiting import wait_for
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.finding import Severity
from llama_storage_tui.reports.fleet import contact_block, drift_block
from llama_storage_tui.services.fleet.contact import ask_servers
from llama_storage_tui.services.fleet.judging import judge_fleet
from llama_storage_tui.services.fleet.member import FleetMember
from llama_storage_tui.text import plural

TONES: Final = {Severity.ERROR: Colour.BAD, Severity.WARNING: Colour.WARNING, Severity.INFO: Colour.MUTED}
HEADS: Final = ("config", "version", "backend", "type", "location", "findings")


@click.command()
@click.argument("configs", type=RUN_CONFIG, nargs=-1, required=True, metavar="RUN_CONFIG…")
@click.option(
    "--test", "asks_servers", is_flag=True, help="Also log in to each server and ask for its identifier."
)
@click.option(
    "--all-equal",
    "compares_all",
    is_flag=True,
    help="Compare the settings of all configs, whatever their distribution names.",
)
@shared_options
@click.pass_context
def fleet(context: click.Context, configs: tuple[str, ...], *, asks_servers: bool, compares_all: bool) -> int:
    """Compare several configs: what they share and contradict.

    That is: shared servers and stores, contradicting passwords, settings that drifted apart.

    RUN_CONFIG may also be a folder, a pattern in quotes, a bundle of manifests with several configs, or @ for all that are
    found. Settings are compared among configs of one distribution name. No server is contacted without --test.

    Example: llama-storage-tui fleet deploy/ --json
    """
    members = tuple(read_fleet(context, configs))
    contact = wait_for(ask_servers(members, Settings(context).timeouts)) if asks_servers else None
    report = judge_fleet(members, contact.identities if contact else None, compares_all=compares_all)
    found = Fleet(members, report, contact)
    if Settings(context).is_json:
        output.write_document(FleetDocument.model_validate(found))
    else:
        _report(found)
    codes = [exit_code(each.error) if each.error else ExitCode.DONE for each in members]
    codes += [check_code(each.catalog) for each in members if each.catalog is not None]
    return max(*codes, ExitCode.WRONG if contact is not None and contact.unanswered else ExitCode.DONE)


def _report(found: Fleet) -> None:
    output.write_table(HEADS, [row for member in found.members for row in _rows(member)], cut=None)
    report_findings(found.report.findings)
    drift = drift_block(found.report.drift)
    output.write_line()
    write_blocks([*([drift] if drift else []), contact_block(found.contact, found.report)])


def _rows(member: FleetMember) -> Iterator[tuple[Piece, ...]]:
    catalog = member.catalog
    if catalog is None:
        yield member.name, "–", Toned("cannot be read", Colour.BAD), "–", "–", "–"
        return
    version = f"{catalog.version.chosen.product} {catalog.version.chosen}"
    for number, backend in enumerate(catalog.backends):
        first = (member.name, version) if not number else ("", "")
        yield *first, backend.name, backend.type, backend.location, _findings(catalog) if not number else ""
    if not catalog.backends:
        yield member.name, version, "–", "–", "–", _findings(catalog)


def _findings(catalog: Catalog) -> Piece:
    counts = Counter(finding.severity for finding in catalog.findings)
    severity = next((each for each in Severity if counts[each]), None)
    if severity is None:
        return "–"
    number = counts[severity]
    words = f"{number:,} info" if severity is Severity.INFO else plural(number, severity.value)
    return Toned(words, TONES[severity])
