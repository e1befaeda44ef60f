"""Connection tests: all backends and logins of providers at once, each with its own time limit, none delaying another."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError, FailureKind, UsageError
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.services.session import closing

if TYPE_CHECKING:
    # Names of annotations only: the first screen offers tests, and must not wait for what they bring.
    from llama_storage_tui.model.catalog import Backend
    from llama_storage_tui.model.data import Probe
    from llama_storage_tui.services.session import Session


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What one backend, or one provider's own login, answered: a probe, the error that stood in its way, or both.

    Both: it answers, and a server could not work with it. `notes` say where the connection, or a server's, is not what the
    config says.
    """

    backend: str
    probe: Probe | None
    error: BackendError | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_ok(self) -> bool:
        """Tell whether the backend answered, and a server could work with it."""
        return self.error is None


async def probe_one(session: Session, name: str, *, thorough: bool = False) -> ProbeResult:
    """Test one backend or login; raises UsageError for an unknown name, everything else is part of the result."""
    found = _named(session, name)
    try:
        if session.catalog.login(name) is None:
            probe = await (await session.prober(name)).probe(thorough=thorough)
        else:
            probe = await _probe_login(session, found, thorough=thorough)
    except BackendError as error:
        return ProbeResult(name, None, error, found.unlike_config)
    return ProbeResult(name, probe, _could_not_work(found, probe), found.unlike_config)


async def _probe_login(session: Session, login: Backend, *, thorough: bool) -> Probe:
    if login.target is None:
        raise BackendError(
            f"The login of {login.name} cannot be tested: {login.problem or 'its settings are incomplete'}",
            failure=FailureKind.UNRESOLVED,
            where=login.path,
        )
    async with closing(session.other_reader(login.target)) as reader:
        return await reader.probe(thorough=thorough)


def _could_not_work(found: Backend, probe: Probe) -> BackendError | None:
    """Return why a server could not work with what answered this program."""
    if found.cannot_connect is not None:
        return BackendError(
            f"{found.cannot_connect}: this program connects, a server does not",
            failure=FailureKind.UNREACHABLE,
            where=found.path,
            help=Advice("", Step.SEE_FINDINGS),
        )
    if not probe.obstacles:
        return None
    first = probe.obstacles[0]
    return BackendError(
        " ".join(obstacle.message for obstacle in probe.obstacles),
        failure=first.kind,
        where=found.path,
        help=" Then: ".join(obstacle.help for obstacle in probe.obstacles if obstacle.help) or None,
    )


def _named(session: Session, name: str) -> Backend:
    login = session.catalog.login(name)
    if login is not None:
        return login
    try:
        return session.backend(name)
    except UsageError as error:
        logins = ", ".join(login.name for login in session.catalog.logins)
        raise UsageError(
            error.message, help=f"{error.help} Providers log in as: {logins}." if logins else error.help
        ) from None


def all_names(session: Session) -> tuple[str, ...]:
    """Return what a test of everything tests: the backends, then the providers' own logins."""
    return tuple(found.name for found in (*session.catalog.backends, *session.catalog.logins))


async def probe_all(
    session: Session, names: Sequence[str] = (), *, thorough: bool = False
) -> AsyncIterator[ProbeResult]:
    """Test several backends (none named: all) and yield each result as it comes."""
    wanted = list(names or all_names(session))
    for name in wanted:
        _named(session, name)
    named = [backend for name in wanted if (backend := session.catalog.backend(name)) is not None]
    for name in {type(backend.target): backend.name for backend in named}.values():
        # Drivers first: an import while a connection is timed would count as its latency. What fails here fails below too.
        with contextlib.suppress(BackendError):
            await session.prober(name)
    # Servers before files: one that never answers is waited for from the first moment on, and the rest is done meanwhile.
    servers = {backend.name for backend in named if backend.target is not None and backend.target.addresses}
    wanted.sort(key=lambda name: name not in servers)
    tasks = [asyncio.create_task(probe_one(session, name, thorough=thorough)) for name in wanted]
    try:
        for next_ in asyncio.as_completed(tasks):
            yield await next_
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
