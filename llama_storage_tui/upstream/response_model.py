"""The model into which a server of version V loads a stored response: field by field, as far as it decides what loads.

Read in the API packages of llama-stack 0.3.0 to 0.7.3 and ogx 0.8.0 to 1.5.0. Fields that a version does not have it ignores. A
server validates as pydantic does by default ("5" is an integer), and so do these. Where a change lies between two packages that
were read, it is dated to the later minor version's first release.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field

from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.field_rules import FieldRule


class _Error(BaseModel):
    code: str
    message: str


class _Reason(BaseModel):
    reason: str


class _Cached(BaseModel):
    cached_tokens: int


class _Reasoned(BaseModel):
    reasoning_tokens: int


class _EarlierCached(BaseModel):
    cached_tokens: int | None = None


class _EarlierReasoned(BaseModel):
    reasoning_tokens: int | None = None


class _EarlierUsage(BaseModel):
    input_tokens: int
    output_tokens: int
    total_tokens: int
    input_tokens_details: _EarlierCached | None = None
    output_tokens_details: _EarlierReasoned | None = None


class _Usage(BaseModel):
    input_tokens: int
    output_tokens: int
    total_tokens: int
    input_tokens_details: _Cached
    output_tokens_details: _Reasoned


class _Format(BaseModel):
    type: Literal["text", "json_schema", "json_object"] = "text"


class _Text(BaseModel):
    format: _Format | None = None


class _Function(BaseModel):
    type: Literal["function"]
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None
    strict: bool | None = None


class _FileSearchTool(BaseModel):
    type: Literal["file_search"]
    vector_store_ids: list[str]
    filters: dict[str, Any] | None = None
    max_num_results: Annotated[int, Field(ge=1, le=50)] | None = 10


class _WebSearchTool(BaseModel):
    type: Literal[
        "web_search", "web_search_preview", "web_search_preview_2025_03_11", "web_search_2025_08_26"
    ]
    search_context_size: str | None = None


class _Filter(BaseModel):
    tool_names: list[str] | None = None


class _Mcp(BaseModel):
    type: Literal["mcp"]
    server_label: str
    allowed_tools: list[str] | _Filter | None = None


_Tool = Annotated[_Function | _FileSearchTool | _WebSearchTool | _Mcp, Field(discriminator="type")]

_ALWAYS: Final = Version(0, 0)

FIELDS: Final[Mapping[str, tuple[FieldRule, ...]]] = {
    "id": (FieldRule(_ALWAYS, str, is_required=True),),
    "object": (FieldRule(_ALWAYS, Literal["response"]),),
    "created_at": (FieldRule(_ALWAYS, int, is_required=True),),
    "model": (FieldRule(_ALWAYS, str, is_required=True),),
    "status": (FieldRule(_ALWAYS, str, is_required=True),),
    "output": (FieldRule(_ALWAYS, list[Any], is_required=True),),
    "input": (FieldRule(_ALWAYS, list[Any], is_required=True),),
    "store": (FieldRule(changes.RESPONSES_SAY_STORED, bool, is_required=True),),
    "error": (FieldRule(_ALWAYS, _Error | None),),
    "incomplete_details": (FieldRule(Version(0, 6), _Reason | None),),
    "usage": (FieldRule(_ALWAYS, _EarlierUsage | None), FieldRule(Version(0, 5), _Usage | None)),
    "previous_response_id": (FieldRule(_ALWAYS, str | None),),
    "input_storage_mode": (FieldRule(Version(1, 1), str | None),),
    "instructions": (FieldRule(_ALWAYS, str | None),),
    "temperature": (FieldRule(_ALWAYS, float | None),),
    "top_p": (FieldRule(_ALWAYS, float | None),),
    "text": (FieldRule(_ALWAYS, _Text),),
    "tools": (FieldRule(_ALWAYS, list[_Tool] | None),),
    "truncation": (
        FieldRule(_ALWAYS, str | None),
        FieldRule(Version(1, 1), Literal["auto", "disabled"] | None),
    ),
    # Rows of 0.4 to 1.0 may hold null, which servers do not load again from 1.1 on.
    "parallel_tool_calls": (
        FieldRule(_ALWAYS, bool),
        FieldRule(Version(0, 4), bool | None),
        FieldRule(Version(1, 1), bool),
    ),
    "max_tool_calls": (FieldRule(Version(0, 4), int | None),),
    "metadata": (FieldRule(Version(0, 4), dict[str, str] | None),),
    "completed_at": (FieldRule(Version(0, 5), int | None),),
    "max_output_tokens": (FieldRule(Version(0, 5), int | None),),
    "safety_identifier": (FieldRule(Version(0, 5), str | None),),
    "background": (FieldRule(Version(0, 6), bool | None),),
    "frequency_penalty": (FieldRule(Version(0, 6), float | None),),
    "presence_penalty": (FieldRule(Version(0, 6), float | None),),
    "prompt_cache_key": (FieldRule(Version(0, 6), str | None),),
    "top_logprobs": (FieldRule(Version(0, 6), int | None),),
    "service_tier": (FieldRule(Version(0, 6), str | None),),
    "skills": (FieldRule(Version(1, 2), list[str] | None),),
}
"""By field, from which version on."""
