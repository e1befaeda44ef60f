"""Any JSON at all, and JSON that looks like a stored response until one looks closely."""

from __future__ import annotations

from hypothesis import strategies as st

from llama_storage_tui.model.transcript import EntryKind

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
NAMES = st.sampled_from(
    [
        *(
            "id",
            "type",
            "role",
            "content",
            "text",
            "status",
            "call_id",
            "name",
            "arguments",
            "output",
            "error",
            "input",
        ),
        *(
            "results",
            "queries",
            "tools",
            "action",
            "summary",
            "messages",
            "tool_calls",
            "function",
            "usage",
            "headers",
        ),
        *(
            "approve",
            "approval_request_id",
            "image_url",
            "file",
            "annotations",
            "previous_response_id",
            "conversation",
        ),
    ]
)
TYPES = st.sampled_from(
    [kind.value for kind in EntryKind] + ["input_text", "output_text", "refusal", "input_image", "input_file"]
)
VALUES = st.recursive(
    SCALARS | TYPES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=3), inner, max_size=6)
    ),
    max_leaves=20,
)
ITEMS = st.builds(
    lambda fields, type_: fields | {"type": type_}, st.dictionaries(NAMES, VALUES, max_size=8), TYPES
)
RESPONSES = VALUES | st.fixed_dictionaries(
    {},
    optional={
        "id": VALUES,
        "input": st.lists(ITEMS, max_size=4) | VALUES,
        "output": st.lists(ITEMS, max_size=4) | VALUES,
        "messages": st.lists(ITEMS, max_size=3) | VALUES,
        "tools": st.lists(ITEMS, max_size=2) | VALUES,
        "usage": VALUES,
        "status": TYPES | VALUES,
        "store": st.booleans(),
        "input_storage_mode": st.just("incremental") | VALUES,
        "error": VALUES,
    },
)
