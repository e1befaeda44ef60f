"""Variables and templates of other programs are named, and real values are not taken for them."""

import pytest

from llama_storage_tui.config.substitution import find_foreign


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("{{ .Values.password }}", "Helm"),
        ("{{ vault_password }}", "template"),
        ("${DB_HOST:-localhost}", "shells"),
        ("${DB_HOST:localhost}", "Spring"),
        ("$DB_HOST", "shells"),
        ("%(password)s", "Python"),
        ("${{ secrets.PASSWORD }}", "GitHub Actions"),
        ("%{ if x }a%{ endif }", "Terraform"),
        ("ENC[AES256_GCM,data:abc,type:str]", "SOPS"),
        ("((db-password))", "Concourse"),
        ("@db.password@", "Maven"),
        ("#{DbPassword}#", "Azure"),
        ("$(DB_PASSWORD)", "Kubernetes"),
        ("%DB_PASSWORD%", "Windows"),
        ("__DB_PASSWORD__", "placeholder"),
        ('[[ env "DB" ]]', "Nomad"),
        ("ref+vault://secret/db#password", "secret store"),
        ("op://vault/db/password", "secret store"),
    ],
)
def test_a_substitution_of_another_program_is_named(text: str, language: str) -> None:
    found = find_foreign(text)
    assert found is not None
    assert language in found.language
    assert "secrets.PASSWORD" not in found.shown


@pytest.mark.parametrize(
    "text",
    [
        *(
            "${env.DB_HOST}",
            "${env.DB_HOST:=localhost}",
            "${env.X:+a}",
            "__disabled__",
            "p@ss",
            "a@b@c",
            "pa$$word",
        ),
        *(
            "100%",
            "%41",
            "a#{b",
            "$x",
            "[a]",
            "(x)",
            "/srv/kv.db",
            "postgresql://u@h/d",
            "sk-abc",
            "#1@home#",
        ),
    ],
)
def test_a_value_is_none(text: str) -> None:
    assert find_foreign(text) is None


@pytest.mark.parametrize("name", ["path", "home", "user"])
def test_no_variable_is_advised_that_every_container_has_set_to_something_else(name: str) -> None:
    found = find_foreign(f"${{{name}}}")
    assert found is not None
    assert found.instead is None
