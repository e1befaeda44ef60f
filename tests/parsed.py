"""Style sheets that one app has parsed are not parsed again for the next: each test opens new ones, with the same styles."""

from __future__ import annotations

from typing import Any, Final

from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.css.types import CSSLocation

_PARSED: Final[dict[tuple[Any, ...], list[RuleSet]]] = {}


def share_parsed() -> None:
    """Have every app that this process runs from now on share what it parses: nothing changes parsed rules."""
    parse_rules = Stylesheet._parse_rules

    def parse_once(
        self: Stylesheet,
        css: str,
        read_from: CSSLocation,
        is_default_rules: bool = False,  # noqa: FBT001, FBT002 - Textual's signature
        tie_breaker: int = 0,
        scope: str = "",
    ) -> list[RuleSet]:
        how = (css, read_from, is_default_rules, tie_breaker, scope)
        key = (*how, *self._variables.items())
        if key not in _PARSED:
            _PARSED[key] = parse_rules(self, *how)
        return _PARSED[key]

    Stylesheet._parse_rules = parse_once  # type: ignore[method-assign]
