"""Who else has a store open."""

from __future__ import annotations

from llama_storage_tui.deferred import dataclass


@dataclass(frozen=True, slots=True)
class StoreUser:
    """A process, session or client, and where its engine knows it by; `is_this_program`: another run of this one."""

    name: str
    detail: str
    is_this_program: bool = False

    def __str__(self) -> str:
        return f"{self.name} {self.detail}"
