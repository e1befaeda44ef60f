from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llama_storage_tui.services.records.json_escapes import common_run, stored_forms

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)


@given(before=TEXT, text=TEXT, after=TEXT)
def test_a_text_is_found_wherever_a_server_may_have_written_it(before: str, text: str, after: str) -> None:
    whole = before + text + after
    forms = stored_forms(text)
    for ensure_ascii in (True, False):
        written = json.dumps({"t": whole}, ensure_ascii=ensure_ascii)
        assert any(form in written for form in forms)
        inner = json.dumps({"arguments": written}, ensure_ascii=ensure_ascii)
        assert any(form in inner for form in forms)


@given(TEXT)
def test_the_common_run_is_in_every_form(text: str) -> None:
    forms = stored_forms(text)
    run = common_run(forms)
    assert run is None or all(run in form for form in forms)


@pytest.mark.parametrize(
    ("text", "forms", "run"),
    [
        ("plain words", 1, "plain words"),
        ("Königsberg needle", 6, "nigsberg needle"),
        ('say "hi" now', 2, "say "),
        ("日本", 3, None),
    ],
)
def test_plain_text_has_one_form_and_others_few(text: str, forms: int, run: str | None) -> None:
    found = stored_forms(text)
    assert len(found) == forms
    assert common_run(found) == run
