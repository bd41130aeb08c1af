"""HTTP clients of tests."""

import ssl
from collections.abc import Mapping

import httpx

_NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Tests call `http://` only. A client of its own would read the system's authorities: 40 ms, longer than most tests."""

_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20)
"""Those of httpx."""


def http_client(
    base_url: httpx.URL | str = "",
    *,
    headers: Mapping[str, str] | None = None,
    timeout: float = 5.0,
    limits: httpx.Limits = _LIMITS,
) -> httpx.AsyncClient:
    """A client of an HTTP API. `timeout` is in seconds."""
    return httpx.AsyncClient(base_url=base_url, headers=headers, timeout=timeout, limits=limits, verify=_NO_AUTHORITIES)
