"""Style sheets that one app has parsed, and what they say of a widget, are not found out again for the next app.

Each test opens new apps with the same styles: parsing them, and then matching every widget against every rule, was a third of its time.
"""

from __future__ import annotations

from typing import Any, Final

from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.css.types import CSSLocation
from textual.dom import DOMNode

_PARSED: Final[dict[tuple[Any, ...], list[RuleSet]]] = {}
_NUMBERS: Final[dict[tuple[int, ...], int]] = {}
"""A number for each list of rules; these are never dropped, so that none gets the identity of another."""

_ASKED: Final[dict[tuple[Any, ...], frozenset[str]]] = {}
"""Which pseudo-classes the rules ask for that may be for a widget, by the list of rules and what names the widget has."""

_SAID: Final[dict[tuple[Any, ...], tuple[Any, ...]]] = {}
"""What a list of rules says of a widget, by all of it and of what it is in that a selector can ask for."""

_HELD: Final[list[list[RuleSet]]] = []
_FLAGS: Final = ("_has_hover_style", "_has_focus_within", "_has_order_style", "_has_odd_or_even")


def share_parsed() -> None:
    """Have every app that this process runs from now on share what it parses: nothing changes parsed rules."""
    parse_rules, apply = Stylesheet._parse_rules, Stylesheet.apply
    # Python's own, which Textual's method does over again in Python, for each rule and each widget.
    RuleSet.__hash__ = object.__hash__  # type: ignore[method-assign]

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

    def apply_once(
        self: Stylesheet, node: DOMNode, *, animate: bool = False, cache: dict[Any, Any] | None = None
    ) -> None:
        del cache  # it has one app's widgets
        key = _key(self, node)
        said = _SAID.get(key)
        if said is not None:
            rules, *flags = said
            for name, flag in zip(_FLAGS, flags, strict=True):
                setattr(node, name, flag)
            self.replace_rules(node, rules, animate=animate)
            self._process_component_classes(node)
            return
        found: dict[Any, Any] = {}
        apply(self, node, animate=animate, cache=found)
        # Textual notes nothing where the place among siblings counts, or nothing is said.
        for rules in found.values():
            _SAID[key] = (rules, *(getattr(node, name) for name in _FLAGS))

    Stylesheet._parse_rules = parse_once  # type: ignore[method-assign]
    Stylesheet.apply = apply_once  # type: ignore[method-assign]


def _key(sheet: Stylesheet, node: DOMNode) -> tuple[Any, ...]:
    number = _number(sheet)
    names = (number, type(node), node._id, frozenset(node._classes))
    asked = _ASKED.get(names)
    if asked is None:
        rules_map = sheet.rules_map
        _ASKED[names] = asked = frozenset(
            pseudo_class
            for name in rules_map.keys() & node._selector_names
            for rule in rules_map[name]
            for selectors in rule.selector_set
            for selector in selectors.selectors
            for pseudo_class in selector.pseudo_classes
        )
    path: list[Any] = [number, asked]
    each: Any = node
    while isinstance(each, DOMNode):
        path += (type(each), each._id, frozenset(each._classes))
        checks: dict[str, Any] = each._PSEUDO_CLASSES  # each class has its own
        path += [checks[name](each) for name in asked if name in checks]
        each = each._parent
    return tuple(path)


def _number(sheet: Stylesheet) -> int:
    rules: Any = sheet.rules
    known = getattr(sheet, "_numbered", None)
    if known is None or known[0] is not rules:
        _HELD.append(rules)
        known = (rules, _NUMBERS.setdefault(tuple(map(id, rules)), len(_NUMBERS)))
        sheet._numbered = known  # type: ignore[attr-defined]
    number: int = known[1]
    return number
