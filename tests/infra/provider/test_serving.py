"""A provider of many engines is stopped by none of them; one of an engine's own is."""

from __future__ import annotations

import asyncio

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2_grpc

from infra.provider.cloud import Cloud
from infra.provider.serving import start_server


@pytest.mark.parametrize(("shared", "stops"), [(True, False), (False, True)])
def test_an_engine_that_is_done_stops_only_a_provider_of_its_own(shared: bool, stops: bool) -> None:
    async def cancel(cloud: Cloud) -> None:
        server, port = await start_server(cloud, shared=shared)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            await provider_pb2_grpc.ResourceProviderStub(channel).Cancel(Empty())
        await server.stop(None)

    cloud = Cloud({})
    asyncio.run(cancel(cloud))
    assert cloud.stopping.is_set() is stops
