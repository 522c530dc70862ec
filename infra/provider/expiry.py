"""When objects of a container end by themselves: a lifecycle of the object store, which only its S3 API sets.

Swift's API knows an end for each object alone. A container is a bucket to S3, in the account of its project; what S3 asks is
signed with an access key of the provisioner in that project, made for the one request and taken back after it.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html (Ceph's gateway speaks it too)
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from infra.provider.cloud import Cloud
from infra.provider.failure import CloudError

_PAUSES = (0.2, 1.0, 3.0)
"""Seconds before it is asked once more: Ceph's gateway answers 500 where another process just wrote to the same bucket."""
_REGION, _SERVICE, _SUM = "default", "s3", "x-amz-content-sha256"
_XML = (
    '<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule><ID>oneroof</ID>'
    "<Filter><Prefix></Prefix></Filter><Status>Enabled</Status><Expiration><Days>{days}</Days></Expiration>"
    "</Rule></LifecycleConfiguration>"
)


def write_expiry(cloud: Cloud, project_id: str, container: str, days: int) -> None:
    """Have objects end ``days`` after they were written, 0 for never; raises :class:`CloudError` where it is refused."""
    endpoint = cloud.object_store
    if endpoint is None:
        raise CloudError("the cloud has no object store")
    door = urlsplit(endpoint)
    body = _XML.format(days=days).encode() if days else b""
    sums = {"content-md5": base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()} if days else {}
    with _access_key(cloud, project_id) as (access, secret):
        method, path = "PUT" if days else "DELETE", f"/{quote(container)}"
        address = f"{door.scheme}://{door.netloc}{path}?lifecycle"
        for pause in (*_PAUSES, None):
            now = datetime.now(UTC)
            headers = sign(method, door.netloc, path, "lifecycle=", body, sums, access=access, secret=secret, now=now)
            answer = cloud.admin.session.request(
                address, method, data=body, headers=headers, authenticated=False, raise_exc=False
            )
            if answer.status_code < 500 or pause is None:
                break
            time.sleep(pause)
    if answer.status_code >= 300:
        raise CloudError(
            f"the object store takes no lifecycle for it: HTTP {answer.status_code} {answer.text[:200]}".rstrip()
        )


def sign(
    method: str,
    host: str,
    path: str,
    query: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    access: str,
    secret: str,
    now: datetime,
    region: str = _REGION,
) -> dict[str, str]:
    """Give the headers of a request to S3 with its signature, version 4. Pure.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
    """
    stamp, total = now.strftime("%Y%m%dT%H%M%SZ"), hashlib.sha256(body).hexdigest()
    signed = {"host": host, "x-amz-date": stamp, _SUM: total, **headers}
    names = sorted(signed)
    lines = [method, path, query, *(f"{name}:{signed[name]}" for name in names), "", ";".join(names), total]
    scope = f"{stamp[:8]}/{region}/{_SERVICE}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256("\n".join(lines).encode()).hexdigest()])
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    told = f"AWS4-HMAC-SHA256 Credential={access}/{scope}, SignedHeaders={';'.join(names)}, Signature={signature}"
    return {name: value for name, value in signed.items() if name != "host"} | {"authorization": told}


@contextmanager
def _access_key(cloud: Cloud, project_id: str) -> Iterator[tuple[str, str]]:
    identity, user = cloud.admin.identity, cloud.admin.current_user_id
    answer = identity.post(f"/users/{user}/credentials/OS-EC2", json={"tenant_id": project_id})
    _raise_for(answer)
    made = answer.json()["credential"]
    try:
        yield made["access"], made["secret"]
    finally:
        identity.delete(f"/users/{user}/credentials/OS-EC2/{made['access']}")


def _raise_for(response: Any) -> None:
    from openstack.exceptions import raise_from_response

    raise_from_response(response)
