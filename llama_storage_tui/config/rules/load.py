"""What a server says when it loads the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from llama_storage_tui.config.document import Path, get, walk
from llama_storage_tui.config.environment import UNKNOWN, map_unknown
from llama_storage_tui.config.masking import is_secret_name
from llama_storage_tui.config.rewrites import rewrite_prompts
from llama_storage_tui.config.rules.view import View
from llama_storage_tui.model.catalog import ReferenceKind
from llama_storage_tui.model.finding import Finding, Rule, Severity, Stage, stops_load
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream import run_config as schema
from llama_storage_tui.upstream.run_config.storage import BACKENDS

UNSET_VARIABLE: Final = stops_load(
    id="unset-variable",
    title="A variable without a default is not set",
    advice="Set the variable, or give a default: ${env.NAME:=default}.",
)
MISSING_FIELD: Final = stops_load(
    id="missing-field",
    title="A field that the server requires is missing",
    advice="Add the field.",
    also=((Severity.ERROR, Stage.START),),
    since=changes.CATALOG,
)
WRONG_TYPE: Final = stops_load(
    id="wrong-type",
    title="A value has the wrong type",
    advice="Write the value in the type that the message names; quotes make digits text.",
    since=changes.CATALOG,
)
OUT_OF_RANGE: Final = stops_load(
    id="out-of-range",
    title="A number is out of range",
    advice="Write a number in the range that the message names.",
    since=changes.CATALOG,
)
KNOWN_TYPES: Final = f"Servers know {', '.join([*BACKENDS][:-1])} and {[*BACKENDS][-1]}."

UNKNOWN_TYPE: Final = stops_load(
    id="unknown-type",
    title="A `type` names a kind of entry that the release does not have",
    advice="Write one of the types that the message names.",
    since=changes.CATALOG,
)
UNKNOWN_BACKEND_TYPE: Final = stops_load(
    id="unknown-backend-type",
    title="A backend's type does not exist",
    advice=KNOWN_TYPES,
    since=changes.CATALOG,
)
VALUE_NOT_ALLOWED: Final = stops_load(
    id="value-not-allowed",
    title="A value is not among those that the field takes",
    advice="Write one of the values that the message names.",
    since=changes.CATALOG,
)
FIELD_NOT_ALLOWED: Final = stops_load(
    id="field-not-allowed",
    title="A field is not allowed there by the release",
    advice="Remove the field, or move it to where the release reads it.",
    since=changes.CATALOG,
)
CONFLICTING_FIELDS: Final = stops_load(
    id="conflicting-fields",
    title="Two fields contradict each other",
    advice="Keep the one that is right.",
    since=changes.CATALOG,
)
INVALID_VALUE: Final = stops_load(
    id="invalid-value",
    title="A value is refused by a check of the server's own",
    advice="Write a value as the message asks for.",
    since=changes.CATALOG,
)
UNKNOWN_BACKEND: Final = stops_load(
    id="unknown-backend",
    title="A store refers to a backend that is not defined in storage.backends",
    advice="Define the backend in storage.backends, or name one that is there.",
    since=changes.CATALOG,
)
WRONG_FAMILY: Final = stops_load(
    id="wrong-family",
    title="A store refers to a backend of the other family (key-value or SQL)",
    advice="Refer to a backend of the family that the message names.",
    since=changes.CATALOG,
)
BINARY_VALUE: Final = stops_load(
    id="binary-value",
    title="A provider's config holds bytes that are not UTF-8 text",
    advice="Write the value as text.",
    since=changes.CATALOG,
    until=changes.SQL_PROMPTS,
)


KIND_RULES: Final = {
    schema.ProblemKind.MISSING: MISSING_FIELD,
    schema.ProblemKind.WRONG_TYPE: WRONG_TYPE,
    schema.ProblemKind.OUT_OF_RANGE: OUT_OF_RANGE,
    schema.ProblemKind.UNKNOWN_TYPE: UNKNOWN_TYPE,
    schema.ProblemKind.NOT_ALLOWED: VALUE_NOT_ALLOWED,
    schema.ProblemKind.UNKNOWN_FIELD: FIELD_NOT_ALLOWED,
    schema.ProblemKind.CONFLICT: CONFLICTING_FIELDS,
    schema.ProblemKind.INVALID: INVALID_VALUE,
}


def missing_variables(view: View) -> Iterator[Finding]:
    """Variables without a value and a default: a server names the first only."""
    for missing in view.context.resolution.missing:
        state = "is set to an empty text" if missing.is_empty else "is not set"
        yield view.finding(
            UNSET_VARIABLE,
            missing.path,
            f"The variable {missing.variable} {state}, and the file gives no default",
            help=Advice(f"Set it, or write ${{env.{missing.variable}:=default}}.", Step.ASSUME_SET),
        )


def schema_problems(view: View) -> Iterator[Finding]:
    """Everything that the server's own models reject."""
    if view.version < changes.CATALOG:
        return
    resolution = view.context.resolution
    # An unknown value is replaced by text that passes as text; what it cannot pass as is not held against it.
    document = map_unknown(resolution.data, lambda: "unknown")
    if not isinstance(document, dict):
        return
    if view.version >= changes.SQL_PROMPTS:
        document = rewrite_prompts(view.context.raw, document)
    for problem in schema.validate(document, view.version):
        if _touches_unknown(problem.loc, resolution.data):
            continue
        path = resolution.file_path(problem.loc)
        message, help_ = problem.message, conversion_help(view, path, problem)
        yield view.finding(_rule(path, problem.kind), path, message, help=help_)


def _rule(path: Path, kind: schema.ProblemKind) -> Rule:
    is_backend = path[:2] == ("storage", "backends")
    if is_backend and (path[-1] == "type" or kind is schema.ProblemKind.UNKNOWN_TYPE):
        return UNKNOWN_BACKEND_TYPE
    return KIND_RULES[kind]


def _touches_unknown(loc: Path, data: object) -> bool:
    """Tell whether a problem stands on an unknown value, or on a mapping one of whose own values is unknown."""
    for depth in range(len(loc) + 1):
        if get(data, *loc[:depth]) is UNKNOWN:
            return True
    found = get(data, *loc)
    return isinstance(found, dict) and any(value is UNKNOWN for value in found.values())


def conversion_help(view: View, path: Path, problem: schema.Problem) -> str | None:
    """Return what to do about a value that YAML or an expression turned into another type; None where that is not why."""
    uses = view.context.resolution.uses.get(path)
    if uses and problem.kind is schema.ProblemKind.WRONG_TYPE:
        names = ", ".join(dict.fromkeys(use.variable for use in uses))
        if is_secret_name(str(path[-1])):
            way_out = (
                ", or (1.4.1 and later) put it into a connection_string"
                if path[:2] == ("storage", "backends")
                else ""
            )
            return (
                f"A value that looks like a number or boolean is converted on its way through ${{env.{names}}}: choose one that "
                f"does not{way_out}."
            )
        return f"The value comes through ${{env.{names}}}, which turns digits, true, false and empty text into other types."
    if problem.kind is schema.ProblemKind.WRONG_TYPE and path and is_secret_name(str(path[-1])):
        return "Put the value in quotes: YAML reads digits as a number."
    if problem.kind is schema.ProblemKind.UNKNOWN_TYPE and path[:2] == ("storage", "backends"):
        return KNOWN_TYPES
    return None


def store_references(view: View) -> Iterator[Finding]:
    """Stores whose backend does not exist or is of the other family."""
    specs = schema.default_stores(view.version)
    storage = view.context.data.get("storage")
    if (
        view.is_legacy
        or (storage is None and view.version < changes.STORAGE_OPTIONAL)
        or not isinstance(storage, dict | None)
    ):
        return
    names = sorted(backend.name for backend in view.backends)
    for reference in view.references:
        spec = specs.get(reference.name)
        if reference.kind is not ReferenceKind.STORE or spec is None or not spec.is_checked_at_load:
            continue
        if reference.backend is None:
            continue
        backend = view.backend(reference.backend)
        defaulted = (
            " (filled in by the server, since the file leaves the store out)"
            if reference.is_defaulted
            else ""
        )
        if backend is None:
            yield UNKNOWN_BACKEND.found_on(
                reference,
                f"The store {reference.name} refers to a backend {reference.backend!r} that does not exist{defaulted}",
                help=f"The file has: {', '.join(names) or 'none'}."
                + (f" Write storage.stores.{reference.name} out." if reference.is_defaulted else ""),
            )
        elif backend.family is not spec.family and backend.family != "unknown":
            yield WRONG_FAMILY.found_on(
                reference,
                f"The store {reference.name} needs a {spec.family}_* backend, and {backend.name} is {backend.type}{defaulted}",
            )


def binary_values(view: View) -> Iterator[Finding]:
    """Bytes in a provider's config that are no text: before 1.0 the server prints its config when it starts, and cannot.

    Source: llama-stack 0.3.5 and 0.7.3.
    """
    if not BINARY_VALUE.holds_for(view.version):
        return
    for path, found in walk(view.context.data.get("providers"), ("providers",)):
        if isinstance(found, bytes) and _is_binary(found):
            yield view.finding(
                BINARY_VALUE,
                view.context.resolution.file_path(path),
                "A binary value that is not UTF-8 text: the server cannot print its config and stops",
            )


def _is_binary(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return True
    return False


CHECKS = (binary_values, missing_variables, schema_problems, store_references)
