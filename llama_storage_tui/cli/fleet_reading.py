"""What `check` and `fleet` share on several configs: reading them, and the report of what is found between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from llama_storage_tui.cli import output
from llama_storage_tui.cli.asking import FOUND, STDIN
from llama_storage_tui.cli.blocks import write_blocks
from llama_storage_tui.cli.next_steps import help_words
from llama_storage_tui.cli.settings import Settings
from llama_storage_tui.model.fleet import FleetFinding
from llama_storage_tui.reports.fleet import finding_block
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.reports.pending import notice_help
from llama_storage_tui.services.fleet.inputs import find_inputs
from llama_storage_tui.services.fleet.member import FleetMember
from llama_storage_tui.services.fleet.members import read_members_at_once
from llama_storage_tui.services.rotation import pending

SHOWN = 5
"""Files that a notice names."""


def read_fleet(context: click.Context, names: Sequence[str]) -> Iterator[FleetMember]:
    """Read the configs that were named, and say what there is to say of each, a pending password change first; a notice once.

    Raises UsageError where a folder or pattern has no run config.
    """
    settings = Settings(context)
    inputs = find_inputs(names, settings.request(FOUND))
    if inputs.left_out:
        more = f" and {len(inputs.left_out) - SHOWN} more" if len(inputs.left_out) > SHOWN else ""
        output.say_notice(f"Not run configs, left out: {', '.join(inputs.left_out[:SHOWN])}{more}")
    said: set[str] = set()
    for member in read_members_at_once(inputs.requests):
        waiting = pending.notices(member.request) if member.request.config != STDIN else ()
        notices = [help_words(notice_help(found)) for found in waiting]
        if member.catalog is not None:
            notices += notice_words(member.catalog.notices)
        for notice in notices:
            if notice not in said:
                said.add(notice)
                output.say_notice(notice)
        if member.error is not None and not settings.is_json:
            output.say_error(member.error)
        yield member


def report_findings(findings: Sequence[FleetFinding]) -> None:
    """Print what is found between configs."""
    if findings:
        output.write_line()
        output.write_line("between the configs")
        output.write_line()
        write_blocks(finding_block(found) for found in findings)
