"""The executable ``pulumi-resource-oneroof``: started by the Pulumi engine, prints its port, serves until stopped."""

from __future__ import annotations

import asyncio
import signal
import sys

from infra.provider.cloud import Cloud
from infra.provider.serving import start_server


async def _serve(engine: str) -> None:
    server, port = await start_server(Cloud(), engine)
    print(port, flush=True)
    await server.wait_for_termination()


def main() -> None:
    """Serve the engine whose address is the last argument."""
    # Ctrl-C reaches the whole process group; the engine decides what is finished first, then ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(_serve(sys.argv[-1]))


if __name__ == "__main__":
    main()
