"""What the cloud refused, as one sentence that names the service's request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class CloudError(Exception):
    """The cloud did not do what was asked; the message is one sentence for people."""


def describe_failure(error: Exception) -> str:
    """Give what an openstacksdk or keystoneauth exception says: the service's words, HTTP status and request id."""
    response = getattr(error, "response", None)
    words = _service_words(response) or str(getattr(error, "details", "") or error)
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", words)).strip().rstrip(".")
    status = getattr(error, "http_status", None) or getattr(error, "status_code", None)
    request = getattr(error, "request_id", None) or _header(response, "x-openstack-request-id")
    facts = [f"HTTP {status}"] if status else []
    facts += [f"request {request}"] if request else []
    return words + (f" ({', '.join(facts)})" if facts else "")


def _header(response: Any, name: str) -> str:
    return str(response.headers.get(name, "")) if response is not None else ""


def _service_words(response: Any) -> str:
    """Give the message in a service's JSON error, whatever key that service wraps it in."""
    if response is None:
        return ""
    try:
        body = json.loads(response.text)
    except ValueError:
        return ""
    queue = [body]
    while queue:
        item = queue.pop(0)
        if isinstance(item, dict):
            if isinstance(item.get("message"), str):
                return str(item["message"])
            if isinstance(item.get("detail"), str):
                return str(item["detail"])
            queue += item.values()
        elif isinstance(item, list):
            queue += item
    return ""


@contextmanager
def as_cloud_error() -> Iterator[None]:
    """Turn whatever the cloud refuses inside into a :class:`CloudError`."""
    from keystoneauth1.exceptions import ClientException
    from openstack.exceptions import SDKException

    try:
        yield
    except (SDKException, ClientException) as error:
        raise CloudError(describe_failure(error)) from error
