"""What a server says when it loads the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from llama_storage_tui.config import schema
from llama_storage_tui.config.document import Path, get
from llama_storage_tui.config.environment import UNKNOWN, map_unknown
from llama_storage_tui.config.masking import is_secret_name
from llama_storage_tui.config.rewrites import REWRITTEN_FROM, rewrite_prompts
from llama_storage_tui.config.rules.view import View
from llama_storage_tui.model.catalog import ReferenceKind
from llama_storage_tui.model.finding import Finding, Severity, Stage
from llama_storage_tui.model.version import Version

KIND_RULES: Final = {
    schema.ProblemKind.MISSING: "missing-field",
    schema.ProblemKind.WRONG_TYPE: "wrong-type",
    schema.ProblemKind.OUT_OF_RANGE: "out-of-range",
    schema.ProblemKind.UNKNOWN_TYPE: "unknown-type",
    schema.ProblemKind.NOT_ALLOWED: "value-not-allowed",
    schema.ProblemKind.UNKNOWN_FIELD: "field-not-allowed",
    schema.ProblemKind.CONFLICT: "conflicting-fields",
    schema.ProblemKind.INVALID: "invalid-value",
}


def missing_variables(view: View) -> Iterator[Finding]:
    """Variables without a value and a default: a server names the first only."""
    for missing in view.context.resolution.missing:
        state = "is set to an empty text" if missing.is_empty else "is not set"
        yield view.finding(
            "unset-variable",
            Severity.ERROR,
            Stage.LOAD,
            missing.path,
            f"The variable {missing.variable} {state}, and the file gives no default",
            help=f"Set it, or write ${{env.{missing.variable}:=default}}; --assume-set checks without it.",
        )


def schema_problems(view: View) -> Iterator[Finding]:
    """Everything that the server's own models reject."""
    if view.version < Version(0, 3):
        return
    resolution = view.context.resolution
    # An unknown value is replaced by text that passes as text; what it cannot pass as is not held against it.
    document = map_unknown(resolution.data, lambda: "unknown")
    if not isinstance(document, dict):
        return
    if view.version >= REWRITTEN_FROM:
        document = rewrite_prompts(view.context.raw, document)
    for problem in schema.validate(document, view.version):
        if _touches_unknown(problem.loc, resolution.data):
            continue
        path = resolution.file_path(problem.loc)
        message, help_ = problem.message, _help(view, path, problem)
        yield view.finding(_rule(path, problem.kind), Severity.ERROR, Stage.LOAD, path, message, help=help_)


def _rule(path: Path, kind: schema.ProblemKind) -> str:
    is_backend = path[:2] == ("storage", "backends")
    if is_backend and (path[-1] == "type" or kind is schema.ProblemKind.UNKNOWN_TYPE):
        return "unknown-backend-type"
    return KIND_RULES[kind]


def _touches_unknown(loc: Path, data: object) -> bool:
    """Tell whether a problem stands on an unknown value, or on a mapping one of whose own values is unknown."""
    for depth in range(len(loc) + 1):
        if get(data, *loc[:depth]) is UNKNOWN:
            return True
    found = get(data, *loc)
    return isinstance(found, dict) and any(value is UNKNOWN for value in found.values())


def _help(view: View, path: Path, problem: schema.Problem) -> str | None:
    uses = view.context.resolution.uses.get(path)
    if uses and problem.kind is schema.ProblemKind.WRONG_TYPE:
        names = ", ".join(dict.fromkeys(use.variable for use in uses))
        if is_secret_name(str(path[-1])):
            return (
                f"A value that looks like a number or boolean is converted on its way through ${{env.{names}}}: choose one that "
                "does not, or (1.4.1 and later) put it into a connection_string."
            )
        return f"The value comes through ${{env.{names}}}, which turns digits, true, false and empty text into other types."
    if problem.kind is schema.ProblemKind.WRONG_TYPE and path and is_secret_name(str(path[-1])):
        return "Put the value in quotes: YAML reads digits as a number."
    if problem.kind is schema.ProblemKind.UNKNOWN_TYPE and path[:2] == ("storage", "backends"):
        return "Servers know kv_sqlite, kv_redis, kv_postgres, kv_mongodb, sql_sqlite and sql_postgres."
    return None


def store_references(view: View) -> Iterator[Finding]:
    """Stores whose backend does not exist or is of the other family."""
    specs = schema.default_stores(view.version)
    storage = view.context.data.get("storage")
    if (
        view.is_legacy
        or (storage is None and view.version < Version(0, 4))
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
            yield view.on(
                reference,
                "unknown-backend",
                Severity.ERROR,
                Stage.LOAD,
                f"The store {reference.name} refers to a backend {reference.backend!r} that does not exist{defaulted}",
                help=f"The file has: {', '.join(names) or 'none'}."
                + (f" Write storage.stores.{reference.name} out." if reference.is_defaulted else ""),
            )
        elif backend.family is not spec.family and backend.family != "unknown":
            yield view.on(
                reference,
                "wrong-family",
                Severity.ERROR,
                Stage.LOAD,
                f"The store {reference.name} needs a {spec.family}_* backend, and {backend.name} is {backend.type}{defaulted}",
            )


def binary_values(view: View) -> Iterator[Finding]:
    """Bytes in a provider's config that are no text: before 1.0 the server prints its config when it starts, and cannot.

    Source: llama-stack 0.3.5 and 0.7.3.
    """
    if not Version(0, 3) <= view.version < Version(1, 0):
        return
    for path in _undecodable(view.context.data.get("providers"), ("providers",)):
        yield view.finding(
            "binary-value",
            Severity.ERROR,
            Stage.LOAD,
            view.context.resolution.file_path(path),
            "A binary value that is no UTF-8 text: the server cannot print its config and stops",
        )


def _undecodable(data: object, path: Path) -> Iterator[Path]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _undecodable(value, (*path, key if isinstance(key, int) else str(key)))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _undecodable(value, (*path, index))
    elif isinstance(data, bytes):
        try:
            data.decode()
        except UnicodeDecodeError:
            yield path


RULES = (binary_values, missing_variables, schema_problems, store_references)
