"""Hosts that a driver refuses, or reads as another place than was meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from llama_storage_tui.backends.registry import ENGINES
from llama_storage_tui.backends.settings import LOGIN_NOT_ENCODED
from llama_storage_tui.backends.spec import HostFault, WrittenHost
from llama_storage_tui.config.rules.serving import LATER, used_texts
from llama_storage_tui.config.rules.view import View, setting
from llama_storage_tui.model.catalog import Backend
from llama_storage_tui.model.finding import Finding, Severity, Stage, stops_start, warns

UNUSABLE_HOST: Final = stops_start(
    id="unusable-host",
    title="The driver of a backend refuses its host",
    advice="Write a name or an address. Engines differ in whether an IPv6 address has brackets: the message tells.",
    also=((Severity.WARNING, Stage.NEVER),),
)
URL_AS_HOST: Final = warns(
    id="url-as-host",
    title="A host is a URL where only a name has a meaning, and servers connect to another place",
    advice="Write the name of the host alone.",
)
_HIGHEST_PORT: Final = 65_535


def faulty_hosts(view: View) -> Iterator[Finding]:
    """A host that the driver of its engine refuses, or that names another place than it seems to."""
    for engine in ENGINES:
        for backend, host, is_opened in used_texts(view, "host", *engine.types):
            written = WrittenHost(host, _port(backend), backend.type, view.version)
            # The text is masked here: what a login looks like only those know who made the target of it.
            is_login = backend.problem == f"its host {LOGIN_NOT_ENCODED}"
            fault = HostFault(LOGIN_NOT_ENCODED) if is_login else engine.host_fault(written)
            if fault is not None:
                yield _finding(view, backend, fault, is_opened=is_opened)


def _finding(view: View, backend: Backend, fault: HostFault, *, is_opened: bool) -> Finding:
    message = f"The host of {backend.name} {fault.reason}"
    if not fault.is_refused:
        return view.on_setting(backend, "host", URL_AS_HOST, message)
    return view.on_setting(
        backend,
        "host",
        UNUSABLE_HOST,
        f"{message}{'' if is_opened else LATER}",
        severity=Severity.ERROR if is_opened else Severity.WARNING,
        stage=Stage.START if is_opened else Stage.NEVER,
    )


def _port(backend: Backend) -> int:
    """Return the port, or any where that has a fault of its own."""
    found = setting(backend, "port")
    text = "" if found is None else str(found.value)
    return int(text) if text.isdecimal() and 0 < int(text) <= _HIGHEST_PORT else 1


CHECKS: Final = (faulty_hosts,)
