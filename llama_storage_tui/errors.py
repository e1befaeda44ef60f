"""The errors that an operator may read, in one tree.

    StorageToolError                 anything below; carries the sentence, where it holds, and the next step
    ├── UsageError                   the call's words are off: unknown backend, version, option   (exit 2)
    ├── ConfigError                  the run config cannot be read                                (exit 2)
    ├── BackendError                 a backend cannot be reached or refuses; has a FailureKind     (exit 3)
    │   └── ContentError             … because of what one row holds
    ├── NotFoundError                no such key, namespace, table or response                     (exit 1)
    ├── RefusedError                 a change was refused before anything was touched              (exit 4)
    └── PendingError                 a change is half done and journaled                           (exit 5)

Imports nothing of the package but the next steps, so that every room can raise from it. A message never holds a secret: whoever
raises with driver text in hand passes it through `secrets.Redactor` first.
"""

from __future__ import annotations

from enum import StrEnum

from llama_storage_tui.next_steps import Help


class FailureKind(StrEnum):
    """Why a backend did not answer, in an operator's words: `error.kind` of the JSON of `test`."""

    UNRESOLVED = "unresolved"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    UNKNOWN_HOST = "unknown-host"
    AUTHENTICATION = "authentication"
    UNKNOWN_DATABASE = "unknown-database"
    PERMISSION = "permission"
    TLS = "tls"
    TOO_MANY_CONNECTIONS = "too-many-connections"
    MISSING_FILE = "missing-file"
    NOT_A_DATABASE = "not-a-database"
    LOCKED = "locked"
    READ_ONLY = "read-only"
    UNSUPPORTED = "unsupported"
    DRIVER_MISSING = "driver-missing"
    QUERY = "query"
    """The server answered and refused the statement: not a state of the connection."""


class StorageToolError(Exception):
    """A failure that an operator can read.

    `message` is one sentence, `where` a path in the config, a file with its line, or a backend's name, `help` the next step.
    """

    kind = "internal"

    def __init__(self, message: str, *, where: str | None = None, help: Help | None = None) -> None:  # noqa: A002 - the word of the interface
        super().__init__(message)
        self.message = message
        self.where = where
        self.help = help


class UsageError(StorageToolError):
    """The call names something that does not exist or cannot be combined."""

    kind = "usage"


class ConfigError(StorageToolError):
    """The run config cannot be read at all: not YAML, not UTF-8, several documents, not a mapping, too large."""

    kind = "config"

    def __init__(self, message: str, *, where: str | None = None, help: Help | None = None) -> None:  # noqa: A002 - as above
        # `-` names the config in calls and documents; in a sentence nobody would read it as a name.
        named = f"stdin{message[1:]}" if message.startswith(("- ", "-, ", "-: ")) else message
        super().__init__(
            named,
            where=where if where is None or named == message else f"stdin{where.removeprefix('-')}",
            help=help,
        )


class BackendError(StorageToolError):
    """A backend could not be reached, refused the login, or refused the statement."""

    kind = "backend"

    def __init__(
        self,
        message: str,
        *,
        failure: FailureKind,
        where: str | None = None,
        help: Help | None = None,  # noqa: A002 - the word of the interface
    ) -> None:
        super().__init__(message, where=where, help=help)
        self.failure = failure


class ContentError(BackendError):
    """The engine refused because of what one row holds: a text or document that it stores and cannot hand over.

    Whoever reads rows asks again in the way that takes every value as it is stored.
    """


class NotFoundError(StorageToolError):
    """What was asked for is not there."""

    kind = "not-found"


class RefusedError(StorageToolError):
    """A change was refused or not confirmed; nothing was touched."""

    kind = "refused"


class PendingError(StorageToolError):
    """A change is half done and journaled; the help is the step that finishes it."""

    kind = "pending"
