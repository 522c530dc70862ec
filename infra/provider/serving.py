"""The provider as a gRPC server: in a process of its own that an engine started, or in ours for the engines of many stacks.

In ours, the stacks of a run share one session, its token, its connections and what it has looked up; an engine is told the
port by Pulumi's ``PULUMI_DEBUG_PROVIDERS`` and starts no provider itself.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from importlib.metadata import version
from typing import Any

import grpc  # type: ignore[import-untyped]
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import provider_pb2_grpc

from infra.provider.cloud import Cloud
from infra.provider.engine import OneroofProvider
from infra.provider.failure import CloudError

ATTACH_VARIABLE = "PULUMI_DEBUG_PROVIDERS"
"""Where an engine looks for providers that run already: ``name:port``."""

_served: dict[tuple[tuple[str, str], ...], tuple[Cloud, int]] = {}
_serving = threading.Lock()


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

    async def Attach(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802 - gRPC's name and arguments
        """Serve one engine more."""
        return Empty()


class _SharedServicer(_Servicer):
    """Serves many engines: each cancels its provider when it is done, and none of the others may be stopped by that."""

    async def Cancel(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802 - gRPC's name and arguments
        """Carry on: whoever is interrupted says so with :func:`stop_waiting`."""
        return Empty()


async def start_server(cloud: Cloud, engine: str = "", *, shared: bool = False) -> tuple[Any, int]:
    """Start serving on a free port of this host, one engine or many; give the server and the port."""
    server = grpc.aio.server(options=_GRPC_CHANNEL_OPTIONS)
    kind = _SharedServicer if shared else _Servicer
    servicer = kind([], version("oneroof"), OneroofProvider(cloud), engine_address=engine)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return server, port


def attach(environment: Mapping[str, str]) -> dict[str, str]:
    """Give what makes an engine use the provider of this process, which is started for each environment once."""
    return {ATTACH_VARIABLE: f"oneroof:{_provider(environment)[1]}"}


def cloud_of(environment: Mapping[str, str]) -> Cloud:
    """Give the cloud as that provider works on it, with its session."""
    return _provider(environment)[0]


def stop_waiting() -> None:
    """Tell the providers of this process to stop waiting: what is under way ends at its next look."""
    with _serving:
        for cloud, _ in _served.values():
            cloud.stopping.set()


def _provider(environment: Mapping[str, str]) -> tuple[Cloud, int]:
    key = tuple(sorted(environment.items()))
    with _serving:
        if key not in _served:
            cloud = Cloud(environment)
            _served[key] = cloud, _serve_here(cloud)
        return _served[key]


def _serve_here(cloud: Cloud) -> int:
    port: Future[int] = Future()

    async def serve() -> None:
        try:
            server, number = await start_server(cloud, shared=True)
        except BaseException as error:
            port.set_exception(error)
            raise
        port.set_result(number)
        await server.wait_for_termination()

    # a daemon: what it does for an engine ends before the engine does, and engines are waited for
    threading.Thread(target=lambda: asyncio.run(serve()), name="provider", daemon=True).start()
    return port.result()
