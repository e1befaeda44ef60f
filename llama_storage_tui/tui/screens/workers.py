"""How a screen or a dialog asks a service: in a worker, which touches no widget and hands on what it brings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from textual import work
from textual.message_pump import MessagePump
from textual.worker import Worker

from llama_storage_tui.errors import StorageToolError

Args = ParamSpec("Args")


class ServiceCaller(MessagePump):
    """What a worker of `service_worker` belongs to."""

    def hand_on(self, take: Callable[Args, None], *args: Args.args, **kwargs: Args.kwargs) -> None:
        """Have a method take what a worker brings, when all messages before it are handled; may be called in any thread."""
        self.call_later(take, *args, **kwargs)

    def failed(self, error: StorageToolError) -> None:
        """Show why a service refused or failed."""
        raise NotImplementedError


Caller = TypeVar("Caller", bound=ServiceCaller)


def service_worker(
    group: str,
) -> Callable[
    [Callable[Concatenate[Caller, Args], Awaitable[None]]], Callable[Concatenate[Caller, Args], Worker[None]]
]:
    """Return a decorator that runs a method in a worker, in place of one of the same group; a StorageToolError goes to `failed`."""

    def decorate(
        method: Callable[Concatenate[Caller, Args], Awaitable[None]],
    ) -> Callable[Concatenate[Caller, Args], Worker[None]]:
        @work(exclusive=True, group=group, exit_on_error=False)
        @wraps(method)
        async def run(self: Caller, *args: Args.args, **kwargs: Args.kwargs) -> None:
            try:
                await method(self, *args, **kwargs)
            except StorageToolError as error:
                self.hand_on(self.failed, error)

        return run

    return decorate
