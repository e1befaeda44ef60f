"""Record which values the configs of a package's providers take, field by field.

Run it by hand with the interpreter of an environment that holds ``llama-stack`` or ``ogx``, once for each release; see README.md.
It adds the release to ``settings/taken.json``; with ``--write`` alone it makes the product's own table of what that file holds.
"""

from __future__ import annotations

import importlib
import json
import logging
import sys
from pathlib import Path
from typing import Any, Final
from unittest import mock

HERE: Final = Path(__file__).resolve().parent
TAKEN: Final = HERE / "settings" / "taken.json"
TABLE: Final = HERE.parents[1] / "llama_storage_tui" / "upstream" / "run_config" / "provider_settings.json"

PROBES: Final[tuple[object, ...]] = (
    None, True, 5, -1, 0, 1, 1.5, 5000, "", "5", "x", "true", "http://host/x", "host:1", [], ["a"], [5], {}, {"a": 1},
)  # fmt: skip
"""What is tried on every field: a digit of `bits` for each, 1 where it is taken."""

CONVERTED: Final = frozenset({"files remote::s3 key_prefix"})
"""Fields that a class makes of whatever stands there."""
CHECKED_FURTHER: Final = frozenset(
    {"inference inline::meta-reference model", "inference remote::vllm tls_verify"}
)
"""Fields whose texts a class compares with its models, or with the files of the machine."""

SIMPLE: Final = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "null"}
LIMITS: Final = {"minimum": ">=", "maximum": "<=", "exclusiveMinimum": ">"}


def word(schema: dict[str, Any], definitions: dict[str, Any]) -> str | None:
    """Return the product's word for a field's type; None for one that has a model of its own, or takes anything."""
    if "anyOf" in schema:
        words = [word(each, definitions) for each in schema["anyOf"]]
        return None if None in words else "|".join(map(str, words))
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    if "allOf" in schema:
        return word(schema["allOf"][0], definitions)
    if "enum" in schema or "const" in schema:
        return "=" + ",".join(map(str, schema.get("enum", [schema.get("const")])))
    kind = schema.get("type")
    if kind == "array":
        item = word(schema.get("items", {}), definitions)
        return None if item is None else f"[{item}]"
    if kind == "object":
        value = word(schema["additionalProperties"], definitions) if _is_typed(schema) else None
        return None if "properties" in schema else "dict" if value is None else f"{{{value}}}"
    if kind == "string" and schema.get("format") == "uri":
        return "url"
    if kind not in SIMPLE:
        return None
    return SIMPLE[kind] + "".join(
        f"{sign}{schema[name]:g}" for name, sign in LIMITS.items() if name in schema
    )


def _is_typed(schema: dict[str, Any]) -> bool:
    return isinstance(schema.get("additionalProperties"), dict)


def takes(model: Any, field: str, value: object) -> bool:  # noqa: ANN401 - the package's own model
    try:
        model.model_validate({field: value})
    except Exception as error:  # noqa: BLE001 - a check of the package's own may raise anything
        errors = error.errors() if hasattr(error, "errors") else []
        return not any(found["loc"][:1] == (field,) for found in errors)
    return True


def record() -> None:
    from tests.oracle.record import installed, silence
    from tests.oracle.record_start import Mocks

    package, version = installed()
    module = package.replace("-", "_")
    logging.disable(logging.CRITICAL)
    sys.meta_path.append(Mocks())
    sys.modules["tiktoken"] = mock.MagicMock()
    taken = json.loads(TAKEN.read_text()) if TAKEN.exists() else {}
    with silence():
        registry = importlib.import_module(f"{module}.core.distribution").get_provider_registry()
        make = importlib.import_module(f"{module}.core.utils.dynamic").instantiate_class_type
        for api, specs in registry.items():
            for type_, spec in specs.items():
                model = make(spec.config_class)
                schema = model.model_json_schema()
                for field, found in schema.get("properties", {}).items():
                    entry = {
                        "word": word(found, schema.get("$defs", {})),
                        "required": field in schema.get("required", ()),
                        "bits": "".join(str(int(takes(model, field, value))) for value in PROBES),
                    }
                    rows = taken.setdefault(f"{api.value} {type_} {field}", [])
                    same = next((row for row in rows if all(row[key] == entry[key] for key in entry)), None)
                    if same is None:
                        rows.append({**entry, "releases": [version]})
                    elif version not in same["releases"]:
                        same["releases"].append(version)
    TAKEN.parent.mkdir(exist_ok=True)
    TAKEN.write_text(json.dumps(taken, indent=1, sort_keys=True) + "\n")


def number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def write() -> None:
    taken = json.loads(TAKEN.read_text())
    releases = sorted(
        {release for rows in taken.values() for row in rows for release in row["releases"]}, key=number
    )
    spans: dict[tuple[Any, ...], list[str]] = {}
    for key, rows in taken.items():
        if key in CONVERTED:
            continue
        api, type_, field = key.split(" ")
        words: dict[tuple[Any, ...], set[str]] = {}
        for row in rows:
            if row["word"] is not None:
                words.setdefault((row["word"], row["required"]), set()).update(row["releases"])
        for (text, required), held in words.items():
            start = None
            for release in [*releases, None]:
                if release in held and start is None:
                    start = release
                elif release not in held and start is not None:
                    since = None if start == releases[0] else start
                    spans.setdefault((api, field, text, required, since, release), []).append(type_)
                    start = None
    lines = [
        json.dumps([api, " ".join(sorted(types)), field, text, required, since, until])
        for (api, field, text, required, since, until), types in sorted(spans.items(), key=str)
    ]
    TABLE.write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    write() if "--write" in sys.argv else record()
