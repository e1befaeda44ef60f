"""Configs with one fault each, and how a rule is held against them."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.configs import EARLIER, POSTGRES, SQLITE, catalog_of, found, line_of, rules

WORD = {"PGPASS": "word"}


@dataclass(frozen=True)
class Case:
    """A config with one fault: where it is found, and what the same config looks like without it."""

    rule: str
    version: str
    text: str
    without: str
    severity: str
    stage: str
    where: str
    at: str
    """A fragment of the line that the finding names."""
    environ: dict[str, str] = field(default_factory=dict)


def change(text: str, *pairs: tuple[str, str]) -> str:
    for before, after in pairs:
        assert before in text
        text = text.replace(before, after)
    return text


def postgres_with(extra: str, *, text: str = POSTGRES) -> str:
    return change(text, ("      password: ${env.PGPASS}\n", extra))


def earlier_postgres() -> str:
    return change(
        EARLIER,
        (
            "      type: sql_sqlite\n      db_path: /srv/stack/sql.db\n",
            "      type: sql_postgres\n      host: db\n      user: stack\n      password: ${env.PGPASS}\n",
        ),
    )


KV_POSTGRES = change(
    SQLITE,
    (
        "      type: kv_sqlite\n      db_path: /srv/stack/kv.db\n",
        "      type: kv_postgres\n      host: db.example.org\n      db: stack\n      user: stack\n      password: one\n",
    ),
)
BOTH_POSTGRES = change(
    KV_POSTGRES,
    (
        "      type: sql_sqlite\n      db_path: /srv/stack/sql.db\n",
        "      type: sql_postgres\n      host: db.example.org\n      db: stack\n      user: stack\n      password: two\n",
    ),
)
MORE = "    spare:\n      type: kv_sqlite\n      db_path: /srv/stack/spare.db\n  stores:\n"
FAISS = "{persistence: {backend: kv_default, namespace: 'vector_io::faiss'}}"
FILES = "{metadata_store: {backend: sql_default, table_name: openai_files}}"
BATCHES = "{sqlstore: {backend: sql_default, table_name: batches}}"
OLD_AND_NEW_BATCHES = BATCHES.replace("{sql", "{kvstore: {backend: kv_default, namespace: batches}, sql")
TWO_VECTOR_STORES = EARLIER.replace(
    "storage:\n",
    f"""\
  vector_io:
  - {{provider_id: one, provider_type: inline::faiss, config: {FAISS}}}
  - provider_id: two
    provider_type: inline::sqlite-vec
    config: {{persistence: {{backend: kv_default, namespace: other}}}}
storage:
""",
    1,
)
RESPONSES = (
    "{persistence: {responses: {backend: sql_default, table_name: %s}, "
    "agent_state: {backend: kv_default, namespace: agents}}}"
)


def name_of(case: Case) -> str:
    """Name a case in a test's id."""
    return f"{case.rule}-{case.where}-{case.version}"


def hold_against(case: Case) -> None:
    """Fail unless the fault is found where it is, and not in the config without it."""
    catalog = catalog_of(case.text, case.version, environ=case.environ)
    findings = [finding for finding in found(catalog, case.rule) if finding.where == case.where]
    assert findings, (
        f"no finding of {case.rule} at {case.where}, but of {sorted(rules(catalog))}: is its check named in CHECKS, "
        f"and {case.version} one of the rule's releases?"
    )
    assert (findings[0].severity, findings[0].stage) == (case.severity, case.stage)
    assert findings[0].line == line_of(case.text, case.at)
    without = catalog_of(case.without, case.version, environ=WORD)
    assert not [one for one in found(without, case.rule) if one.where == case.where]
