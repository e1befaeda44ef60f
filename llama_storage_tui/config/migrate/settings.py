"""Settings whose meaning or default changed: databases, passwords, TLS, templates of vector stores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from llama_storage_tui.config.document import Path
from llama_storage_tui.config.edit.operations import (
    AddEntry,
    PutValue,
    ReplaceText,
)
from llama_storage_tui.config.environment import EXPRESSION
from llama_storage_tui.config.migrate.draft import Draft, DraftProvider, Proposal, like_written
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.migration import (
    OLD_DEFAULTS,
    SEARCH_TOOL,
)
from llama_storage_tui.upstream.providers import MODEL_SETTINGS, offered_models


def vector_settings(draft: Draft) -> Iterator[Proposal]:
    """Bring the settings of vector stores to the names of the release: its search tool, and the providers that it still has."""
    if draft.crosses(SEARCH_TOOL.since):
        for name in ("header_template", "footer_template"):
            path: Path = ("vector_stores", "file_search_params", name)
            text = draft.get(*path)
            if isinstance(text, str) and SEARCH_TOOL.old in text:
                reason = f"From {SEARCH_TOOL.since} on the tool is called {SEARCH_TOOL.new}, and a template has to name it"
                yield Proposal(
                    path, "template", reason, (ReplaceText(path, SEARCH_TOOL.old, SEARCH_TOOL.new),)
                )
    models = [provider for provider in draft.providers() if provider.api == "inference"]
    ids = [None, *(provider.entry.get("provider_id") for provider in models)]
    for setting in MODEL_SETTINGS:
        chosen = draft.mapping(*setting.path)
        if not setting.holds_for(draft.after) or chosen.get("provider_id") in ids:
            continue
        if setting.path[0] == "vector_stores" and "${env." not in str(chosen.get("provider_id")):
            yield from _other_model(draft, setting.path, chosen, models)


def _other_model(
    draft: Draft, path: Path, chosen: Mapping[object, object], providers: list[DraftProvider]
) -> Iterator[Proposal]:
    """Name the provider that offers a chosen model now, where the one of before is gone."""
    model = str(chosen.get("model_id"))
    offering = next(
        (one for one in providers if model in (offered_models(one.type, draft.after) or {})), None
    )
    gone = chosen.get("provider_id")
    if offering is not None:
        place = (*path, "provider_id")
        reason = f"{draft.target} has no provider {gone}; {model} is offered by {offering.id}"
        yield Proposal(place, "model", reason, (PutValue(place, offering.entry.get("provider_id")),))


def default_backends(draft: Draft) -> Iterator[Proposal]:
    """Write out the files that a server takes where the file has no `storage`: their folder is another from 0.8 on."""
    if (
        not draft.crosses(changes.OGX)
        or draft.before < changes.STORAGE_OPTIONAL
        or "backends" in draft.mapping("storage")
    ):
        return
    folder = "${env.SQLITE_STORE_DIR:=~/.llama/distributions}"
    own = draft.environment.variables.get("LLAMA_STACK_CONFIG_DIR")
    if own is not None and own.value and "SQLITE_STORE_DIR" not in draft.environment.variables:
        folder = "${env.LLAMA_STACK_CONFIG_DIR}/distributions"
    value = {
        "kv_default": {"type": "kv_sqlite", "db_path": f"{folder}/kvstore.db"},
        "sql_default": {"type": "sql_sqlite", "db_path": f"{folder}/sql_store.db"},
    }
    path: Path = ("storage", "backends")
    reason = "The file names no backends, and the default folder is another from 0.8 on"
    lost = None
    if draft.before < changes.DEFAULT_PATH_EXPANDED:
        lost = (
            f"{draft.before.product} {draft.before} wrote to a folder whose name is the unexpanded text of the default: "
            "move its files to where the backends are now"
        )
    yield Proposal(path, "default", reason, (draft.put_at(path, value),), lost)


def vector_passwords(draft: Draft) -> Iterator[Proposal]:
    """Say where a provider relied on a password that was built in."""
    if not draft.crosses(changes.PGVECTOR_WITHOUT_PASSWORD):
        return
    for provider in draft.providers():
        if provider.type == "remote::pgvector" and provider.config.get("password") is None:
            path: Path = (*provider.path, "config", "password")
            lost = f"{provider.type} has no built-in password from {changes.PGVECTOR_WITHOUT_PASSWORD} on: set one"
            yield Proposal(path, "password", lost, (), lost)


def defaults(draft: Draft) -> Iterator[Proposal]:
    """Write out databases, tables and collections whose default changed: the rows are in the old ones."""
    if not draft.crosses(changes.OGX):
        return
    for name, entry in draft.mapping("storage", "backends").items():
        if not isinstance(entry, Mapping) or entry.get("connection_string") is not None:
            continue
        for field, value in OLD_DEFAULTS.get(str(entry.get("type")), {}).items():
            if field in entry:
                continue
            path: Path = ("storage", "backends", str(name), field)
            reason = f"From 0.8 on the default of {field} is another; the rows are in {value}"
            yield Proposal(path, "default", reason, (AddEntry(path[:-1], field, value),))


def passwords(draft: Draft) -> Iterator[Proposal]:
    """Write a percent-encoded password of sql_postgres as it is: from 1.0.3 on it goes to the server unchanged."""
    if not draft.crosses(changes.SQL_URL_ESCAPED):
        return
    for name, entry in draft.mapping("storage", "backends").items():
        if not isinstance(entry, Mapping) or entry.get("type") != "sql_postgres":
            continue
        for field in ("user", "password"):
            text = entry.get(field)
            if isinstance(text, str):
                yield from _decoded(draft, ("storage", "backends", str(name), field), text)


def _decoded(draft: Draft, path: Path, text: str) -> Iterator[Proposal]:
    why = "Before 1.0.3 sql_postgres pasted it into a URL, where it had to be percent-encoded; from then on it is taken as it is"
    found = EXPRESSION.search(text)
    if unquote(text) != text and draft.text.entry(path) is None:
        lost = f"Other places share the value by an anchor: write {path[-1]} as plain text, for sql_postgres alone. {why}"
        yield Proposal(path, "password", lost, (), lost)
        return
    if found is None:
        if unquote(text) != text:
            yield Proposal(path, "password", why, (PutValue(path, like_written(draft, path, unquote(text))),))
        return
    if found[2] == "=" and unquote(found[3]) != found[3] and "}" not in unquote(found[3]):
        written = text[: found.start(3)] + unquote(found[3]) + text[found.end(3) :]
        yield Proposal(path, "password", why, (PutValue(path, like_written(draft, path, written)),))
    for name in {match[1] for match in EXPRESSION.finditer(text)}:
        variable = draft.environment.variables.get(name)
        if variable is not None and variable.value and unquote(variable.value) != variable.value:
            lost = (
                f"The value of {name} is percent-encoded: set it to the plain text for {draft.target}. {why}"
            )
            yield Proposal(path, "password-variable", lost, (), lost)


def serving(draft: Draft) -> Iterator[Proposal]:
    """Go on without TLS where the file has no certificate: from 1.2 on that has to be said."""
    if not draft.crosses(changes.TLS_REQUIRED):
        return
    server = draft.mapping("server")
    if server.get("insecure") is not None or (server.get("tls_certfile") and server.get("tls_keyfile")):
        return
    reason = (
        "From 1.2 on a server does not start without a certificate unless server.insecure says so: this goes on without TLS, "
        "as now. Set tls_certfile and tls_keyfile instead if clients reach it directly"
    )
    path: Path = ("server", "insecure")
    yield Proposal(path, "tls", reason, (draft.put_at(path, value=True),))
