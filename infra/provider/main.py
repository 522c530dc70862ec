"""The executable ``pulumi-resource-oneroof``: started by the Pulumi engine, prints its port, serves until stopped."""

from __future__ import annotations

import asyncio
import signal
import sys
from importlib.metadata import version
from typing import Any

import grpc  # type: ignore[import-untyped]
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import provider_pb2_grpc

from infra.provider.cloud import Cloud
from infra.provider.engine import OneroofProvider
from infra.provider.failure import CloudError


def _told(method: Any) -> Any:
    async def call(self: ProviderServicer, request: Any, context: Any) -> Any:
        try:
            return await method(self, request, context)
        except CloudError as failure:
            return await context.abort(grpc.StatusCode.UNKNOWN, str(failure))

    return call


class _Servicer(ProviderServicer):
    """Ends a call that the cloud refused with one sentence instead of a trace."""

    Diff = _told(ProviderServicer.Diff)
    Create = _told(ProviderServicer.Create)
    Read = _told(ProviderServicer.Read)
    Update = _told(ProviderServicer.Update)
    Delete = _told(ProviderServicer.Delete)


async def _serve(engine: str) -> None:
    server = grpc.aio.server(options=_GRPC_CHANNEL_OPTIONS)
    servicer = _Servicer(sys.argv[1:], version("oneroof"), OneroofProvider(Cloud()), engine_address=engine)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()


def main() -> None:
    """Serve the engine whose address is the last argument."""
    # Ctrl-C reaches the whole process group; the engine decides what is finished first, then ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(_serve(sys.argv[-1]))


if __name__ == "__main__":
    main()
