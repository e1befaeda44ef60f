"""From a document to a Catalog: expand, guess the version, read backends and references, judge."""

from __future__ import annotations

from collections.abc import Mapping

from llama_storage_tui.config.backends import read_backends, with_shared_folders
from llama_storage_tui.config.concealing import find_concealed
from llama_storage_tui.config.context import Context
from llama_storage_tui.config.document import ConfigDocument, Elsewhere
from llama_storage_tui.config.environment import Environment, Variable, resolve
from llama_storage_tui.config.guess import guess_version, other_guesses
from llama_storage_tui.config.legacy import read_legacy, read_server_files, reads_inline_stores
from llama_storage_tui.config.masking import find_secrets, mask_userinfo
from llama_storage_tui.config.pools import with_needs
from llama_storage_tui.config.provider_logins import read_logins
from llama_storage_tui.config.providers import read_providers
from llama_storage_tui.config.references import read_references
from llama_storage_tui.config.registrations import read_registrations
from llama_storage_tui.deferred import dataclass, replace
from llama_storage_tui.model.catalog import Backend, Catalog
from llama_storage_tui.model.finding import Finding, Severity, Stage, Verdict
from llama_storage_tui.model.notices import Notice, NoticeKind
from llama_storage_tui.model.version import Version, VersionGuess
from llama_storage_tui.secrets import conceal


@dataclass(frozen=True, slots=True)
class UnjudgedConfig:
    """A config that was read and not yet judged: its catalog has no findings, and `judged` adds them.

    Reading is quick; judging imports pydantic and builds the models of a version. A screen shows the first and asks for the second.
    """

    catalog: Catalog
    _context: Context

    def judged(self) -> Catalog:
        """Return the catalog with its findings and verdict.

        A guessed version that does not load the file gives way to one that loads it and that the file contradicts no more; the
        catalog is then that version's.
        """
        judged = _judged(self)
        if judged.version.is_overridden or not _is_rejected(judged):
            return judged
        for guess in other_guesses(self._context.raw, judged.version):
            reading = _read(self._context, guess)
            if _is_refused(reading):
                continue
            other = _judged(reading)
            if not _is_rejected(other):
                reason = f"{judged.version.guess} was the first guess, and does not load the file"
                version = replace(other.version, because=(*other.version.because, reason))
                return replace(other, version=version)
        return judged

    @property
    def context(self) -> Context:
        """The config in all its forms."""
        return self._context


def _judged(reading: UnjudgedConfig) -> Catalog:
    from llama_storage_tui.config.access import read_access_rules
    from llama_storage_tui.config.rules import judge

    catalog = reading.catalog
    judgement = judge(reading.context, catalog.backends, catalog.references, is_legacy=catalog.is_legacy)
    return replace(
        catalog,
        findings=judgement.findings,
        verdict=judgement.verdict,
        access=read_access_rules(reading.context),
        secrets=tuple(reading.context.secrets),
        concealed=tuple(reading.context.concealed),
        is_judged=True,
    )


def load_catalog(
    document: ConfigDocument,
    environment: Environment,
    *,
    version: Version | None = None,
    path_map: tuple[tuple[str, str], ...] = (),
) -> Catalog:
    """Make the Catalog of a document, for the version that the operator names or the file suggests."""
    return read_catalog(document, environment, version=version, path_map=path_map).judged()


def read_catalog(
    document: ConfigDocument,
    environment: Environment,
    *,
    version: Version | None = None,
    path_map: tuple[tuple[str, str], ...] = (),
) -> UnjudgedConfig:
    """Read a document's backends and references, without judging them."""
    raw = document.data if isinstance(document.data, dict) else {}
    guess = guess_version(raw, version)
    return _reading(_context(document, environment, guess.chosen, path_map), guess)


def _read(context: Context, guess: VersionGuess) -> UnjudgedConfig:
    """Read a document anew, as another version does."""
    return _reading(_context(context.document, context.environment, guess.chosen, context.path_map), guess)


def _is_rejected(catalog: Catalog) -> bool:
    """Tell whether the version's own models refuse the file; a variable that is missing is missing in every version."""
    return any(map(_rejects, catalog.findings))


def _rejects(finding: Finding) -> bool:
    return (
        finding.stage is Stage.LOAD
        and finding.severity is Severity.ERROR
        and finding.rule != "unset-variable"
    )


def _is_refused(reading: UnjudgedConfig) -> bool:
    """Tell whether the first few checks already reject the file, which spares the others."""
    from llama_storage_tui.config.rules import found_by
    from llama_storage_tui.config.rules import load as rules
    from llama_storage_tui.config.rules.view import View

    catalog = reading.catalog
    view = View(reading.context, catalog.backends, catalog.references, is_legacy=catalog.is_legacy)
    return any(map(_rejects, found_by(reversed(rules.CHECKS), view)))


def _reading(context: Context, guess: VersionGuess) -> UnjudgedConfig:
    document, raw = context.document, context.raw
    legacy = reads_inline_stores(raw, guess.chosen)
    backends, references = read_legacy(context) if legacy else (read_backends(context), ())
    backends = with_shared_folders(backends)
    logins: tuple[Backend, ...] = ()
    if legacy:
        files, users = read_server_files(context)
        backends, references = (*backends, *files), (*references, *users)
    else:
        references = read_references(context, backends)
        backends, logins = with_needs(context, backends, tuple(read_logins(context)), references)
    catalog = Catalog(
        document.name,
        _distribution(context.data),
        guess,
        backends,
        references,
        (),
        Verdict(loads=True, starts=None),
        is_legacy=legacy,
        is_judged=False,
        providers=tuple(read_providers(context)),
        registrations=() if legacy else tuple(read_registrations(context)),
        logins=logins,
        notices=context.environment.notices,
        secrets=tuple(context.secrets),
        concealed=tuple(context.concealed),
    )
    return UnjudgedConfig(catalog, context)


def load_context(
    document: ConfigDocument,
    environment: Environment,
    *,
    version: Version | None = None,
    path_map: tuple[tuple[str, str], ...] = (),
) -> Context:
    """Expand a document and no more, for those who look for places in it."""
    raw = document.data if isinstance(document.data, dict) else {}
    return _context(document, environment, guess_version(raw, version).chosen, path_map)


def _context(
    document: ConfigDocument,
    environment: Environment,
    version: Version,
    path_map: tuple[tuple[str, str], ...],
) -> Context:
    environment = _with_deployed(document, environment)
    resolution = resolve(document.data, environment, version)
    context = Context(document, environment, resolution, version, path_map)
    context.secrets.update(find_secrets(resolution.data))
    context.conceal(find_concealed(context))
    # Whoever reads a config may come to show something of it.
    conceal(context.concealed)
    return context


def _with_deployed(document: ConfigDocument, environment: Environment) -> Environment:
    """Add what the manifests around a config set: it wins over this process, whose variables the server never sees."""
    if not document.variables and not document.elsewhere:
        return environment
    variables = dict(environment.variables)
    notices = list(environment.notices)
    for found in document.variables:
        known = variables.get(found.name)
        if known is not None and known.file is not None and not known.is_deployed:
            continue
        if (
            known is not None
            and not known.is_deployed
            and found.value is not None
            and known.value != found.value
        ):
            place = f"{found.file} (line {found.line})"
            notices.append(Notice(NoticeKind.VARIABLE_DIFFERS, found.name, place))
        if found.value is None and known is not None and not known.is_empty:
            # A Secret that lies elsewhere: what is set here is the best that is known of it.
            continue
        variables[found.name] = Variable(found.value, found.file, found.line, is_deployed=True)
    notices += map(notice_of, document.elsewhere)
    return replace(
        environment,
        variables=variables,
        notices=tuple(dict.fromkeys(notices)),
        elsewhere=(*environment.elsewhere, *document.elsewhere),
    )


def notice_of(place: Elsewhere) -> Notice:
    """Return the notice of variables that come from a place that cannot be looked into."""
    return Notice(NoticeKind.VARIABLES_ELSEWHERE, place.what, f"{place.file}, line {place.line}")


def _distribution(data: Mapping[str, object]) -> str | None:
    for key in ("distro_name", "image_name"):
        name = data.get(key)
        if isinstance(name, str | int | float) and name != "":
            return mask_userinfo(str(name))
    return None
