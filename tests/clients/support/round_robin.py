"""A load balancer as simple as can be: every HTTP request goes to the next server, whichever connection it came on."""

from __future__ import annotations

import http.client
import http.server
import itertools
import threading
from typing import Self

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


class _Quiet(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is no news."""


class RoundRobin:
    """Listens on a free port of the loopback address and counts what each server got."""

    def __init__(self, *addresses: str) -> None:
        self._next = itertools.cycle(addresses)
        self._turn = threading.Lock()
        self.requests = dict.fromkeys(addresses, 0)
        self.calls = dict.fromkeys(addresses, 0)
        balancer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                balancer.forward(self, body)

            do_GET = do_POST = do_DELETE = forward

            def log_message(self, *_: object) -> None:
                """Silent: pytest shows what failed."""

        self._server = _Quiet(("127.0.0.1", 0), Handler)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/mcp"

    def forward(self, client: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        """Sends one request on and its whole answer back."""
        with self._turn:
            address = next(self._next)
            self.requests[address] += 1
            self.calls[address] += b'"tools/call"' in body
        upstream = http.client.HTTPConnection(address, timeout=60)
        try:
            headers = {name: value for name, value in client.headers.items() if name.lower() not in HOP_BY_HOP}
            upstream.request(client.command, client.path, body=body, headers=headers)
            answer = upstream.getresponse()
            content = answer.read()
            client.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HOP_BY_HOP:
                    client.send_header(name, value)
            client.send_header("Content-Length", str(len(content)))
            client.end_headers()
            client.wfile.write(content)
        finally:
            upstream.close()
