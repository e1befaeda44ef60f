"""The plan: every site, every check, the exact changes. Nothing is written, and the server is only asked.

Checks run in an order in which each makes the next one safe: the configured login first, then one login with a random password
(the only wrong one that is ever tried), then the other sites, then the files.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import field, replace
from typing import Final

from llama_storage_tui.backends.postgres.target import PostgresTarget
from llama_storage_tui.backends.postgres.verifier import scram_verifier
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError, RefusedError
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.rotation import (
    Action,
    Check,
    LineChange,
    LoginState,
    Patch,
    Plan,
    RoleCredential,
    RoleFacts,
    Site,
    Terms,
    Way,
)
from llama_storage_tui.model.target import LoginTarget
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.secrets import Redactor, Secret
from llama_storage_tui.services.rotation.checks import (
    check_files,
    check_sites,
    check_variables,
    judge_wrong_password,
    strategy,
)
from llama_storage_tui.services.rotation.discovery import CredentialEntry, find_entries
from llama_storage_tui.services.rotation.hosts import choose_host
from llama_storage_tui.services.rotation.identity import (
    ComparedCredential,
    CredentialMatch,
    compare_credentials,
    open_login,
)
from llama_storage_tui.services.rotation.no_credential import why_none
from llama_storage_tui.services.rotation.password import generate
from llama_storage_tui.services.rotation.pooler import (
    PoolerEntry,
    SecretForm,
    find_pooler_entry,
    reload_steps,
    with_pooler,
)
from llama_storage_tui.services.rotation.rewriting import Writing, prove, rewrite
from llama_storage_tui.services.rotation.sites import (
    list_left,
    list_sites,
    list_writings,
)
from llama_storage_tui.services.rotation.sources import RotationRequest, Sources, read_sources
from llama_storage_tui.services.rotation.writability import Reach, as_if_changed, find_reach

SAMPLE_ITERATIONS: Final = 1
"""Of a verifier that shows where one would stand, and is sent nowhere."""


@dataclass(frozen=True, slots=True)
class PreparedChange:
    """A plan with what it was made from."""

    plan: Plan
    request: RotationRequest
    sources: Sources
    chosen: CredentialEntry
    target: LoginTarget
    """Where the password is changed: of several hosts of the chosen login, the one that takes changes."""
    facts: RoleFacts | None = None
    credentials: tuple[ComparedCredential, ...] = ()
    writings: tuple[Writing, ...] = ()
    """What is written from here."""
    left: tuple[Writing, ...] = ()
    """What the operator writes."""
    left_entries: tuple[CredentialEntry, ...] = ()
    """The logins of which the operator changes something."""
    terms: Terms = field(default_factory=Terms)
    pooler: PoolerEntry | None = None
    """The entry of the role in PgBouncer's list, where that was named."""
    redact: Redactor = field(default_factory=Redactor, repr=False)
    is_unchecked: bool = False
    """Whether the server lets the role in with any password, and the operator goes on all the same."""


async def prepare(request: RotationRequest, timeouts: Timeouts, terms: Terms | None = None) -> PreparedChange:
    """Read, ask, and make the plan; raises UsageError for an unknown backend, RefusedError for one without a credential.

    With a `proof` the server was changed already by somebody else: it must let the role in with that, and the files follow.
    """
    terms = terms or Terms()
    sources = read_sources(request)
    entries = find_entries(sources)
    chosen = _choose(sources, entries, request.backend)
    redact = Redactor(secret for context in sources.contexts for secret in context.secrets)
    for entry in entries:
        for secret in (entry.password, *(carrier.password for carrier in entry.carriers)):
            if secret is not None:
                redact.add(secret)
    if terms.proof is not None:
        redact.add(terms.proof)
    planner = _Planner(request, sources, entries, chosen, timeouts, redact, terms)
    await planner.run()
    return planner.result()


def _choose(sources: Sources, entries: tuple[CredentialEntry, ...], name: str) -> CredentialEntry:
    first = sources.contexts[0]
    own = [entry for entry in entries if entry.context is first]
    found = next((entry for entry in own if entry.holder.is_backend and entry.holder.name == name), None)
    if found is None:
        raise why_none(sources.contexts[0], name)
    if found.holder.target is None or not found.holder.target.password:
        raise RefusedError(
            f"Backend {name} has no password that could be changed: {found.problem}",
            where=found.holder.shown,
            help=Advice("", Step.GIVE_ENV_FILE),
        )
    return found


@dataclass(slots=True)
class _Planner:
    """The checks of one plan, in their order; each stage runs only where those before it found nothing."""

    request: RotationRequest
    sources: Sources
    entries: tuple[CredentialEntry, ...]
    chosen: CredentialEntry
    timeouts: Timeouts
    redact: Redactor
    terms: Terms
    checks: list[Check] = field(default_factory=list)
    facts: RoleFacts | None = None
    is_unchecked: bool = False
    writings: tuple[Writing, ...] = ()
    left: tuple[Writing, ...] = ()
    pooler: PoolerEntry | None = None
    changes: tuple[LineChange, ...] = ()
    reach: Reach = field(init=False)
    credentials: tuple[ComparedCredential, ...] = field(init=False)
    target: LoginTarget = field(init=False)
    old: Secret = field(init=False)
    working: Secret = field(init=False)

    def __post_init__(self) -> None:
        assert self.chosen.holder.target is not None, "chosen by _choose"  # noqa: S101 - a programming error
        assert self.chosen.password is not None, "chosen by _choose"  # noqa: S101 - the same
        self.reach = Reach(self.terms)
        self.credentials = (ComparedCredential(self.chosen, CredentialMatch.SAME),)
        self.target, self.old = self.chosen.holder.target, self.chosen.password
        self.working = self.old if self.terms.proof is None else self.terms.proof

    async def run(self) -> None:
        """Run all stages as far as they go."""
        if not await self._choose_host() or not await self._prove_login():
            return
        if self.facts is not None:
            self.credentials = await compare_credentials(
                self.chosen, self.entries, self.facts, self.working, self.timeouts
            )
        self.reach = find_reach(self.sources, self.credentials, self.terms)
        self.writings = tuple(list_writings(self.credentials, self.old, self.reach))
        self.left = tuple(list_writings(self.credentials, self.old, self.reach, Action.BY_HAND))
        self._add(*check_sites(self._sites(), self.credentials, may_leave=self._may_leave))
        self._add(*check_variables(self.sources, self.writings, self.left))
        self._add(*check_files(self.writings, self.left, self.reach.hindrances))
        self._add(*[check async for check in self._check_pooler()])
        if all(check.is_ok for check in self.checks):
            self._try_edits()

    def result(self) -> PreparedChange:
        """Return the plan and what it was made from."""
        facts = self.facts
        members = [
            one.entry
            for one in self.credentials
            if one.match in (CredentialMatch.SAME, CredentialMatch.DRIFTED)
        ]
        locations = dict.fromkeys(
            entry.holder.target.location for entry in members if entry.holder.target is not None
        )
        credential = RoleCredential(
            facts.system_identifier if facts else next(iter(locations)),
            self.target.role,
            tuple(dict.fromkeys(entry.holder.name for entry in members if entry.holder.is_backend)),
            tuple(locations),
        )
        sites = self._sites()
        left = tuple(list_left(self.credentials, self.old, self.reach)) if facts else ()
        written = {writing.carrier.file for writing in self.writings}
        written |= {self.pooler.name} if self.pooler is not None else set()
        config = self.sources.config_name
        plan = Plan(
            credential,
            sites,
            tuple(self.checks),
            restart=facts.sessions if facts else (),
            changes=tuple(change for change in self.changes if change.file in written),
            strategy=tuple(self._strategy(facts, is_left=bool(left))) if facts else (),
            privileges=facts.privileges if facts else (),
            connections=facts.connections if facts else None,
            config_notices=self.sources.contexts[0].environment.notices,
            notices=facts.notices if facts and self.terms.changes_server else (),
            patches=tuple(list_patches(sites, self.changes, config)) if self._may_leave else (),
            server_steps=facts.steps if facts and self.terms.changes_server else (),
        )
        return PreparedChange(
            plan,
            self.request,
            self.sources,
            self.chosen,
            self.target,
            facts,
            self.credentials,
            self.writings,
            self.left,
            left,
            self.terms,
            self.pooler,
            self.redact,
            self.is_unchecked,
        )

    def _strategy(self, facts: RoleFacts, *, is_left: bool) -> Iterator[str]:
        first, *rest = strategy(facts, self.terms, is_left=is_left)
        needs_md5 = self.pooler is not None and self.pooler.needs_md5
        yield (
            "compute an md5 hash here, the form that the server and PgBouncer's list keep"
            if needs_md5
            else first
        )
        yield from rest
        if self.pooler is not None:
            yield from reload_steps(self.pooler.name)

    @property
    def _may_leave(self) -> bool:
        return self.terms.hands_over or self.terms.is_server_only

    def _sites(self) -> tuple[Site, ...]:
        found = tuple(list_sites(self.credentials, self.old, self._environ(), self.reach))
        return found if self.pooler is None else (*found, self.pooler.site)

    def _environ(self) -> dict[str, str]:
        return dict(self.request.load.environ) if self.request.load.uses_environ else {}

    def _add(self, *checks: Check) -> bool:
        self.checks += checks
        return all(check.is_ok for check in checks)

    async def _choose_host(self) -> bool:
        hosts = self.target.each_server
        if len(hosts) == 1:
            return True
        found = await choose_host(hosts, self.working, self.timeouts, self.redact)
        self.target = found.target or self.target
        return self._add(found.check)

    async def _prove_login(self) -> bool:
        role = open_login(self.target, self.timeouts)
        try:
            self.facts = await role.describe(self.working)
        except BackendError as error:
            return self._add(Check("login", is_ok=False, message=self.redact(error.message), help=error.help))
        self._add(
            Check(
                "login",
                is_ok=True,
                message=f"The {'configured' if self.terms.proof is None else 'new'} password logs in.",
            )
        )
        if not self._add(
            *self.facts.checks, *(self.facts.change_checks if self.terms.changes_server else ())
        ):
            return False
        answer = await role.login(Secret(secrets.token_hex(16)))
        is_accepted = self.terms.accepts_unchecked
        self.is_unchecked = is_accepted and answer.state is LoginState.ACCEPTED
        found = judge_wrong_password(answer, self.facts.unchecked, is_accepted=is_accepted)
        return self._add(found)

    async def _check_pooler(self) -> AsyncIterator[Check]:
        if self.sources.userlist is None:
            return
        if not isinstance(self.target, PostgresTarget):
            yield Check(
                "userlist",
                is_ok=False,
                message="PgBouncer's list holds roles of PostgreSQL, which this is not.",
                help=Advice("", Step.LEAVE_OUT_USERLIST),
            )
            return
        try:
            self.pooler = find_pooler_entry(self.sources, self.target.user, self.old, self.terms)
        except RefusedError as refused:
            yield Check("userlist", is_ok=False, message=refused.message, help=refused.help)
            return
        self.redact.add(self.pooler.secret)
        if self.pooler.form is SecretForm.MD5:
            stored = await open_login(self.target, self.timeouts).stored_form()
            self.pooler = replace(self.pooler, stored=stored)
            if stored is None:
                yield Check(
                    "userlist",
                    is_ok=False,
                    message="PgBouncer's entry is an md5 hash, and the server does not tell here whether it keeps one, too.",
                    help="Ask it from where it checks passwords, or write the password into the list in plain text first.",
                )
                return
        yield Check(
            "userlist",
            is_ok=True,
            message=f"PgBouncer's entry is of the current password ({self.pooler.form}).",
        )

    def _try_edits(self) -> None:
        sample = self.terms.proof or generate()
        everything = (*self.writings, *self.left)
        try:
            rewritten = rewrite(self.sources, everything, sample, self.redact)
            request = as_if_changed(self.request, self.left, sample)
            prove(request, self.sources, everything, sample, rewritten.contents)
            verifier = scram_verifier(sample, SAMPLE_ITERATIONS) if self.pooler is not None else ""
            rewritten = with_pooler(rewritten, self.sources, self.pooler, sample, verifier)
        except RefusedError as refused:
            self._add(Check("edits", is_ok=False, message=self.redact(refused.message), help=refused.help))
            return
        self.changes = rewritten.changes
        self._add(
            Check(
                "edits",
                is_ok=True,
                message="A test with a password of the same form: every place reads it back, and nothing else changes.",
            )
        )


def list_patches(sites: Iterable[Site], changes: Iterable[LineChange], config: str) -> Iterator[Patch]:
    """Yield a patch for each line, each variable and each unclear place that is left to the operator, each once."""
    left = [site for site in sites if site.action is Action.BY_HAND]
    reasons = {site.file: site.note or "" for site in left if site.file}
    seen: set[str] = set()
    for change in changes:
        if change.file in reasons:
            # Once a file: it is the same for every line.
            ways = () if change.file in seen else (Way.PIPE,)
            seen.add(change.file)
            yield Patch(f"{change.file}:{change.line}", reasons[change.file], change, ways, config=config)
    for site in left:
        place = f"variable {site.variable}" if site.file is None else site.file
        if place in seen:
            continue
        seen.add(place)
        reason = site.note or ""
        if site.file is None and site.variable is not None:
            yield Patch(place, reason, ways=_ways(site), variable=site.variable, config=config)
        else:
            yield Patch(f"{site.config}: {site.path}", reason, ways=(Way.PIPE,), config=config)


def _ways(site: Site) -> tuple[Way, ...]:
    return (Way.URI,) if site.is_encoded else (Way.KUBERNETES_SECRET, Way.ENV_FILE, Way.ENVIRONMENT)
