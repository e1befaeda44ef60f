"""What happens when the program itself fails: a redacted trace in a private log, one line on the screen.

Textual's own handler prints the locals of every frame, passwords included.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

LOG_NAME = "crash.log"
PRIVATE = 0o600


def log_folder() -> Path:
    """Return the folder for the log, as the platform has it."""
    import platformdirs

    return Path(platformdirs.user_state_path("llama-storage-tui"))


def write_log(error: BaseException, folder: Path, redact: Callable[[str], str] | None) -> Path | None:
    """Append an error's trace to the log and return its path, None where it cannot be written.

    `redact` is None as long as no secret is known: the messages of exceptions are then left out, since they could hold one.
    """
    text = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n" + "".join(_trace(error, redact)) + "\n"
    path = folder / LOG_NAME
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0), PRIVATE
        )
        with os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace") as log:
            log.write(text)
        path.chmod(PRIVATE)
    except OSError:
        return None
    return path


def _trace(error: BaseException, redact: Callable[[str], str] | None) -> Iterator[str]:
    """Write frames as file, line and function: no source lines and no locals, which could hold a secret."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        for frame in traceback.extract_tb(current.__traceback__):
            yield f"  {frame.filename}:{frame.lineno} {frame.name}\n"
        message = (
            redact(str(current)) if redact is not None else "(message left out: the config was not read yet)"
        )
        yield f"{type(current).__name__}: {message}\n"
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
        if current is not None:
            yield "after:\n"
