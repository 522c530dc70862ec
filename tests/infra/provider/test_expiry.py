"""Signatures of requests to S3: those of AWS's own example."""

from __future__ import annotations

from datetime import UTC, datetime

from infra.provider.expiry import sign


def test_the_example_of_the_documentation_is_signed_as_it_says() -> None:
    # GET ?lifecycle of https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
    headers = sign(
        "GET", "examplebucket.s3.amazonaws.com", "/", "lifecycle=", b"", {},
        access="AKIAIOSFODNN7EXAMPLE", secret="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",  # noqa: S106 - the documentation's
        now=datetime(2013, 5, 24, tzinfo=UTC), region="us-east-1",
    )  # fmt: skip
    assert headers["authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
        "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
        "Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
    )
