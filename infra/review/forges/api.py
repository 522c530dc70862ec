"""One forge's API over HTTP: the only place that sends anything to it, and the only one that holds the token.

Redirects are not followed: the token goes to the address that was told and to no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.util import Retry

from infra.review.request import ForgeError

_SECONDS = (10, 30)
_PAGE = 50
_MOST_PAGES = 200
# what may be asked again without harm, when the forge is busy or being restarted
_RETRY = Retry(total=4, backoff_factor=0.5, status_forcelist=(429, 502, 503, 504), allowed_methods=("GET",))

Json = Mapping[str, Any]


class _Token(AuthBase):
    """Sets the header itself: else a ``.netrc`` that is there for other reasons would win over it."""

    def __init__(self, header: str, value: str) -> None:
        self._header, self._value = header, value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers[self._header] = self._value
        return request


@dataclass(frozen=True)
class Api:
    """A forge's API, entered as one account."""

    address: str
    """Its root, such as ``https://forge.gov.example/api/v1``."""
    header: str
    """Name of the header that carries the token."""
    token: str = field(repr=False)
    """The header's value."""
    size: str = "limit"
    """Name of the parameter that says how many entries a page has."""
    authority: str | None = None
    """File with the certificate of the authority that signed the forge's; the machine's own authorities without."""
    session: requests.Session = field(default_factory=requests.Session, repr=False, compare=False)

    def __post_init__(self) -> None:
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, HTTPAdapter(max_retries=_RETRY))

    def get(self, path: str, **query: str | int) -> Any:
        """Read one thing."""
        return self._send("GET", path, query=query)

    def every(self, path: str, **query: str | int) -> Iterator[Any]:
        """Read a list, page by page."""
        for page in range(1, _MOST_PAGES + 1):
            entries = self._send("GET", path, query={**query, self.size: _PAGE, "page": page})
            yield from entries
            if len(entries) < _PAGE:
                return

    def post(self, path: str, body: Json) -> Any:
        """Make one thing."""
        return self._send("POST", path, body=body)

    def patch(self, path: str, body: Json) -> Any:
        """Change one thing."""
        return self._send("PATCH", path, body=body)

    def put(self, path: str, body: Json) -> Any:
        """Replace one thing."""
        return self._send("PUT", path, body=body)

    def delete(self, path: str) -> None:
        """Delete one thing; one that is gone already is no failure."""
        self._send("DELETE", path, gone_is_well=True)

    def _send(
        self, method: str, path: str, *, query: Json | None = None, body: Json | None = None, gone_is_well: bool = False
    ) -> Any:
        where = f"{method} {self.address}{path}"
        try:
            answer = self.session.request(
                method, f"{self.address}{path}", params=query, json=body, auth=_Token(self.header, self.token),
                timeout=_SECONDS, allow_redirects=False, verify=self.authority,
            )  # fmt: skip
        except requests.RequestException as error:
            raise ForgeError(f"{where}: {type(error).__name__}, the forge does not answer") from error
        if gone_is_well and answer.status_code == requests.codes.not_found:
            return None
        if not answer.ok or answer.is_redirect:
            raise ForgeError(f"{where}: {answer.status_code} {_said(answer)}".rstrip())
        try:
            return answer.json() if answer.content else None
        except ValueError as error:
            raise ForgeError(f"{where}: the answer is not JSON") from error


def _said(answer: requests.Response) -> str:
    """Give the forge's own word on a refusal, one line of it."""
    try:
        told = answer.json()
    except ValueError:
        return str(answer.reason or "")
    message = told.get("message") or told.get("error") if isinstance(told, dict) else ""
    return " ".join(str(message).split())[:200]
