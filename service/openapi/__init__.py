"""The whole contract as an OpenAPI document: the response of `/schema/openapi.json`."""
