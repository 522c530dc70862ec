"""Serve one OpenStack API with waitress and tell systemd when it answers.

Waitress rather than uWSGI: uWSGI's http-socket resets POSTs whose body the application did not read, waitress reads the
body first. It has no process model and no readiness, so both are here: processes share one listening socket, and
``READY=1`` is sent when every one of them has loaded the application, so that ``systemctl start`` means "it answers".
"""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import signal
import socket
import sys
import threading
import time
from typing import Any, NoReturn

STOP_SECONDS = 5


def notify_systemd(state: str) -> None:
    """Send a state such as ``READY=1`` to the service manager; nothing where there is none (sd_notify(3))."""
    if address := os.environ.get("NOTIFY_SOCKET"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.connect("\0" + address[1:] if address.startswith("@") else address)
            channel.sendall(state.encode())


def listening_socket(listen: str) -> socket.socket:
    """Open the socket ``HOST:PORT`` that all processes accept from."""
    host, port = listen.rsplit(":", 1)
    opened = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened.bind((host.strip("[]"), int(port)))
    opened.listen(1024)
    return opened


def stop() -> NoReturn:
    """Let the server answer what it has begun, but do not wait for threads of the application that never end."""

    def end() -> None:
        time.sleep(STOP_SECONDS)
        os._exit(0)

    threading.Thread(target=end, daemon=True).start()
    sys.exit(0)


def serve(arguments: argparse.Namespace, listener: socket.socket, ready: int | None) -> None:
    """Load the application, say so on the file descriptor ``ready`` or to systemd, and answer until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: stop())
    gc.disable()  # nothing of the half million objects that loading makes is garbage: a fifth of the time is saved
    waitress: Any = importlib.import_module("waitress")  # the parent of several processes needs neither
    application: Any = importlib.import_module(arguments.module).application
    gc.freeze()
    # With all that frozen, the collector takes what one request holds for all there is, and looks through it again and
    # again: a sixth of Neutron's processor time. Cycles are still found, only in larger heaps.
    gc.set_threshold(20_000, 50, 100)
    gc.enable()
    server = waitress.create_server(
        application,
        sockets=[listener],
        threads=arguments.threads,
        ident="",
        connection_limit=1000,
        asyncore_use_poll=True,
        max_request_body_size=arguments.body_limit,
        # HAProxy on this host ends TLS: links in answers must say https.
        trusted_proxy="127.0.0.1",
        trusted_proxy_headers={"x-forwarded-for", "x-forwarded-proto"},
    )
    if ready is None:
        notify_systemd("READY=1")
    else:
        os.write(ready, b".")
    server.run()


def serve_in_processes(arguments: argparse.Namespace, listener: socket.socket) -> NoReturn:
    """Serve in several processes; when one ends, all end, and systemd starts them anew."""
    reader, writer = os.pipe()
    children = []
    for _ in range(arguments.processes):
        if (child := os.fork()) == 0:
            os.close(reader)
            serve(arguments, listener, writer)
            sys.exit(0)
        children.append(child)
    os.close(writer)

    def stop_children(*_: object) -> None:
        for child in children:
            os.kill(child, signal.SIGTERM)
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop_children)
    loaded = 0
    while loaded < arguments.processes and (said := os.read(reader, arguments.processes)):
        loaded += len(said)
    if loaded == arguments.processes:
        notify_systemd("READY=1")
        ended, status = os.wait()
        children.remove(ended)
        print(f"process {ended} ended with status {status}", file=sys.stderr)
    for child in children:
        os.kill(child, signal.SIGTERM)
    sys.exit(1)


def main() -> None:
    """Read the command line, open the socket and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("module", help="module whose `application` is served, such as keystone.wsgi.api")
    parser.add_argument("listen", help="HOST:PORT")
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--body-limit", type=int, default=16 << 20, help="largest request body in bytes")
    arguments = parser.parse_args()
    sys.argv[1:] = []  # Cinder and Nova read the command line for options of their own
    os.environ["ASGI_WORKERS"] = str(arguments.processes)  # how Neutron learns it outside uWSGI and mod_wsgi
    listener = listening_socket(arguments.listen)
    if arguments.processes == 1:
        serve(arguments, listener, None)
    else:
        serve_in_processes(arguments, listener)


if __name__ == "__main__":
    main()
