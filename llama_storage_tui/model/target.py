"""What an engine connects to: parameters, never URLs, with secrets masked. Each engine's package has its own kind."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.secrets import Secret

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1", "127.0.1.1"})
"""Names that mean the machine itself."""


class Target:
    """A frozen dataclass of an engine's package: equal where the same connection would be made."""

    __slots__ = ()

    @property
    def location(self) -> str:
        """Where this is, without its credentials."""
        raise NotImplementedError

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        """The hosts and ports of the server; none where it is a file."""
        return ()

    @property
    def database_name(self) -> str:
        """The database in the server; empty where it has but one."""
        return ""


class LoginTarget(Target):
    """What a password logs in to: a frozen dataclass of an engine that has roles."""

    __slots__ = ()

    host: str
    port: int
    database: str
    user: str
    password: Secret | None

    @property
    def role(self) -> str:
        """Who logs in, as an operator names it."""
        return self.user

    @property
    def principal(self) -> tuple[str, ...]:
        """Who logs in, as the server tells one from another."""
        return (self.user,)

    @property
    def seeds(self) -> tuple[tuple[str, int], ...]:
        """The hosts and ports that are tried."""
        raise NotImplementedError

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        """The hosts and ports of the server."""
        return self.seeds

    @property
    def database_name(self) -> str:
        """The database in the server."""
        return self.database

    @property
    def each_server(self) -> tuple[LoginTarget, ...]:
        """What may be a server of its own, each alone: the hosts between which no driver chooses by their role."""
        return (self,)

    @property
    def endpoint(self) -> tuple[object, ...]:
        """What a login depends on besides user and password."""
        return self.host, self.port

    @property
    def place(self) -> str:
        """The server alone."""
        raise NotImplementedError
