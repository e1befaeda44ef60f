"""What the app reaches outside of itself, in one place, so that a test can put its own there.

What a service needs is imported when it is first called: the first frame must not wait for it.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.tui.terminal.fatal import log_folder

if TYPE_CHECKING:
    from llama_storage_tui.model.catalog import Catalog
    from llama_storage_tui.model.pending import PendingNotice
    from llama_storage_tui.services.catalog import Candidate
    from llama_storage_tui.services.loaded_config import Opened
    from llama_storage_tui.services.rotation.service import RotationService
    from llama_storage_tui.services.session import Session
    from llama_storage_tui.tui.catalog.opening import Load
    from llama_storage_tui.tui.messages import TransferOpened
    from llama_storage_tui.tui.transfers.controllers import TransferController


async def _load(request: LoadRequest) -> Opened:
    # In the thread: reading a config imports YAML and the tables of every version, which must not hold the first frame back.
    return await asyncio.to_thread(_open_at_once, request)


def _open_at_once(request: LoadRequest) -> Opened:
    from llama_storage_tui.services.catalog import open_at_once

    return open_at_once(request)


def _pending(request: LoadRequest) -> tuple[PendingNotice, ...]:
    from llama_storage_tui.services.rotation import pending
    from llama_storage_tui.services.transfer.pending import pending_transfer

    transfer = pending_transfer(request)
    return (*pending.notices(request), *([transfer] if transfer is not None else []))


def _find() -> tuple[Candidate, ...]:
    from llama_storage_tui.services.catalog import candidates

    return candidates()


def _open_session(catalog: Catalog, timeouts: Timeouts) -> Session:
    from llama_storage_tui.services.session import Session

    return Session(catalog, timeouts)


def working_folder() -> Path:
    """Return the folder that the program was started in; its bare name where it has been removed since."""
    try:
        return Path.cwd()
    except OSError:
        return Path()


def _open_rotation(request: LoadRequest, timeouts: Timeouts) -> RotationService:
    from llama_storage_tui.services.rotation.service import RotationService

    return RotationService(request, timeouts)


def _open_transfer(
    opening: TransferOpened, session: Session, request: LoadRequest, timeouts: Timeouts
) -> TransferController:
    from llama_storage_tui.tui.transfers.controllers import open_controller

    return open_controller(opening, session, request, timeouts)


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What the app reaches outside of itself: services and folders. Tests put their own in place."""

    load: Load = _load
    pending: Callable[[LoadRequest], tuple[PendingNotice, ...]] = _pending
    """What a change that is half done has to say, of a password or of data: asked with the findings, after the first paint."""
    find: Callable[[], tuple[Candidate, ...]] = _find
    open_session: Callable[[Catalog, Timeouts], Session] = _open_session
    open_rotation: Callable[[LoadRequest, Timeouts], RotationService] = _open_rotation
    open_transfer: Callable[[TransferOpened, Session, LoadRequest, Timeouts], TransferController] = (
        _open_transfer
    )
    log_folder: Callable[[], Path] = log_folder
    folder: Callable[[], Path] = working_folder
    """Where exports go unless the operator says otherwise."""
    now: Callable[[], float] = time.time
    """The hour by which a response is stuck, in epoch seconds."""
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
