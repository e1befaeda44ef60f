"""No secret of a config is ever shown, wherever it stands."""

import contextlib
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llama_storage_tui.cli import reports
from llama_storage_tui.cli.documents import CheckDocument, ShowDocument
from llama_storage_tui.config.document import parse, show_path
from llama_storage_tui.config.dotenv import merge
from llama_storage_tui.config.load import load_context
from llama_storage_tui.config.logins import find_holders
from llama_storage_tui.config.masking import is_secret_name, mask_userinfo
from llama_storage_tui.errors import StorageToolError
from tests.configs import POSTGRES, SQLITE, catalog_of, with_provider

SECRET = "hunter22+Secret"
EVERY_VERSION = ("0.2", "0.3.0", "0.3.5", "0.4.7", "0.5.4", "0.7.3", "0.8.0", "1.0.2", "1.2.5", "1.5.0")


def all_that_is_said(text: str, version: str | None = None, **environ: str) -> str:
    """Return everything that any command would print about a config."""
    try:
        catalog = catalog_of(text, version, environ=environ)
    except StorageToolError as error:
        return f"{error!r} {error} {error.help} {error.where}"
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        reports.report_check(catalog, catalog.findings)
        reports.report_show(catalog)
    documents = [
        CheckDocument.model_validate(catalog).model_dump(),
        ShowDocument.model_validate(catalog).model_dump(),
    ]
    return f"{said.getvalue()} {json.dumps(documents)} {catalog!r} {catalog}"


def postgres(field: str) -> str:
    return POSTGRES.replace("      password: ${env.PGPASS}\n", f"      {field}\n")


PLACES = [
    postgres(f"password: {SECRET}"),
    postgres(f"password: ['{SECRET}']"),
    postgres(f"password: {{value: '{SECRET}'}}"),
    postgres(f"password: 'x${{env.NOT_SET}}{SECRET}'"),
    postgres(f"password: ${{env.NOT_SET:={SECRET}}}"),
    postgres(f"password: ${{env.PW:+{SECRET}}}"),
    postgres("password: ${env.PW}"),
    postgres("password: ${env.PW}x${env.NOT_SET}"),
    postgres(f"connection_string: postgresql://u:{SECRET}@h/d"),
    postgres(f"connection_string: 'postgresql://u:{SECRET}@['"),
    postgres(f"connection_string: 'postgresql://u:a/b{SECRET}@h:x/d'"),
    postgres(f"connection_string: 'mysql://u:{SECRET}@h/d'"),
    postgres(f"host: 'u:{SECRET}@h'"),
    postgres(f"host: 'u:a/b@{SECRET}@h'"),
    postgres(f"host: ${{env.H:=u:{SECRET}@h}}"),
    postgres("host: ${env.URI}"),
    postgres("password: ${env.PW}").replace("host: db.example.org", "host: ${env.PW}"),
    postgres("password: ${env.PW}").replace("db: stack", "db: ${env.PW}"),
    postgres(f"password: &word {SECRET}\n      port: *word"),
    postgres(f"password: {SECRET}\n      port: {SECRET}"),
    SQLITE.replace("type: kv_sqlite\n", "type: kv_redis\n      password: ${env.PW}\n      host: ${env.PW}\n"),
    postgres(f"db: 'd?password={SECRET}&x=1'"),
    postgres(f"db_password: {SECRET}"),
    postgres(f"sslpassword: {SECRET}"),
    postgres(f"pgpass: {SECRET}"),
    postgres(f"access_key: {SECRET}"),
    postgres(f"options: {{api_key: '{SECRET}', x: '${{env.NOT_SET}}'}}"),
    postgres(f"options: [{{token: '{SECRET}'}}]"),
    postgres(f"dsn: 'host=h password={SECRET}'"),
    postgres(f"url: 'redis://:{SECRET}@h'"),
    SQLITE.replace("type: kv_sqlite\n", f"type: kv_redis\n      host: ':{SECRET}@h'\n"),
    SQLITE.replace("type: kv_sqlite\n", f"type: kv_mongodb\n      host: 'mongodb://u:{SECRET}@h1,h2/?x=1'\n"),
    SQLITE.replace("type: kv_sqlite\n", f"type: kv_etcd\n      auth_token: {SECRET}\n"),
    SQLITE.replace("type: kv_sqlite\n", f"type: [{{password: {SECRET}}}]\n"),
    SQLITE.replace("kv_default, namespace", f"'redis://u:{SECRET}@h', namespace"),
    with_provider(SQLITE, "files", "remote::s3", f"{{aws_secret_access_key: {SECRET}}}"),
    with_provider(SQLITE, "vector_io", "remote::pgvector", f"{{host: h, user: u, password: {SECRET}}}"),
    with_provider(
        SQLITE, "inference", "remote::vllm", f"{{api_token: {SECRET}, url: 'http://u:{SECRET}@h'}}"
    ),
    f"metadata_store: {{type: postgres, user: u, password: {SECRET}}}\nproviders: {{}}\n",
    f"metadata_store: {{type: redis, host: 'u:{SECRET}@h'}}\nproviders: {{}}\n",
    f"password: *{SECRET}\n",
    f"password: !{SECRET}\n",
    f"password: !!int {SECRET}\n",
    f"password: '{SECRET}\n",
    f"distro_name: {{password: {SECRET}}}\n",
]


@pytest.mark.parametrize("text", PLACES, ids=range(len(PLACES)))
def test_a_secret_is_not_said_wherever_it_stands(text: str) -> None:
    environ = {"PW": SECRET, "URI": f"u:{SECRET}@h"}
    for version in EVERY_VERSION:
        said = all_that_is_said(text, version, **environ)
        assert "hunter22" not in said, said[said.index("hunter22") - 200 :][:300]


@pytest.mark.parametrize(
    "text",
    [
        postgres("password: ${env.PW}\n      db_password: ${env.PW}"),
        postgres("connection_string: postgresql://u:${env.PW}@h/d\n      password: ${env.PW}"),
    ],
)
def test_a_field_that_may_hold_the_password_keeps_no_server_away(text: str) -> None:
    backend = catalog_of(text, "1.2.5", environ={"PW": SECRET}).backend("sql_default")
    assert backend is not None
    assert backend.target is not None


def test_a_server_whose_host_is_given_the_password_is_not_looked_up() -> None:
    text = postgres("password: ${env.PW}").replace("host: db.example.org", "host: ${env.PW}")
    backend = catalog_of(text, "1.0.2", environ={"PW": SECRET}).backend("sql_default")
    assert backend is not None
    assert backend.target is None
    assert backend.problem == "its host contains the password"


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=20))
def test_no_password_of_a_variable_is_said(password: str) -> None:
    marked = f"Zq{password}qZ"
    assert marked not in all_that_is_said(POSTGRES, "1.0.2", PGPASS=marked)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["", "postgresql://", "mongodb+srv://", "redis://"]),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1),
)
def test_no_password_of_a_uri_is_said(scheme: str, password: str) -> None:
    marked = f"Zq{password}qZ"
    assert marked not in mask_userinfo(f"{scheme}user:{marked}@host:5432/db")


@pytest.mark.parametrize(
    "text",
    ["postgresql://user@host:5432/db", "http://host:8080/path", "/srv/a:b.db", "user@host", "a:b", "http://[::1]:80/", "x=1&y=2"],
)  # fmt: skip
def test_text_without_a_password_is_shown_as_it_is(text: str) -> None:
    assert mask_userinfo(text) == text


def test_masking_a_long_text_takes_no_long_time() -> None:
    assert mask_userinfo("a" * 2_000_000) == "a" * 2_000_000
    assert mask_userinfo(":" * 2_000_000)[:1] == ":"


@pytest.mark.parametrize(
    "name",
    ["password", "PASSWORD", "db_passwd", "client_secret", "api_key", "apiKey", "api-key", "hf_token", "auth_token_value",
     "connection_string", "conn_str", "sslpassword", "private_key", "aws_secret_access_key", "authorization", "credentials",
     "ewallet_password", "passphrase", "account_key", "pw", "db_pw", "creds"],
)  # fmt: skip
def test_a_name_that_sounds_like_a_secret_is_one(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    ["host", "user", "max_tokens", "max_output_tokens", "tokens", "tokenizer", "token_limit", "token_url", "key", "namespace",
     "bypass", "compass_url", "monkey", "secure", "section", "passage", "pool_size", "connection_timeout"],
)  # fmt: skip
def test_a_name_that_only_looks_like_one_is_none(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    ["pasword", "passswd", "pssword", "pass_word", "secert", "conection_string", "connection_sting", "api_ky", "credntials"],
)  # fmt: skip
def test_a_secret_under_a_mistyped_name_is_masked(name: str) -> None:
    said = all_that_is_said(POSTGRES.replace("password: ${env.PGPASS}", f"{name}: {SECRET}"))
    assert name in said
    assert SECRET not in said


@pytest.mark.parametrize("unit", ["${env.", "${env.A:=", "${env.A", "a:@", "${env.lower}", "x="])
def test_a_hostile_text_takes_no_long_time(unit: str) -> None:
    for ending in ("", "}"):
        said = all_that_is_said(SQLITE.replace("/srv/stack/kv.db", f"'{unit * 50_000}{ending}'"), "1.5")
        assert "kv_default" in said


PASSWORD_IN_NAMES = """\
version: 2
distro_name: demo
word: &word hunter2hunter2
providers:
  inference: []
  vector_io:
  - provider_id: "postgres://u:hunter2hunter2@h/x"
    provider_type: inline::faiss
    config: {persistence: {backend: "redis://:hunter2hunter2@cache", namespace: n}}
  - provider_id: pg
    provider_type: remote::pgvector
    config: {host: h, db: x, user: "${env.STACK_PASSWORD}", password: "${env.STACK_PASSWORD}"}
storage:
  backends:
    kv_default: {type: kv_sqlite, db_path: /srv/kv.db}
    "postgresql://u:hunter2hunter2@h/db":
      {type: sql_postgres, host: h, db: d, user: "role_${env.STACK_PASSWORD}", password: "${env.STACK_PASSWORD}"}
    anchored: {type: sql_postgres, host: h, db: d, user: *word, password: *word}
    inside: {type: sql_postgres, host: h2, db: d, user: my_hunter2hunter2, password: "${env.STACK_PASSWORD}"}
    alike: {type: sql_postgres, host: h3, db: d, user: llamastack, password: llamastack}
  stores:
    metadata: {backend: kv_default, namespace: registry}
    inference: {backend: anchored, table_name: inference_store}
    conversations: {backend: "postgresql://u:hunter2hunter2@h/db", table_name: openai_conversations}
    prompts: {backend: inside, table_name: prompts}
"""


def test_a_password_is_masked_where_a_name_or_a_user_holds_it_too() -> None:
    catalog = catalog_of(PASSWORD_IN_NAMES, "1.5", environ={"STACK_PASSWORD": "hunter2hunter2"})
    shown = [
        *((found.name, found.path, found.credential.user, str(found.settings)) for found in catalog.backends),
        *((found.name, found.path, found.credential.user, str(found.settings)) for found in catalog.logins),
        *((found.name, found.path, found.backend) for found in catalog.references),
        *((found.message, found.help, found.where) for found in catalog.findings),
    ]
    assert "hunter2" not in str(shown)
    assert {reference.backend for reference in catalog.references} >= {"postgresql://u:********@h/db"}
    masked = catalog.backend("postgresql://u:********@h/db")
    assert masked is not None
    assert masked.target is not None


def test_a_role_whose_name_is_its_password_is_shown_by_its_name() -> None:
    catalog = catalog_of(PASSWORD_IN_NAMES, "1.5", environ={"STACK_PASSWORD": "hunter2hunter2"})
    alike = catalog.backend("alike")
    assert alike is not None
    assert alike.credential.user == "llamastack"


def test_the_login_of_a_backend_named_by_a_uri_is_found_in_the_file() -> None:
    text = SQLITE.replace("sql_default", "postgresql://u:hunter2hunter2@h/db").replace(
        "      type: sql_sqlite\n      db_path: /srv/stack/sql.db\n",
        "      type: sql_postgres\n      host: h\n      db: d\n      user: u\n      password: another1\n",
    )
    text = text.replace(
        "    postgresql://u:hunter2hunter2@h/db:", '    "postgresql://u:hunter2hunter2@h/db":'
    )
    context = load_context(parse(text, "run.yaml"), merge([], {}, home="/home/somebody"))
    holder = find_holders(context)[0]
    assert holder.path == ("storage", "backends", "postgresql://u:hunter2hunter2@h/db", "password")
    assert "hunter2" not in holder.name + show_path(holder.path)
