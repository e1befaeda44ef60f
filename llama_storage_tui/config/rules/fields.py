"""Fields that a server takes without a word and does not read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from llama_storage_tui.backends.registry import engine_of_type
from llama_storage_tui.config.document import mapping_at
from llama_storage_tui.config.rules.view import View, catalog_type, nearest, setting
from llama_storage_tui.model.catalog import Backend, Family, Setting
from llama_storage_tui.model.finding import Finding, informs, warns
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream import run_config as schema
from llama_storage_tui.upstream.versions import RELEASES

IGNORED_CONNECTION_FIELD: Final = warns(
    id="ignored-connection-field",
    title="The server ignores a field that would decide where or how it connects",
    advice="Use the field that the release reads; the message says what the server does instead.",
)
IGNORED_FIELD: Final = informs(
    id="ignored-field",
    title="The server ignores a field",
    advice="It has no effect. With the right name it takes effect, which may change where the server looks for its rows.",
)
IGNORED_NAMESPACE: Final = informs(
    id="ignored-namespace",
    title="A namespace on a backend has no effect",
    advice="Write the namespace on the reference: each brings its own.",
    since=changes.CATALOG,
)


def unknown_fields(view: View) -> Iterator[Finding]:
    """Fields of backends that the version does not read."""
    for backend in view.backends:
        type_ = catalog_type(backend)
        # Inline stores have the fields that 0.3.0 gave to the same engine.
        fields = (
            schema.backend_fields(type_, max(view.version, changes.CATALOG))
            if not backend.is_implied
            else None
        )
        if fields is None:
            continue
        known = [field.name for field in fields]
        for found in backend.settings:
            if found.is_known or found.is_default:
                continue
            meant = nearest(found.name, known)
            since = None if backend.is_inline else _known_from(type_, found.name, view.version)
            if since is not None:
                help_ = f"Servers read it from {since} on."
            elif meant is not None:
                help_ = f"Did you mean {meant}?"
            else:
                help_ = f"{type_} has: {', '.join(known)}."
            engine = engine_of_type(type_)
            if engine is not None and engine.fields_note and meant is None:
                help_ = engine.fields_note
            consequence = _consequence(backend, found.name, meant)
            if consequence is not None:
                yield view.on_setting(
                    backend,
                    found.name,
                    IGNORED_CONNECTION_FIELD,
                    f"{view.version.product} {view.version} ignores {found.name} of {backend.name}: {consequence}",
                    help=help_,
                )
                continue
            yield view.on_setting(
                backend,
                found.name,
                IGNORED_FIELD,
                f"{view.version.product} {view.version} ignores the field {found.name} of {backend.name}",
                help=help_,
            )


PLACES: Final = {
    "url": frozenset({"host", "port", "db"}),
    "uri": frozenset({"host", "port", "db"}),
    "dsn": frozenset({"host", "port", "db"}),
    "connection_string": frozenset({"host", "port", "db"}),
    "connection_url": frozenset({"host", "port", "db"}),
    "hostname": frozenset({"host"}),
    "address": frozenset({"host"}),
    "server": frozenset({"host"}),
    "hosts": frozenset({"host"}),
    "endpoint": frozenset({"host"}),
    "database": frozenset({"db"}),
    "dbname": frozenset({"db"}),
    "db_name": frozenset({"db"}),
    "database_name": frozenset({"db"}),
    "schema": frozenset({"schema"}),
    "db": frozenset({"db"}),
    "username": frozenset({"user"}),
    "path": frozenset({"db_path"}),
    "file": frozenset({"db_path"}),
    "table": frozenset({"table_name"}),
    "tablename": frozenset({"table_name"}),
    "collection": frozenset({"collection_name"}),
}
"""Names that people give to what decides where a server connects, and the fields that really do."""
_URL: Final = re.compile(r"^.+_(?=(url|uri|dsn)$)")
"""What stands before that in a name: `database_url`, `cache_uri`."""
SECURITY: Final = re.compile(r"^(ssl|tls)|^use_(ssl|tls)|sslmode|ca_cert|root_?cert", re.IGNORECASE)
PASSWORDS: Final = frozenset({"password", "passwd", "pass", "auth", "password_file", "requirepass"})


def _consequence(backend: Backend, name: str, meant: str | None) -> str | None:
    """Say where or how a server connects because it does not read a field; None where the field decides nothing of that.

    `meant` is the field that the name is most like: one that is mistyped (`pasword`, `hosst`) decides as much.
    """
    folded = name.lower().replace("-", "_")
    values = {found.name: found for found in backend.settings if found.is_known}
    is_postgres = catalog_type(backend) in ("sql_postgres", "kv_postgres")
    uri = values.get("connection_string")
    has_uri = uri is not None and not uri.is_default and (uri.value not in (None, "") or not uri.is_resolved)
    if has_uri and folded not in _BEYOND_THE_URI:
        return None  # it says where and how, whatever other fields say
    if (folded in PASSWORDS or meant == "password") and _is_left_out(values, "password"):
        return "it connects without a password"
    if SECURITY.search(folded) and not _is_off(backend, name):
        return _without_tls(values, is_postgres=is_postgres)
    engine = engine_of_type(catalog_type(backend))
    if engine is not None and folded in engine.instead:
        return engine.instead[folded]
    wanted = (
        PLACES.get(folded)
        or PLACES.get(_URL.sub("", folded))
        or frozenset(field for field in _ORDER if field == meant)
        or PLACES.get(nearest(folded, PLACES) or "")
    )
    return _goes_to(values, wanted, is_postgres=is_postgres) if wanted else None


def _without_tls(values: Mapping[str, Setting], *, is_postgres: bool) -> str | None:
    if not is_postgres:
        return "it connects without TLS" if "host" in values else None
    if not _is_left_out(values, "ssl_mode"):
        return None
    return (
        "the driver's default, prefer, stays: certificates are not verified, and the connection is unencrypted where the "
        "server offers no TLS"
    )


def _goes_to(values: Mapping[str, Setting], wanted: frozenset[str], *, is_postgres: bool) -> str | None:
    """Say where a server goes while a field is not read that stands for the `wanted` ones; None where those say it all."""
    if wanted == {"schema"}:
        return (
            "its tables are in the schema of the role's search_path, usually public" if is_postgres else None
        )
    if wanted == {"user"} and not is_postgres and _is_left_out(values, "user") and "host" in values:
        return "it connects without a user name"
    # A URL leaves each of these to its own field; the port is the usual one nearly everywhere.
    decided = {"host", "db"} & wanted & values.keys() if "host" in wanted else wanted & values.keys()
    if decided and not any(_is_left_out(values, field) for field in decided):
        return None
    if "host" in wanted and "host" in values:
        unset = sorted(
            (field for field in wanted & values.keys() if values[field].is_default), key=_ORDER.index
        )
        return f"it connects to {_address(values)} (set {' and '.join(unset)})"
    shown = [
        f"{field} {values[field].value}"
        for field in ("host", "port", "db", "table_name", "collection_name")
        if field in values and field in wanted
    ]
    return f"it uses the default, {', '.join(shown)}" if shown else None


_BEYOND_THE_URI: Final = frozenset({"schema", "table", "tablename", "collection"})
"""Names of what no connection string decides."""
_ORDER: Final = ("host", "port", "db", "user", "table_name", "collection_name", "db_path", "schema")


def _address(values: Mapping[str, Setting]) -> str:
    place = (
        f"{values['host'].value}:{values['port'].value}" if "port" in values else str(values["host"].value)
    )
    return f"{place}/{values['db'].value}" if "db" in values else place


def _is_left_out(values: Mapping[str, Setting], name: str) -> bool:
    return name not in values or values[name].is_default


def _is_off(backend: Backend, name: str) -> bool:
    value = next((found.value for found in backend.settings if found.name == name), None)
    return (
        value is None
        or value is False
        or str(value).lower() in ("", "false", "disable", "disabled", "off", "none")
    )


def _known_from(type_: str, name: str, version: Version) -> Version | None:
    for candidate in RELEASES:
        if candidate > version and any(
            field.name == name for field in schema.backend_fields(type_, candidate) or ()
        ):
            return candidate
    return None


def ignored_namespace(view: View) -> Iterator[Finding]:
    """A `namespace` on a backend is overwritten by each reference's own."""
    for backend in view.backends:
        found = setting(backend, "namespace")
        if (
            backend.family is Family.KV
            and found is not None
            and not found.is_default
            and found.value
            and not backend.is_inline
        ):
            yield view.on_setting(
                backend,
                "namespace",
                IGNORED_NAMESPACE,
                f"The namespace on the backend {backend.name} has no effect: each reference brings its own",
            )


def unknown_reference_fields(view: View) -> Iterator[Finding]:
    """Fields of references that no server reads."""
    if view.is_legacy:
        return
    for name, entry in mapping_at(view.context.raw, "storage", "stores").items():
        fields = schema.store_fields(str(name), view.version)
        if fields is None or not isinstance(entry, Mapping):
            continue
        known = [field.name for field in fields]
        for key in entry:
            if str(key) in known or (key == "namespace" and name in ("prompts", "connectors")):
                continue
            meant = nearest(str(key), known)
            yield view.finding(
                IGNORED_FIELD,
                ("storage", "stores", str(name), str(key)),
                f"{view.version.product} {view.version} ignores the field {key} of the store {name}",
                help=f"Did you mean {meant}?" if meant else None,
            )


CHECKS = (unknown_fields, ignored_namespace, unknown_reference_fields)
