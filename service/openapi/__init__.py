"""The whole contract as an OpenAPI document: what `/schema/openapi.json` answers with."""
