"""What can be done about a password, each as a job that a screen shows while it runs, and the message that begins one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import field
from typing import TYPE_CHECKING

from textual.message import Message

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.secrets import Secret

if TYPE_CHECKING:
    # The name of an annotation only: the app knows the message from its first frame on.
    from llama_storage_tui.model.rotation import Result

Notify = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ChangeJob:
    """A change that was agreed to: what it is called, its steps as far as they are known, and how it is run.

    `password` is the new one, for the operator who asks for it afterwards; None where that is none of this job's.
    """

    title: str
    role: str
    run: Callable[[Notify], Awaitable[Result]] = field(repr=False)
    expected: tuple[str, ...] = ()
    password: Secret | None = None


@dataclass(eq=False)
class ChangeStarted(Message):
    """The operator agreed: the job is shown while it runs."""

    job: ChangeJob
