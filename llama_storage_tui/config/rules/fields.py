"""Fields that a server takes without a word and does not read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from llama_storage_tui.config import schema
from llama_storage_tui.config.document import get
from llama_storage_tui.config.rules.view import View, nearest, setting
from llama_storage_tui.model.catalog import Family
from llama_storage_tui.model.finding import Finding, Severity, Stage
from llama_storage_tui.model.version import Version


def unknown_fields(view: View) -> Iterator[Finding]:
    """Fields of backends that the version does not read."""
    for backend in view.backends:
        fields = schema.backend_fields(backend.type, view.version) if not backend.is_inline else None
        if fields is None:
            continue
        known = [field.name for field in fields]
        for found in backend.settings:
            if found.is_known or found.is_default:
                continue
            meant = nearest(found.name, known)
            since = _known_from(backend.type, found.name, view.version)
            if since is not None:
                help_ = f"Servers read it from {since} on."
            elif meant is not None:
                help_ = f"Did you mean {meant}?"
            else:
                help_ = f"{backend.type} has: {', '.join(known)}."
            if backend.type == "kv_redis":
                help_ = "kv_redis has host and port only: no password, TLS or database number in any version."
            yield view.on_setting(
                backend,
                found.name,
                "ignored-field",
                Severity.INFO,
                Stage.NEVER,
                f"{view.version.product} {view.version} ignores the field {found.name} of {backend.name}",
                help=help_,
            )


def _known_from(type_: str, name: str, version: Version) -> Version | None:
    for candidate in (Version(0, 7), Version(1, 0), Version(1, 0, 3), Version(1, 4), Version(1, 4, 1)):
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
                "ignored-namespace",
                Severity.INFO,
                Stage.NEVER,
                f"The namespace on the backend {backend.name} has no effect: each reference brings its own",
            )


def unknown_reference_fields(view: View) -> Iterator[Finding]:
    """Fields of references that no server reads."""
    if view.is_legacy:
        return
    stores = get(view.context.raw, "storage", "stores")
    for name, entry in stores.items() if isinstance(stores, Mapping) else ():
        fields = schema.store_fields(str(name), view.version)
        if fields is None or not isinstance(entry, Mapping):
            continue
        known = [field.name for field in fields]
        for key in entry:
            if str(key) in known or (key == "namespace" and name in ("prompts", "connectors")):
                continue
            meant = nearest(str(key), known)
            yield view.finding(
                "ignored-field",
                Severity.INFO,
                Stage.NEVER,
                ("storage", "stores", str(name), str(key)),
                f"{view.version.product} {view.version} ignores the field {key} of the store {name}",
                help=f"Did you mean {meant}?" if meant else None,
            )


RULES = (unknown_fields, ignored_namespace, unknown_reference_fields)
