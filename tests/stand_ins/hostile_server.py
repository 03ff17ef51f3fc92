"""A hostile server on this machine: slow or endless answers, packed bombs, redirects, echoed keys, odd shapes."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
import zlib


class HostileServer:
    """`act(server, connection, head)` answers each request; `heads`: the request lines and headers that arrived."""

    def __init__(self, act):
        self.act, self.heads, self.ended = act, [], threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self):
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self._listener.close()

    def _listen(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            try:
                head, _, body = self._received(connection).partition(b"\r\n\r\n")
                lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
                left = int(lengths[0]) - len(body) if lengths else 0
                while left > 0:
                    left -= len(connection.recv(min(left, 1 << 16)) or b"x" * left)
                self.heads.append(head.decode("latin-1"))
                self.act(self, connection, head)
            except OSError:
                return

    @staticmethod
    def _received(connection):
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(1 << 16)
            if not piece:
                break
            data += piece
        return data


def answer(connection, body, status="200 OK", kind="application/json", extra=""):
    """One whole answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{extra}\r\n"
    connection.sendall(head.encode("latin-1") + body)


def saying(value, status="200 OK"):
    """Answers with a JSON value, or with text as it is."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return lambda server, connection, head: answer(connection, body, status)


def echo(server, connection, head):
    """Answers 400 with all headers that came, the key among them."""
    answer(connection, json.dumps({"error": {"message": head.decode("latin-1")}}).encode(), "400 Bad Request")


def drip_headers(server, connection, head):
    """A header a byte at a time, without an end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-A: ")
    _drip(server, connection)


def drip_body(server, connection, head):
    """A body a byte at a time, without an end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{")
    _drip(server, connection)


def _drip(server, connection):
    while not server.ended.is_set():
        connection.sendall(b" ")
        time.sleep(0.02)


def endless(server, connection, head):
    """Chunks without an end, as fast as they are taken."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    piece = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    while not server.ended.is_set():
        connection.sendall(piece)


def endless_headers(server, connection, head):
    """Header lines without an end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not server.ended.is_set():
        connection.sendall(b"X-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 100)


def bomb(server, connection, head):
    """600 MB of blanks in 600 kB of gzip."""
    packer, pieces = zlib.compressobj(9, zlib.DEFLATED, 31), []
    pieces += [packer.compress(b" " * 2**20) for _ in range(600)]
    answer(connection, b"".join([*pieces, packer.flush()]), extra="Content-Encoding: gzip\r\n")


def cut_gzip(server, connection, head):
    """Half of a packed text."""
    answer(connection, gzip.compress(b'{"choices": []}')[:-9], extra="Content-Encoding: gzip\r\n")


def no_gzip(server, connection, head):
    """Declared as packed, but is not."""
    answer(connection, b"{}", extra="Content-Encoding: gzip\r\n")


def unknown_packing(server, connection, head):
    """Packed in a way that no request offered."""
    answer(connection, b"{}", extra="Content-Encoding: br\r\n")


def cut(server, connection, head):
    """Less than the headers promise."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{")


def no_http(server, connection, head):
    """Another protocol."""
    connection.sendall(b"220 mail.example ESMTP\r\n")


def loop(server, connection, head):
    """Redirects to itself."""
    answer(connection, b"", "307 Temporary Redirect", extra=f"Location: {server.url}/again\r\n")


def sending_on(target):
    """Redirects to another server."""
    return lambda server, connection, head: answer(connection, b"", "307 Temporary Redirect", extra=f"Location: {target}\r\n")


SLOW = {"drip headers": drip_headers, "drip body": drip_body}
LARGE = {"endless": endless, "bomb": bomb, "endless headers": endless_headers}
BROKEN = {"cut": cut, "cut gzip": cut_gzip, "no gzip": no_gzip, "unknown packing": unknown_packing, "no http": no_http}
BROKEN |= {"loop": loop}
