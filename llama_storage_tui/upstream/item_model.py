"""The models into which a server of version V loads the items and the chat messages of a stored response.

As `response_model`, and read in the same packages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field

from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.field_rules import FieldRule

_ALWAYS: Final = Version(0, 0)


class _InputText(BaseModel):
    type: Literal["input_text"]
    text: str


class _EarlierInputImage(BaseModel):
    type: Literal["input_image"]
    detail: Literal["low", "high", "auto"] = "auto"
    image_url: str | None = None


class _InputImage(_EarlierInputImage):
    file_id: str | None = None


class _InputFile(BaseModel):
    type: Literal["input_file"]
    file_data: str | None = None
    file_id: str | None = None
    file_url: str | None = None
    filename: str | None = None


class _Annotation(BaseModel):
    type: Literal["file_citation", "url_citation", "container_file_citation", "file_path"]


class _OutputText(BaseModel):
    type: Literal["output_text"]
    text: str
    annotations: list[_Annotation] = []


class _Refusal(BaseModel):
    type: Literal["refusal"]
    refusal: str


_EarlierInput = Annotated[_InputText | _EarlierInputImage, Field(discriminator="type")]
_Input = Annotated[_InputText | _InputImage | _InputFile, Field(discriminator="type")]
_Output = Annotated[_OutputText | _Refusal, Field(discriminator="type")]

CONTENT: Final = (
    FieldRule(_ALWAYS, str | list[_EarlierInput] | list[_Output], is_required=True),
    FieldRule(Version(0, 4), str | list[_Input] | list[_Output], is_required=True),
)

FUNCTION_OUTPUT: Final = (
    FieldRule(_ALWAYS, str, is_required=True),
    FieldRule(Version(0, 6), str | list[_Input], is_required=True),
)

_TEXT: Final = (FieldRule(_ALWAYS, str, is_required=True),)
_MAY_BE_TEXT: Final = (FieldRule(_ALWAYS, str | None),)


class _Hit(BaseModel):
    attributes: dict[str, Any]
    file_id: str
    filename: str
    score: float
    text: str


class _ListedTool(BaseModel):
    input_schema: dict[str, Any]
    name: str
    description: str | None = None


class _Said(BaseModel):
    text: str
    type: Literal["summary_text"] = "summary_text"


class _Thought(BaseModel):
    text: str
    type: Literal["reasoning_text"] = "reasoning_text"


class _Source(BaseModel):
    url: str
    type: Literal["url"] = "url"


class _Search(BaseModel):
    query: str
    type: Literal["search"] = "search"
    queries: list[str] | None = None
    sources: list[_Source] | None = None


class _Open(BaseModel):
    type: Literal["open_page"] = "open_page"
    url: str | None = None


class _Find(BaseModel):
    url: str
    pattern: str
    type: Literal["find_in_page"] = "find_in_page"


ITEMS: Final[Mapping[str, Mapping[str, tuple[FieldRule, ...]]]] = {
    "message": {
        "role": (FieldRule(_ALWAYS, Literal["system", "developer", "user", "assistant"], is_required=True),),
        "content": CONTENT,
        "id": _MAY_BE_TEXT,
        "status": _MAY_BE_TEXT,
    },
    "function_call": {
        "call_id": _TEXT,
        "name": _TEXT,
        "arguments": _TEXT,
        "id": _MAY_BE_TEXT,
        "status": _MAY_BE_TEXT,
    },
    "function_call_output": {
        "call_id": _TEXT,
        "output": FUNCTION_OUTPUT,
        "id": _MAY_BE_TEXT,
        "status": _MAY_BE_TEXT,
    },
    "mcp_call": {
        "id": _TEXT,
        "arguments": _TEXT,
        "name": _TEXT,
        "server_label": _TEXT,
        "error": _MAY_BE_TEXT,
        "output": _MAY_BE_TEXT,
    },
    "mcp_list_tools": {
        "id": _TEXT,
        "server_label": _TEXT,
        "tools": (FieldRule(_ALWAYS, list[_ListedTool], is_required=True),),
    },
    "mcp_approval_request": {"id": _TEXT, "arguments": _TEXT, "name": _TEXT, "server_label": _TEXT},
    "mcp_approval_response": {
        "approval_request_id": _TEXT,
        "approve": (FieldRule(_ALWAYS, bool, is_required=True),),
        "id": _MAY_BE_TEXT,
        "reason": _MAY_BE_TEXT,
    },
    "web_search_call": {
        "id": _TEXT,
        "status": _TEXT,
        "action": (FieldRule(Version(1, 1), _Search | _Open | _Find | None),),
    },
    "file_search_call": {
        "id": _TEXT,
        "status": _TEXT,
        "queries": (FieldRule(_ALWAYS, list[str], is_required=True),),
        "results": (FieldRule(_ALWAYS, list[_Hit] | None),),
    },
    "reasoning": {
        "id": _TEXT,
        "summary": (FieldRule(_ALWAYS, list[_Said], is_required=True),),
        "content": (FieldRule(_ALWAYS, list[_Thought] | None),),
        "status": (FieldRule(_ALWAYS, Literal["in_progress", "completed", "incomplete"] | None),),
    },
    "compaction": {"encrypted_content": _TEXT, "id": _MAY_BE_TEXT},
}
"""By type, what each field of an item must be."""


class _Url(BaseModel):
    url: str
    detail: str | None = None


class _ChatText(BaseModel):
    type: Literal["text"]
    text: str


class _ChatImage(BaseModel):
    type: Literal["image_url"]
    image_url: _Url


class _ChatFileData(BaseModel):
    file_data: str | None = None
    file_id: str | None = None
    filename: str | None = None


class _ChatFile(BaseModel):
    type: Literal["file"]
    file: _ChatFileData


class _EarlierCalled(BaseModel):
    name: str | None = None
    arguments: str | None = None


class _Called(BaseModel):
    name: str
    arguments: str


class _EarlierCall(BaseModel):
    index: int | None = None
    id: str | None = None
    type: Literal["function"] = "function"
    function: _EarlierCalled | None = None


class _Call(_EarlierCall):
    function: _Called | None = None  # type: ignore[assignment] # narrower on purpose


_Texts = str | list[_ChatText]
_Asked = str | list[Annotated[_ChatText | _ChatImage | _ChatFile, Field(discriminator="type")]]
_SAID: Final = {"content": (FieldRule(_ALWAYS, _Texts, is_required=True),), "name": _MAY_BE_TEXT}

MESSAGES: Final[Mapping[str, Mapping[str, tuple[FieldRule, ...]]]] = {
    "system": _SAID,
    "developer": _SAID,
    "user": {"content": (FieldRule(_ALWAYS, _Asked, is_required=True),), "name": _MAY_BE_TEXT},
    "assistant": {
        "content": (FieldRule(_ALWAYS, _Texts | None),),
        "name": _MAY_BE_TEXT,
        "tool_calls": (
            FieldRule(_ALWAYS, list[_EarlierCall] | None),
            FieldRule(Version(0, 7), list[_Call] | None),
        ),
    },
    "tool": {"content": (FieldRule(_ALWAYS, _Texts, is_required=True),), "tool_call_id": _TEXT},
}
"""By role, what each field of a stored message must be."""
