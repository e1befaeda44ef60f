"""The JSON of `test` and `keys`, without pydantic: to import it and to build models is a quarter of what they take.

`TestDocument` and `KeysDocument`, which `schema` prints, take their values from here, as those of `check_json` do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from llama_storage_tui.cli.next_steps import help_words
from llama_storage_tui.errors import BackendError
from llama_storage_tui.model.data import KeyEntry, KeyPage
from llama_storage_tui.services.probe import ProbeResult
from llama_storage_tui.services.values import iso, to_json


def test_json(results: Iterable[ProbeResult]) -> dict[str, Any]:
    """Return the document of a test."""
    return {"results": [probe_json(result) for result in results]}


def probe_json(result: ProbeResult) -> dict[str, Any]:
    """Return what one backend answered."""
    probe = result.probe
    return {
        "backend": result.backend,
        "ok": result.is_ok,
        "latency_ms": None if probe is None else round(probe.latency_ms, 1),
        "server": None if probe is None else probe.server,
        "user": None if probe is None else probe.user,
        "tls": None if probe is None else probe.tls,
        "writable": None if probe is None else probe.is_writable,
        "details": _details(result),
        "error": None if result.error is None else failure_json(result.error),
    }


def _details(result: ProbeResult) -> dict[str, object]:
    """Return what else a server said; warnings and notes only where there are any."""
    if result.probe is None:
        return {}
    details = {name.replace(" ", "_"): to_json(value) for name, value in result.probe.details.items()}
    remarks = (("warnings", result.probe.warnings), ("notes", result.notes))
    return details | {name: [*sentences] for name, sentences in remarks if sentences}


def failure_json(error: BackendError) -> dict[str, Any]:
    """Return why a backend did not answer."""
    return {
        "kind": error.failure.value,
        "message": error.message,
        "help": None if error.help is None else help_words(error.help),
    }


def keys_json(page: KeyPage) -> dict[str, Any]:
    """Return the document of a page of keys."""
    return {
        "keys": [key_json(entry) for entry in page.keys],
        "next": page.next,
        "complete": page.is_complete,
        "scanned": page.scanned,
        "total": page.total,
    }


def key_json(entry: KeyEntry) -> dict[str, Any]:
    """Return one key; bytes and NULL keys of a broken store are `{"$bytes"}` and null."""
    return {
        "key": to_json(entry.key),
        "bytes": entry.bytes,
        "expires_at": expiry_json(entry),
        "expired": entry.is_expired,
    }


def expiry_json(entry: KeyEntry) -> str | None:
    """Return when a key expires: the time, or the text that could not be read as one."""
    return iso(entry.expires_at) if entry.expires_at else entry.expiration_text
