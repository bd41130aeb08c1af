"""JSON Schema as Python data: references, and the shapes that msgspec generates in the form that clients read best."""

from typing import Any

Json = dict[str, Any]

_NULL: Json = {"type": "null"}


def reference(name: str, kind: str = "schemas") -> Json:
    """A reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def in_components(schema: Json, names: dict[str, str]) -> Json:
    """The schema of a field, with references to components. `names` maps the generator's names to the document's.

    A field that may be null has both types in one list. Some generators of clients read nothing beside a reference
    but a description, so there a default is left out, and so is null.
    """
    schema = _without_choice(schema)
    if "$ref" in schema:
        described = {"description": schema["description"]} if "description" in schema else {}
        generated: str = schema["$ref"]
        return {**reference(names.get(generated, generated)), **described}
    found = {name: part for name, part in schema.items() if name != "default" or part is not None}
    if "items" in found:
        found["items"] = in_components(found["items"], names)
    return found


def _without_choice(schema: Json) -> Json:
    """A choice between one schema and null as one schema. Any other schema is returned as it is."""
    choices = schema.get("anyOf", [])
    if len(choices) != 2 or choices[1] != _NULL:
        return schema
    outer = {name: part for name, part in schema.items() if name != "anyOf"}
    inner = choices[0] if "$ref" in choices[0] else {**choices[0], "type": [choices[0]["type"], "null"]}
    return {**outer, **inner}


def is_described(schema: Json) -> bool:
    """Whether a field has a description, or refers to a component that has one."""
    return "description" in schema or "$ref" in schema or "$ref" in schema.get("items", {})
