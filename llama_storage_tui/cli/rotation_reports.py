"""Rotations for people: plans and results as text."""

from __future__ import annotations

from pathlib import Path

from llama_storage_tui.cli import output
from llama_storage_tui.cli.blocks import write_blocks
from llama_storage_tui.cli.next_steps import password_command
from llama_storage_tui.model.rotation import Plan, Result
from llama_storage_tui.reports.rotation import plan_blocks, refusal_block, result_blocks


def report_plan(plan: Plan) -> None:
    """Print a plan for people; what stops it comes last, where the eye is."""
    refusal = refusal_block(plan)
    write_blocks([*plan_blocks(plan, password_command), *([refusal] if refusal else [])])


def report_result(result: Result, password: str | None, *, audit_log: Path, journals: Path) -> None:
    """Print how a rotation or a recovery ended; the password only where it was asked for."""
    output.write_line()
    write_blocks(result_blocks(result, password_command, audit_log=audit_log, journals=journals))
    for notice in result.notices:
        output.say_notice(notice)
    if password is not None:
        output.write_text(f"\nnew password: {password}")
