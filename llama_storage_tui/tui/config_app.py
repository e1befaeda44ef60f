"""The app as far as it is about the run config's own file: it opens it in the operator's editor."""

from __future__ import annotations

from textual import on

from llama_storage_tui.errors import UsageError
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.tui import messages
from llama_storage_tui.tui.goto_app import GotoApp
from llama_storage_tui.tui.terminal.driver import TerminalDriver

STDIN = "-"


class ConfigApp(GotoApp):
    """An app over a run config that may be a file; what is pending on it its subclass knows."""

    _request: LoadRequest | None = None
    _awaited: messages.FindingsOpened | None = None
    """The findings, where they were asked for before they were there."""

    def _may_go(self) -> bool:
        """Tell whether the terminal may be left now, and say why where it may not."""
        raise NotImplementedError

    @on(messages.EditorOpened)
    def _editor_opened(self, message: messages.EditorOpened) -> None:
        """Lend the terminal to the operator's editor, then read the config again."""
        # Imported here: the first screen must not wait for them.
        from llama_storage_tui.tui.findings.findings import FindingsScreen
        from llama_storage_tui.tui.terminal.editor import editor_command

        if self._session is None or not self._may_go():
            return
        if self._request is not None and self._request.config == STDIN:
            self._not_opened("The config came from stdin: there is no file to edit.")
            return
        try:
            command = editor_command(self._session.catalog.config, message.number, self._dependencies.environ)
        except UsageError as error:
            self._not_opened(f"{error.message}. {error.help or ''}")
            return
        if not isinstance(self._driver, TerminalDriver):
            return
        with self.suspend():
            code = self._driver.lend(command)
        if code:
            self.notify(f"{command[0]} ended with {code}", title="Editor", severity="warning", markup=False)
        if isinstance(self.screen, FindingsScreen):
            # Back to where the operator was, with what is left of it.
            self._awaited = messages.FindingsOpened()
        self.post_message(messages.ReloadRequested())

    def _not_opened(self, why: str) -> None:
        self.notify(why.strip(), title="Not opened", severity="warning", markup=False)
