"""The JSON schema that editors use while a declaration is written, generated from the model."""

from __future__ import annotations

import json
from pathlib import Path

from tenants.declaration.model import Department

SCHEMA_FILE = Path(__file__).with_name("schema.json")


def render_schema() -> str:
    """Give the schema of a department's declaration as text, the same on every run."""
    schema = Department.model_json_schema(by_alias=True)
    # a quota may be written as its class alone, which a validator turns into a mapping
    quota = schema["$defs"]["Project"]["properties"]["quota"]
    quota["anyOf"] = [{"$ref": quota.pop("$ref")}, {"type": "string"}]
    rule = schema["$defs"]["SecurityRule"]["properties"]["ports"]
    rule.pop("type")
    rule["anyOf"] = [{"type": "string"}, {"type": "integer", "minimum": 1, "maximum": 65535}]
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps(schema, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
