"""Logins and their carriers as the sites that an operator sees, each with what happens to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from llama_storage_tui.config.carriers import Carrier, CarrierKind, uses_of_variable
from llama_storage_tui.config.document import show_path
from llama_storage_tui.model.rotation import Action, Site
from llama_storage_tui.secrets import Secret
from llama_storage_tui.services.rotation.identity import Kin, Kinship
from llama_storage_tui.services.rotation.rewriting import Writing
from llama_storage_tui.services.rotation.sources import Sources


def list_sites(kin: tuple[Kin, ...], old: Secret, environ: Mapping[str, str]) -> Iterator[Site]:
    """Yield the sites of every login but those of other roles and servers, in the order of the configs."""
    for one in kin:
        if one.kinship is Kinship.OTHER:
            continue
        if not one.entry.carriers:
            yield _without_carrier(one)
        for carrier in one.entry.carriers:
            action, note = _judge(one, carrier, old)
            yield Site(
                one.entry.holder.config,
                one.entry.holder.shown,
                carrier.file,
                carrier.line,
                _via(carrier),
                action,
                note or _shadow(carrier, environ),
            )


def list_writings(kin: tuple[Kin, ...], old: Secret) -> Iterator[Writing]:
    """Yield what is to be written, by login."""
    for one in kin:
        for carrier in one.entry.carriers:
            if _judge(one, carrier, old)[0] is Action.WRITE:
                yield Writing(one.entry, carrier)


def foreign_uses(sources: Sources, writings: tuple[Writing, ...]) -> Iterator[tuple[str, str, str]]:
    """Yield variable, config and path of every further place that takes over a variable which would be written."""
    variables = {
        writing.carrier.variable for writing in writings if writing.carrier.kind is CarrierKind.ENV_FILE
    }
    fields = {(writing.entry.holder.config, writing.entry.holder.path) for writing in writings}
    for context in sources.contexts:
        for variable in sorted(filter(None, variables)):
            for path in uses_of_variable(context.document.data, variable):
                if (context.document.name, path) not in fields:
                    yield variable, context.document.name, show_path(path)


def _without_carrier(one: Kin) -> Site:
    holder = one.entry.holder
    line = one.entry.context.document.value_line(holder.path)
    action = Action.BY_HAND if one.kinship is Kinship.SAME else Action.UNKNOWN
    return Site(
        holder.config, holder.shown, holder.config, line, "unknown", action, one.entry.problem or one.reason
    )


def _judge(one: Kin, carrier: Carrier, old: Secret) -> tuple[Action, str | None]:
    match one.kinship:
        case Kinship.DRIFTED:
            return Action.DRIFTED, "holds another password for the same role"
        case Kinship.UNTOLD | Kinship.UNTRIED:
            return Action.UNKNOWN, one.reason
        case Kinship.OTHER:
            return Action.LEAVE, "belongs to another credential"
        case Kinship.SAME:
            pass
    if one.entry.holder.as_read(carrier.password) != old:
        return Action.LEAVE, "holds something else, and another value overrides it"
    if carrier.kind is CarrierKind.PROCESS:
        return Action.BY_HAND, "stands in the process environment alone"
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
