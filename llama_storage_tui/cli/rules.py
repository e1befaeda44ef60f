"""`rules`: what each finding means, for which releases, and what to do about it."""

from __future__ import annotations

from typing import Annotated, Literal

import click
from click.shell_completion import CompletionItem
from pydantic import BeforeValidator, ConfigDict

from llama_storage_tui.cli import output
from llama_storage_tui.cli.documents import Document
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.next_steps import help_words
from llama_storage_tui.cli.options import shared_options
from llama_storage_tui.cli.settings import Settings
from llama_storage_tui.model.finding import Rule, Severity, Stage
from llama_storage_tui.reports.findings import WHEN
from llama_storage_tui.services.rule_book import RULES, releases, rule_of

Release = Annotated[str | None, BeforeValidator(lambda version: None if version is None else str(version))]


class RuleBody(Document):
    """One rule; `also` has the other severities and stages of its findings."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    severity: Literal["error", "warning", "info"]
    stage: Literal["load", "start", "never"]
    also: list[tuple[Literal["error", "warning", "info"], Literal["load", "start", "never"]]]
    since: Release
    until: Release
    title: str
    advice: str


class RulesDocument(Document):
    """The answer of `rules`."""

    rules: list[RuleBody]


def complete_rule(
    context: click.Context,  # noqa: ARG001 - click's signature
    parameter: click.Parameter,  # noqa: ARG001 - click's signature
    incomplete: str,
) -> list[CompletionItem]:
    """Offer the ids of rules."""
    return [CompletionItem(rule.id, help=rule.title) for rule in RULES if rule.id.startswith(incomplete)]


@click.command()
@click.argument("rule", required=False, shell_complete=complete_rule)
@shared_options
@click.pass_context
def rules(context: click.Context, rule: str | None) -> int:
    """List the rules that findings come from, or explain one.

    Example: llama-storage-tui rules shared-table
    """
    found = RULES if rule is None else (rule_of(rule),)
    if Settings(context).is_json:
        output.write_document(RulesDocument(rules=[RuleBody.model_validate(each) for each in found]))
    elif rule is None:
        output.write_table(("rule", "severity", "reported", "releases", "title"), map(_row, found), cut=None)
    else:
        _explain(*found)
    return ExitCode.DONE


def _row(rule: Rule) -> tuple[str, ...]:
    return rule.id, rule.severity.value, WHEN[rule.stage], releases(rule), rule.title


def _explain(rule: Rule) -> None:
    output.write_line(rule.id)
    output.write_line(f"  {rule.title}.")
    output.write_line(f"  {help_words(rule.help)}")
    output.write_line()
    output.write_line(f"  severity  {_weights(rule)}")
    output.write_line(f"  releases  {releases(rule)}")


def _weights(rule: Rule) -> str:
    weights: tuple[tuple[Severity, Stage], ...] = ((rule.severity, rule.stage), *rule.also)
    return ", or ".join(
        f"{severity.value} (reported by the server: {WHEN[stage]})" for severity, stage in weights
    )
