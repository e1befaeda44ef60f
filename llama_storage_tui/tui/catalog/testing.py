"""What the main screen asks the backends: whether they answer, and of those that do what lies in them.

Files of this machine are asked at once, when everything else is drawn. A server is asked where the operator says so, by a test; a
test of all is remembered for a config, and then happens at its start as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import work

from llama_storage_tui.deferred import replace
from llama_storage_tui.errors import FailureKind, StorageToolError
from llama_storage_tui.services.probe import ProbeResult, probe_all
from llama_storage_tui.services.remembered_choices import ConfigChoice
from llama_storage_tui.services.session import Session
from llama_storage_tui.text import line, plural
from llama_storage_tui.tui.catalog.backends import BackendList, BackendRow, backend_rows, with_answer
from llama_storage_tui.tui.catalog.detail import BackendDetail
from llama_storage_tui.tui.screens.session_screen import SessionScreen
from llama_storage_tui.tui.screens.workers import service_worker
from llama_storage_tui.tui.style.glyphs import ProbeState
from llama_storage_tui.tui.style.next_steps import help_words

if TYPE_CHECKING:
    # Names of annotations only: the first screen reads nothing yet.
    from llama_storage_tui.services.overview.activity import Activity
    from llama_storage_tui.services.overview.holdings import BackendHoldings


class TestingScreen(SessionScreen):
    """A screen over the rows of a catalog's backends, each with what its last test came to and what was seen in it."""

    def __init__(self, session: Session, servers: ConfigChoice | None = None, note: str = "") -> None:
        """Take what is remembered: whether servers are asked at the start. `note` is said until a key makes it old."""
        super().__init__(session)
        self._note = note
        self._servers = servers
        self._rows = backend_rows(session.catalog)
        self._logins: dict[str, ProbeResult] = {}
        self._has_looked = False

    @property
    def backends(self) -> BackendList:
        """The list of backends."""
        return self.query_one("#backends", BackendList)

    @property
    def detail(self) -> BackendDetail:
        """Everything about the backend under the cursor."""
        return self.query_one(BackendDetail)

    @property
    def current_row(self) -> BackendRow | None:
        """The backend under the cursor."""
        return next((row for row in self._rows if row.name == self.backends.current), None)

    def row(self, name: str) -> BackendRow:
        """Return the row of a backend."""
        return next(row for row in self._rows if row.name == name)

    def take_catalog(self) -> None:
        """Take the session's catalog anew: another version may have been found to fit, with other backends and places."""
        before = {row.name: row for row in self._rows}
        self._rows = tuple(
            with_answer(row, before.get(row.name)) for row in backend_rows(self._session.catalog)
        )

    def look_around(self) -> None:
        """Ask the files of this machine, and where that was chosen the servers, without a word unless something is wrong."""
        if self._has_looked or not self._rows:
            return
        self._has_looked = True
        if self._servers is not None and self._servers.is_made:
            self.test_all()
        else:
            self._look_around()

    @service_worker("look-around")
    async def _look_around(self) -> None:
        # Imported here, as all that follows: the first frame waits for nothing of it.
        from llama_storage_tui.services.overview.holdings import local_backends

        names = local_backends(self._session.catalog)
        if names:
            await self._ask(names, is_quiet=True)

    def test_all(self) -> None:
        """Test every backend, and every login of a provider."""
        backends = [row.name for row in self._rows if row.backend is not None]
        self.start_test([*backends, *(login.name for login in self._session.catalog.logins)])

    def start_test(self, names: Sequence[str]) -> None:
        """Test some backends."""
        self._settle()
        self._change(names, state=ProbeState.TESTING)
        self.begin(f"Testing {names[0]}" if len(names) == 1 else f"Testing {plural(len(names), 'backend')}")
        self._probe(names)

    @service_worker("probe")
    async def _probe(self, names: Sequence[str]) -> None:
        await self._ask(names, is_quiet=False)

    async def _ask(self, names: Sequence[str], *, is_quiet: bool) -> None:
        async for result in probe_all(self._session, names):
            self.hand_on(self._arrived, result)
        self.hand_on(self._done, is_quiet=is_quiet)

    def _arrived(self, result: ProbeResult) -> None:
        if self._session.catalog.login(result.backend) is not None:
            # A provider's own login has no row: what it answered is said at the end.
            self._logins[result.backend] = result
            return
        state = ProbeState.OK if result.is_ok else ProbeState.FAILED
        self._rows = tuple(
            replace(row, state=state, result=result) if row.name == result.backend else row
            for row in self._rows
        )
        self.redraw()

    def _done(self, *, is_quiet: bool) -> None:
        self._look_into(
            [row.name for row in self._rows if row.result is not None and row.result.probe is not None]
        )
        tested = [row for row in self._rows if row.result is not None]
        failed = [row for row in tested if row.state is ProbeState.FAILED]
        if is_quiet:
            if not self.is_waiting and not self.status.text:
                self._say_first(failed)
            return
        said = [
            *filter(None, [self._note]),
            f"{plural(len(tested), 'backend')} tested, {len(failed) or 'none'} failed.",
        ]
        for name, result in self._logins.items():
            said.append(f"{name}: {'answered' if result.error is None else result.error.message}")
        self._logins.clear()
        self.finish(" ".join(line(each, 400) for each in said))
        self._say_first(failed)

    def _say_first(self, failed: Sequence[BackendRow]) -> None:
        """Say why the first one failed: the operator should need no other key to know."""
        error = failed[0].result.error if failed and failed[0].result is not None else None
        if error is None:
            return
        said = f"{self.status.text} " if self.status.text else ""
        why = self.redact(error.message)
        help_ = self.redact(help_words(error.help))
        self.status.fail(f"{said}{failed[0].name}: {line(why, 300)}", line(help_, 300) or None)

    @work(exclusive=True, group="look", exit_on_error=False)
    async def _look_into(self, names: Sequence[str]) -> None:
        from llama_storage_tui.services.overview.activity import activity
        from llama_storage_tui.services.overview.holdings import holdings

        for name in names:
            try:
                self.hand_on(self._holdings_arrived, await holdings(self._session, name))
            except StorageToolError:
                # Its own screen says why; here the values stay unknown.
                continue
        failed = {row.name: self._why(row) for row in self._rows if row.state is ProbeState.FAILED}
        async for seen in activity(self._session, names, now=self.moment, failed=failed):
            self.hand_on(self.show_activity, seen)

    def _why(self, row: BackendRow) -> str:
        """Say why a backend did not answer; what is wrong with a file fits into half a line."""
        error = row.result.error if row.result is not None else None
        if error is None:
            return f"{row.name} did not answer."
        if error.failure is FailureKind.MISSING_FILE:
            return f"The file of {row.name} is not there."
        return f"{row.name}: {self.redact(error.message)}"

    def show_activity(self, activity: Activity) -> None:
        """Show what has happened lately, as far as it is known."""
        raise NotImplementedError

    def _holdings_arrived(self, found: BackendHoldings) -> None:
        self._rows = tuple(
            replace(row, holdings=found) if row.name == found.backend else row for row in self._rows
        )
        self.redraw()

    def failed(self, error: StorageToolError) -> None:
        self._settle()
        self.fail(error)

    def cancelled(self) -> None:
        """Those that had not answered are untested again; a test that was remembered and is cancelled is not wanted."""
        self._settle()
        self.choose_servers(are_wanted=False)

    @work(exclusive=True, group="remember", exit_on_error=False)
    async def choose_servers(self, *, are_wanted: bool) -> None:
        """Remember whether the servers of this config are tested from the start."""
        if self._servers is not None:
            await asyncio.to_thread(self._servers.make, is_made=are_wanted)

    def _settle(self) -> None:
        waiting = [row.name for row in self._rows if row.state is ProbeState.TESTING]
        self._change(waiting, state=ProbeState.UNTESTED)

    def _change(self, names: Sequence[str], *, state: ProbeState) -> None:
        if names:
            self._rows = tuple(
                replace(row, state=state, result=None) if row.name in names else row for row in self._rows
            )
            self.redraw()

    def redraw(self) -> None:
        """Show the rows as they are now."""
        self.backends.show_backends(self._rows, self.moment)
        if (row := self.current_row) is not None:
            self.detail.update_row(row, self.moment)
