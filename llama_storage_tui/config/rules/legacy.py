"""v0.2 keys in front of newer servers, and old `${env…}` forms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from llama_storage_tui.config.document import strings
from llama_storage_tui.config.environment import EARLY_EXPRESSION, EXPRESSION
from llama_storage_tui.config.legacy import TOP_LEVEL, snippets
from llama_storage_tui.config.rules.view import View
from llama_storage_tui.model.finding import Finding, Severity, Stage, warns
from llama_storage_tui.upstream import changes

IGNORED_LEGACY_STORE: Final = warns(
    id="ignored-legacy-store",
    title="A store is written in the form of 0.2, which the release ignores",
    advice="Define the backend in storage.backends and refer to it from storage.stores or the provider. The "
    "rows of the old store are not read.",
    since=changes.CATALOG,
)
IGNORED_STORAGE: Final = warns(
    id="ignored-storage",
    title="The release does not read `storage`",
    advice="Use 0.3 or later, or write metadata_store and the other inline stores.",
    until=changes.CATALOG,
)
NOT_EXPANDED: Final = warns(
    id="not-expanded",
    title="An expression is in a form that the release takes as literal text",
    advice="Names are upper-case; a default is written ${env.NAME:=default}, and until 0.2.12 "
    "${env.NAME:default}.",
    also=((Severity.INFO, Stage.NEVER),),
)


def _looks_like_one(rest: str) -> bool:
    """Tell whether a form is left over: a lower-case name, the old `${env.X:default}`, shell forms such as `:-`.

    By two searches: a pattern for both ends takes the square of a hostile text's length.
    """
    start = rest.find("${env.")
    return start != -1 and "}" in rest[start:]


def ignored_legacy_keys(view: View) -> Iterator[Finding]:
    """The old top-level stores are dropped without a word: by 0.3 beside a storage, which it demands; from 0.4 on always."""
    has_defaults = view.version >= changes.STORAGE_OPTIONAL
    if view.version < changes.CATALOG or not (has_defaults or "storage" in view.context.raw):
        return
    for key in TOP_LEVEL:
        if key in view.context.raw:
            instead = (
                "reads storage instead" if "storage" in view.context.raw else "uses its default SQLite files"
            )
            yield view.finding(
                IGNORED_LEGACY_STORE,
                (key,),
                f"{key} belongs to 0.2: {view.version.product} {view.version} ignores it and {instead}",
                help="Move it to storage.stores. The rows of the old store are not read.",
            )
    for path, _ in snippets(view.context.raw):
        if has_defaults and path[0] not in TOP_LEVEL:
            yield view.finding(
                IGNORED_LEGACY_STORE,
                path,
                f"The inline store {path[-1]} belongs to 0.2: {view.version.product} {view.version} reads a reference with backend "
                "and namespace or table_name here",
                help="Define the backend in storage.backends and refer to it. The rows of the old store are not read.",
            )


def ignored_storage(view: View) -> Iterator[Finding]:
    """0.2 has no `storage`: it takes each store from where it is used."""
    if view.version < changes.CATALOG and "storage" in view.context.raw:
        yield view.finding(
            IGNORED_STORAGE,
            ("storage",),
            f"{view.version.product} {view.version} does not read storage: its stores are inline, and those that are missing use "
            "SQLite files under ~/.llama",
        )


def unexpanded_expressions(view: View) -> Iterator[Finding]:
    """Text that looks like an expression and is none."""
    is_early = view.version < changes.EXPRESSION_OPERATORS
    expression = EARLY_EXPRESSION if is_early else EXPRESSION
    for path, text in strings(view.context.raw):
        # Up to the last brace, for the same reason as in the expansion.
        if "${env." not in text:
            continue
        rest = expression.sub("", text[: text.rfind("}") + 1])
        if _looks_like_one(rest):
            is_old = not is_early and EARLY_EXPRESSION.search(rest) is not None
            yield view.finding(
                NOT_EXPANDED,
                path,
                (
                    f"{view.version.product} {view.version} takes this form as literal text: 0.2.12 and earlier "
                    "expand it"
                    if is_old
                    else f"{view.version.product} {view.version} does not expand this form and takes it as literal text"
                ),
                help=(
                    "Names are upper-case; a default is written ${env.NAME:default} until 0.2.12."
                    if is_early
                    else "Names are upper-case; a default is written ${env.NAME:=default}."
                ),
                severity=Severity.WARNING if path[:1] == ("storage",) else Severity.INFO,
            )


CHECKS = (ignored_legacy_keys, ignored_storage, unexpanded_expressions)
