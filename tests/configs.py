"""Run configs for tests, and short ways to load and judge them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from llama_storage_tui.config.document import ConfigDocument, decode, parse
from llama_storage_tui.config.dotenv import merge, parse_env_file
from llama_storage_tui.config.load import load_catalog
from llama_storage_tui.model.catalog import Backend, Catalog, Reference, Setting
from llama_storage_tui.model.finding import Finding
from llama_storage_tui.services.rule_book import BY_ID
from llama_storage_tui.upstream.versions import newest

HOME: Final = "/home/somebody"

SQLITE: Final = """\
version: 2
distro_name: demo
apis: [inference]
providers:
  inference: []
storage:
  backends:
    kv_default:
      type: kv_sqlite
      db_path: /srv/stack/kv.db
    sql_default:
      type: sql_sqlite
      db_path: /srv/stack/sql.db
  stores:
    metadata: {backend: kv_default, namespace: registry}
    inference: {backend: sql_default, table_name: inference_store}
    conversations: {backend: sql_default, table_name: openai_conversations}
    prompts: {backend: sql_default, table_name: prompts}
    connectors: {backend: sql_default, table_name: connectors}
"""
"""A config of ogx 1.x without anything to find fault with."""

EARLIER: Final = (
    SQLITE.replace("prompts: {backend: sql_default, table_name", "prompts: {backend: kv_default, namespace")
    .replace("connectors: {backend: sql_default, table_name", "connectors: {backend: kv_default, namespace")
    .replace("distro_name: demo", "image_name: demo")
)
"""The same for versions before 1.0."""

OLDEST: Final = "".join(
    line for line in EARLIER.splitlines(keepends=True) if "prompts:" not in line and "connectors:" not in line
)
"""The same for 0.3."""

POSTGRES: Final = SQLITE.replace(
    """      type: sql_sqlite
      db_path: /srv/stack/sql.db
""",
    """      type: sql_postgres
      host: db.example.org
      db: stack
      user: stack
      password: ${env.PGPASS}
""",
)
"""The config of 1.x with its tables in PostgreSQL; PGPASS is a made-up name."""


def base(version: str) -> str:
    """Return the faultless config of a version."""
    number = newest(version)
    if number.major >= 1:
        return SQLITE
    if number.minor >= 5:
        return EARLIER
    return (
        EARLIER.replace("    connectors: {backend: kv_default, namespace: connectors}\n", "")
        if number.minor == 4
        else OLDEST
    )


def with_provider(text: str, api: str, type_: str, config: str, *, provider_id: str = "p1") -> str:
    """Return a config with one more provider; `config` is YAML in flow style."""
    entry = f"  {api}:\n  - provider_id: {provider_id}\n    provider_type: {type_}\n    config: {config}\n"
    return text.replace("storage:\n", f"{entry}storage:\n", 1)


def catalog_of(
    text: str | bytes,
    version: str | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    env_file: str | None = None,
    assumes_set: bool = False,
    path_map: tuple[tuple[str, str], ...] = (),
) -> Catalog:
    """Load a config from its text."""
    document = _parsed(text if isinstance(text, bytes) else text.encode())
    files = [] if env_file is None else [parse_env_file(env_file, ".env")]
    environment = merge(files, environ, assumes_set=assumes_set, home=HOME)
    catalog = load_catalog(
        document,
        environment,
        version=newest(version) if version else None,
        path_map=path_map,
    )
    assert_findings_follow_their_rules(catalog)
    return catalog


@lru_cache(maxsize=8)
def _parsed(content: bytes) -> ConfigDocument:
    """Parse a text once, where a test asks several versions about it: nothing changes a document."""
    return parse(decode(content, "run.yaml"), "run.yaml")


def assert_findings_follow_their_rules(catalog: Catalog) -> None:
    """Hold every finding against its rule: how much it matters, when it is noticed, for which releases it is true."""
    for finding in catalog.findings:
        rule = BY_ID[finding.rule]
        weights = {(rule.severity, rule.stage), *rule.also}
        assert (finding.severity, finding.stage) in weights, finding
        assert rule.holds_for(catalog.version.chosen), finding
        assert finding.help, finding


def found(catalog: Catalog, rule: str) -> list[Finding]:
    """Return the findings of one rule."""
    return [finding for finding in catalog.findings if finding.rule == rule]


def only(catalog: Catalog, rule: str) -> Finding:
    """Return the one finding of a rule."""
    findings = found(catalog, rule)
    assert len(findings) == 1, [finding.rule for finding in catalog.findings]
    return findings[0]


def rules(catalog: Catalog) -> set[str]:
    """Return the names of all rules that found something."""
    return {finding.rule for finding in catalog.findings}


def line_of(text: str, fragment: str) -> int:
    """Return the line (from 1) of the first place of a fragment."""
    return text[: text.index(fragment)].count("\n") + 1


def backend(catalog: Catalog, name: str) -> Backend:
    """Return a backend that must be there."""
    result = catalog.backend(name)
    assert result is not None, [one.name for one in catalog.backends]
    return result


def setting(catalog: Catalog, name: str, field: str) -> Setting:
    """Return a setting that must be there."""
    return next(one for one in backend(catalog, name).settings if one.name == field)


def reference(catalog: Catalog, path: str) -> Reference:
    """Return a reference that must be there."""
    matching = [one for one in catalog.references if one.path == path]
    assert len(matching) == 1, [one.path for one in catalog.references]
    return matching[0]
