"""One line for each finished change: who, when, which role and server, which files. No secret, and nothing made of one."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

NAME: Final = "audit.log"


def append(folder: Path, id_: str, facts: Mapping[str, object]) -> None:
    """Append a line, once for each journal id even where a crash makes it be asked for twice; raises OSError."""
    path = folder / NAME
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "r+", encoding="utf-8") as stream:
        if any(f'"journal": {json.dumps(id_)}' in line for line in stream):
            return
        stream.write(json.dumps({"journal": id_, **facts}) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
