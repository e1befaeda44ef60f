"""Every rule that findings come from: of the config, of the manifests around it, of the data, and between configs."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

from llama_storage_tui.config.manifests import rules as manifest_rules
from llama_storage_tui.config.rules import RULES as CONFIG_RULES
from llama_storage_tui.config.rules import rules_of
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.finding import Rule
from llama_storage_tui.services import (
    accumulation,
    default_names,
    inspection,
    registry_inspection,
    upgrade_inspection,
)
from llama_storage_tui.services.fleet import rules as fleet

RULES: Final[tuple[Rule, ...]] = (
    *CONFIG_RULES,
    *rules_of(manifest_rules, inspection, default_names, registry_inspection, upgrade_inspection),
    *rules_of(fleet, accumulation),
)
"""In the order in which they are checked."""

BY_ID: Final = {rule.id: rule for rule in RULES}


def rule_of(id_: str) -> Rule:
    """Return a rule by its id; raises UsageError, with the nearest id, where there is none."""
    found = BY_ID.get(id_)
    if found is None:
        near = get_close_matches(id_, BY_ID, n=1)
        raise UsageError(
            f"There is no rule {id_!r}",
            help=f"Did you mean {near[0]}?" if near else "The list of rules has every id.",
        )
    return found


def releases(rule: Rule) -> str:
    """Say which releases a rule is about."""
    match rule.since, rule.until:
        case None, None:
            return "all"
        case None, until:
            return f"before {until}"
        case since, None:
            return f"{since} and later"
        case since, until:
            return f"{since} to before {until}"
