"""A server that misbehaves: every way in which an answer over HTTP can be wrong, by name."""

from __future__ import annotations

import contextlib
import gzip
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["BEHAVIOURS", "HostileServer", "serving"]

DRIP_SECONDS = 0.05
_LONG = 2**16

# Name -> (status, headers, body). What needs more than that is a method of the handler.
_ANSWERS: dict[str, tuple[int, dict[str, str], bytes]] = {
    "empty": (200, {}, b""),
    "garbage": (200, {"Content-Type": "application/json"}, bytes(range(256)) * 16),
    "a sign-in page": (200, {"Content-Type": "text/html"}, b"<!DOCTYPE html><html><body>Sign in</body></html>"),
    "null": (200, {"Content-Type": "application/json"}, b"null"),
    "a list": (200, {"Content-Type": "application/json"}, b"[]"),
    "a number": (200, {"Content-Type": "application/json"}, b"1e999"),
    "other JSON": (
        200,
        {"Content-Type": "application/json"},
        b'{"choices": [{"message": null}], "data": [null], "siblings": 3}',
    ),
    "deep JSON": (200, {"Content-Type": "application/json"}, b"[" * 100_000),
    "half of JSON": (200, {"Content-Type": "application/json"}, b'{"choices": [{"mess'),
    "no UTF-8": (200, {"Content-Type": "application/json"}, b'{"a": "\xff\xfe"}'),
    "escapes": (500, {"Content-Type": "text/plain"}, b"\x1b]0;title\x07\x1b[2J\r\x00"),
    "a bomb": (200, {"Content-Encoding": "gzip", "Content-Type": "application/json"}, gzip.compress(bytes(2**26))),
    "no gzip": (200, {"Content-Encoding": "gzip", "Content-Type": "application/json"}, b"not gzip"),
    "401": (401, {"Content-Type": "application/json"}, b'{"error": "no"}'),
    "404": (404, {}, b""),
    "418": (418, {}, b"a teapot"),
    "429": (429, {"Retry-After": "0"}, b""),
    "429 for a year": (429, {"Retry-After": "31536000"}, b""),
    "500": (500, {}, b"x" * 100_000),
    "503": (503, {}, b""),
    "204": (204, {}, b""),
}
_METHODS = ("endless", "drip", "cut", "loop", "to a file", "closed", "echo", "a wrong length", "many headers")
BEHAVIOURS: tuple[str, ...] = (*_ANSWERS, *_METHODS)


class HostileServer(ThreadingHTTPServer):
    """Answers every request in one way, `behaviour`; `requests` are the lines that arrived."""

    daemon_threads = True

    def __init__(self, behaviour: str):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behaviour, self.requests, self.stopped = behaviour, [], threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is nothing to print."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HostileServer

    def log_message(self, *_: Any) -> None:
        """Nothing on stderr."""

    def handle_any(self) -> None:
        """One request."""
        self.server.requests.append(f"{self.command} {self.path}")
        sent = self.rfile.read(min(int(self.headers.get("Content-Length", 0) or 0), 2**24))
        self.close_connection = True
        if self.server.behaviour in _ANSWERS:
            status, headers, body = _ANSWERS[self.server.behaviour]
            self.answer(status, {**headers, "Content-Length": str(len(body))}, body)
            return
        getattr(self, self.server.behaviour.replace(" ", "_"))(sent)

    do_GET = do_HEAD = do_POST = do_PUT = handle_any  # noqa: N815

    def answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        """Sends status, headers and body as they are."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def endless(self, sent: bytes) -> None:
        """A body without an end."""
        self.answer(200, {"Content-Type": "application/json"}, b'{"a": "')
        while not self.server.stopped.is_set():
            self.wfile.write(b"a" * _LONG)

    def drip(self, sent: bytes) -> None:
        """A byte now and then: no pause is long enough for a time limit on pauses."""
        self.answer(200, {"Content-Type": "application/json", "Content-Length": "1000000"})
        while not self.server.stopped.is_set():
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(DRIP_SECONDS)

    def cut(self, sent: bytes) -> None:
        """Less than was announced."""
        self.answer(200, {"Content-Type": "application/json", "Content-Length": "100000"}, b'{"a": 1')

    def loop(self, sent: bytes) -> None:
        """A redirect to itself."""
        self.answer(302, {"Location": self.path, "Content-Length": "0"})

    def to_a_file(self, sent: bytes) -> None:
        """A redirect to what is no web address."""
        self.answer(302, {"Location": "file:///etc/passwd", "Content-Length": "0"})

    def closed(self, sent: bytes) -> None:
        """Nothing at all."""
        self.connection.close()

    def echo(self, sent: bytes) -> None:
        """Everything that was sent, the key too, in the text of an error."""
        seen = {"error": {"message": f"{dict(self.headers)} {sent[:500]!r}"}}
        body = json.dumps(seen).encode()
        self.answer(400, {"Content-Type": "application/json", "Content-Length": str(len(body))}, body)

    def a_wrong_length(self, sent: bytes) -> None:
        """A length that is no number."""
        self.answer(200, {"Content-Length": "many"}, b"{}")

    def many_headers(self, sent: bytes) -> None:
        """More headers than a client takes."""
        self.answer(200, {f"X-{i}": "x" * 500 for i in range(2000)}, b"{}")


@contextlib.contextmanager
def serving(behaviour: str) -> Iterator[HostileServer]:
    """A server that behaves so while the block runs."""
    with HostileServer(behaviour) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.stopped.set()
            server.shutdown()
            thread.join()
