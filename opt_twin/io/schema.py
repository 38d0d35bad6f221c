"""The JSON Schema of a model file, derived from the records, so that editors complete and check it."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any, ClassVar

import pydantic
from pydantic.json_schema import GenerateJsonSchema

from opt_twin.io.shape import DEFAULTS_FOR, SUFFIXES, fields_of, is_time, members_of
from opt_twin.line import Distribution, Line
from opt_twin.line.units import Name

__all__ = ["line_schema"]

Schema = dict[str, Any]

_NUMBER_TEXT = r"^\s*[-+]?[0-9.][-+0-9.eE_]*\s*$|\$\{"
_SCALAR_TYPES = ["string", "number", "boolean"]
_NAME_PATTERN = pydantic.TypeAdapter(Name).json_schema()["pattern"]
_BEHAVIOUR_TEXT: Schema = {"type": "string", "description": "module:Class, or the name of an entry point"}
_AS_TEXT: dict[str, Schema] = {
    "#/$defs/Need": {"type": _SCALAR_TYPES, "description": "a skill: one person with it"},
    "#/$defs/Behaviour": {"type": "string", "pattern": r":|\$\{", "description": "module:Class"},
}
"""Records that may be written as one text -> what that text is."""
_IN_DEFAULTS = {cls.__name__ for cls in DEFAULTS_FOR.values()}


class _Generator(GenerateJsonSchema):
    ignored_warning_kinds: ClassVar[set[Any]] = {"non-serializable-default", "skipped-choice"}  # type: ignore[misc]  # no ClassVar there


def line_schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) of a model file.

    It describes a whole model, not an overlay, which may leave anything out. What the reader accepts
    validates against it, but for a ``kind`` or ``type`` that is a constant; the reverse does not hold:
    names, connections and the text of times and distributions are checked by :func:`read_line` alone.
    """
    schema = pydantic.TypeAdapter(Line).json_schema(schema_generator=_Generator)
    distributions: Any = tuple[_bare_distribution(), ...]  # type: ignore[misc]  # made at run time
    members = pydantic.TypeAdapter(distributions).json_schema(schema_generator=_Generator)
    definitions: Schema = {**schema.pop("$defs"), **members["$defs"]}
    distribution = members["items"]
    records = {cls.__name__: cls for cls in _records(Line, {}) if cls.__name__ in definitions}
    definitions["Line"] = schema
    for name, cls in records.items():
        definitions[name] = _with_suffixes(definitions[name], cls)
    definitions = {name: _loosened(definition) for name, definition in definitions.items()}
    definitions["Station"]["properties"]["behaviour"]["anyOf"].append(_BEHAVIOUR_TEXT)  # also without a colon
    definitions["Distribution"] = {
        "description": "a time, a call such as 'lognormal(mean=5 s, cv=0.3)', or a mapping with a type",
        "anyOf": [{"type": "number"}, {"type": "string"}, distribution],
    }
    root = definitions.pop("Line")
    _add_sections(root, definitions)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **root, "$defs": definitions}


def _bare_distribution() -> Any:
    """Return the union of all distributions without the reader of quantities and calls."""
    union: Any = members_of(Distribution)[0]
    for member in members_of(Distribution)[1:]:
        union = union | member
    return union


def _records(cls: type[Any], seen: dict[type[Any], None]) -> dict[type[Any], None]:
    """Return `cls` and every record that stands somewhere in it."""
    seen[cls] = None
    pending = list(fields_of(cls).values())
    while pending:
        for member in members_of(pending.pop()):
            if isinstance(member, type) and dataclasses.is_dataclass(member):
                if member not in seen:
                    _records(member, seen)
            else:
                pending += [arg for arg in getattr(member, "__args__", ()) if not isinstance(arg, str)]
    return seen


def _with_suffixes(definition: Schema, cls: type[Any]) -> Schema:
    """Return the schema of a record with the keys that carry a unit, and what it needs of each field."""
    properties = dict(definition["properties"])
    needed = [*definition.get("required", ())]
    either: list[Schema] = []
    for field, hint in fields_of(cls).items():
        if not is_time(hint):
            continue
        names = [f"{field}_{unit}" for unit in SUFFIXES]
        for name, unit in zip(names, SUFFIXES, strict=True):
            properties[name] = {"type": "number", "description": f"{field} in {unit}"}
        if field in needed:
            needed.remove(field)
            either.append({"anyOf": [{"required": [name]} for name in (field, *names)]})
    if cls.__name__ in _IN_DEFAULTS:
        needed, either = ["name"], []
    needed = [*(tag for tag in ("kind", "type") if tag in properties), *needed]
    changed = {**definition, "properties": properties, "required": needed}
    return {**changed, "allOf": either} if either else changed


def _loosened(schema: Any) -> Any:
    """Return a schema that also takes constants, and scalars as YAML writes them."""
    if isinstance(schema, list):
        return [_loosened(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    special = _special(schema)
    if special is not None:
        return special
    if "const" not in schema and ("enum" in schema or schema.get("type") in {"number", "integer", "string"}):
        return _loosened_scalar(schema)
    changed = dict(schema)
    if "patternProperties" in schema:  # a mapping with names as keys
        (changed["additionalProperties"],) = changed.pop("patternProperties").values()
    if "properties" in schema:
        changed["properties"] = {name: _loosened(inner) for name, inner in schema["properties"].items()}
    for key in ("anyOf", "items", "additionalProperties"):
        if key in changed:
            changed[key] = _loosened(changed[key])
    return changed


def _special(schema: Schema) -> Schema | None:
    """Return what stands for a distribution, a time, or a record that may be one text; None for others."""
    if _is_distribution(schema):
        return {"$ref": "#/$defs/Distribution"}
    if schema.get("$ref") in _AS_TEXT:
        return {"anyOf": [_AS_TEXT[schema["$ref"]], schema]}
    if {"type": "string"} in schema.get("anyOf", ()):
        return schema  # a time: text is free there already
    return None


def _loosened_scalar(schema: Schema) -> Schema:
    notes: Schema = {key: schema[key] for key in ("title", "default", "description") if key in schema}
    plain = {key: value for key, value in schema.items() if key not in notes}
    if "enum" in schema:
        return {**notes, "anyOf": [plain, {"type": "string", "pattern": r"\$\{"}]}
    if schema["type"] == "string":
        return {**notes, **_text(plain)}
    return {**notes, "anyOf": [plain, {"type": "string", "pattern": _NUMBER_TEXT}]}


def _text(plain: Schema) -> Schema:
    pattern = plain.get("pattern")
    if pattern is None:
        return {**plain, "type": _SCALAR_TYPES}
    if pattern == _NAME_PATTERN:
        return {"type": _SCALAR_TYPES, "pattern": r"^[^.]+$"}
    return {"type": "string", "pattern": rf"{pattern}|\$\{{"}


def _is_distribution(schema: Schema) -> bool:
    members = schema.get("anyOf")
    return isinstance(members, list) and {"additionalProperties": True, "type": "object"} in members


def _add_sections(root: Schema, definitions: Schema) -> None:
    """Add what a file may hold beside the fields of a line."""
    properties: Schema = root["properties"]
    properties["connections"]["items"] = {
        "anyOf": [
            {"$ref": "#/$defs/Connection"},
            {"type": "string", "pattern": "->", "description": "a chain: A -> B -> C"},
        ]
    }
    definitions["Buffer"]["properties"]["capacity"]["anyOf"].append({"enum": ["unlimited", "inf"]})
    properties["constants"] = {
        "type": "object",
        "description": "values that ${NAME} stands for elsewhere in the file",
        "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
    }
    sections: Schema = {}
    for kind, cls in DEFAULTS_FOR.items():
        section = copy.deepcopy(definitions[cls.__name__])
        section["properties"] = {
            key: value for key, value in section["properties"].items() if key not in {"name", "kind"}
        }
        section.pop("required")
        section["type"] = ["object", "null"]
        sections[kind] = section
    properties["defaults"] = {
        "type": ["object", "null"],
        "description": "values for the fields that an element, product, order, shift or group leaves out",
        "properties": sections,
        "additionalProperties": False,
    }
