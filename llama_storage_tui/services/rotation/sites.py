"""Logins and their carriers as the sites that an operator sees, each with what happens to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from llama_storage_tui.config.document import show_path
from llama_storage_tui.config.password_locations import Carrier, CarrierKind, uses_of_variable
from llama_storage_tui.model.rotation import Action, Site
from llama_storage_tui.secrets import Secret
from llama_storage_tui.services.rotation.discovery import CredentialEntry
from llama_storage_tui.services.rotation.identity import ComparedCredential, CredentialMatch
from llama_storage_tui.services.rotation.rewriting import Writing
from llama_storage_tui.services.rotation.sources import Sources
from llama_storage_tui.services.rotation.writability import Reach


def list_sites(
    credentials: tuple[ComparedCredential, ...], old: Secret, environ: Mapping[str, str], reach: Reach
) -> Iterator[Site]:
    """Yield the sites of every login but those of other roles and servers, in the order of the configs."""
    for one in credentials:
        if one.match is CredentialMatch.OTHER:
            continue
        if not one.entry.carriers:
            yield _without_carrier(one)
        for carrier in one.entry.carriers:
            action, note = _judge(one, carrier, old, reach)
            yield Site(
                one.entry.holder.config,
                one.entry.holder.shown,
                carrier.file,
                carrier.line,
                _via(carrier),
                action,
                note or _shadow(carrier, environ),
                carrier.variable,
                carrier.is_encoded,
            )


def list_writings(
    credentials: tuple[ComparedCredential, ...], old: Secret, reach: Reach, action: Action = Action.WRITE
) -> Iterator[Writing]:
    """Yield what is to be written, by login; with BY_HAND what the operator is to write."""
    for one in credentials:
        for carrier in one.entry.carriers:
            if _judge(one, carrier, old, reach)[0] is action:
                yield Writing(one.entry, carrier)


def list_left(
    credentials: tuple[ComparedCredential, ...], old: Secret, reach: Reach
) -> Iterator[CredentialEntry]:
    """Yield the logins of which the operator changes something."""
    for one in credentials:
        is_unclear = one.match is CredentialMatch.SAME and not one.entry.carriers
        actions = {_judge(one, carrier, old, reach)[0] for carrier in one.entry.carriers}
        if is_unclear or Action.BY_HAND in actions:
            yield one.entry


def foreign_uses(sources: Sources, writings: tuple[Writing, ...]) -> Iterator[tuple[str, str, str]]:
    """Yield variable, config and path of every further place that takes over a variable which would be written."""
    variables = {writing.carrier.variable for writing in writings if not writing.carrier.is_of_document}
    fields = {(writing.entry.holder.config, writing.entry.holder.path) for writing in writings}
    for context in sources.contexts:
        for variable in sorted(filter(None, variables)):
            for path in uses_of_variable(context.document.data, variable):
                if (context.document.name, path) not in fields:
                    yield variable, context.document.name, show_path(path)


def _without_carrier(one: ComparedCredential) -> Site:
    holder = one.entry.holder
    line = one.entry.context.document.file_line(holder.path)
    action = Action.BY_HAND if one.match is CredentialMatch.SAME else Action.UNKNOWN
    return Site(
        holder.config, holder.shown, holder.config, line, "unknown", action, one.entry.problem or one.reason
    )


def _judge(one: ComparedCredential, carrier: Carrier, old: Secret, reach: Reach) -> tuple[Action, str | None]:
    match one.match:
        case CredentialMatch.DRIFTED:
            return Action.DRIFTED, "holds another password for the same role"
        case CredentialMatch.UNCLEAR | CredentialMatch.UNTRIED:
            return Action.UNKNOWN, one.reason
        case CredentialMatch.OTHER:
            return Action.LEAVE, "belongs to another credential"
        case CredentialMatch.SAME:
            pass
    if one.entry.holder.as_read(carrier.password) != old:
        return Action.LEAVE, "holds something else, and another value overrides it"
    hindrance = reach.hindrance(carrier)
    if hindrance is not None:
        return Action.BY_HAND, hindrance
    return Action.WRITE, None if carrier.is_used else "not in use today: another value overrides it"


def _shadow(carrier: Carrier, environ: Mapping[str, str]) -> str | None:
    value = environ.get(carrier.variable or "")
    if carrier.kind is not CarrierKind.ENV_FILE or value is None:
        return None
    words = "the same" if value == carrier.password.reveal() else "something else"
    return f"the process environment sets it too, to {words} today; the file counts"


def _via(carrier: Carrier) -> str:
    where = " in a URI" if carrier.is_encoded else ""
    match carrier.kind:
        case CarrierKind.LITERAL:
            return f"literal{where}"
        case CarrierKind.DEFAULT:
            return f"default of {carrier.variable}{where}"
        case _:
            return f"variable {carrier.variable}{where}"
