"""Serves the page that annotates a folder: on this machine, to its own page only, until it is stopped."""

from __future__ import annotations

import hmac
import html
import ipaddress
import json
import secrets
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gsi_bench_dataset.safety.names import printable
from gsi_bench_dataset.safety.system import system_problem
from gsi_bench_space.annotating.keeping import Rights
from gsi_bench_space.annotating.marks import MarkError
from gsi_bench_space.annotating.session import AnnotateError, Session
from gsi_bench_space.own.masking import Tools, find_segmenter

__all__ = ["PORT", "AnnotateServer", "serve"]

PORT = 7870
_MOST_BYTES = 64 * 1024  # of what the page sends: a step and a few numbers
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class AnnotateServer(ThreadingHTTPServer):
    """The page of a session.

    Args:
        session: that it shows and changes.
        host: address to listen on; what is no loopback address is answered to whoever can reach it.
        port: 0: any that is free.

    Raises:
        AnnotateError: the address cannot be listened on.
    """

    daemon_threads = True

    def __init__(self, session: Session, host: str = "127.0.0.1", port: int = PORT):
        self.session, self.token, self.host = session, secrets.token_urlsafe(24), host
        try:
            super().__init__((host, port), _Handler)
        except (OSError, ValueError, OverflowError) as error:
            reason = system_problem(error) if isinstance(error, OSError) else str(error)
            raise AnnotateError(f"{printable(host)}:{port}: {reason or error}; choose another --port or --host") from error

    @property
    def address(self) -> str:
        """Where the page is."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "") else self.host
        return f"http://{host}:{self.server_address[1]}/"

    def page(self) -> bytes:
        """The page, with the token that its requests carry."""
        folder = files(__package__)
        parts = {name: folder.joinpath(f"page.{name}").read_text(encoding="utf-8") for name in ("html", "css", "js")}
        start = json.dumps({"token": self.token, "count": len(self.session.files)}).replace("<", "\\u003c")
        text = parts["html"].replace("{{ css }}", parts["css"]).replace("{{ js }}", parts["js"]).replace("{{ start }}", start)
        return text.replace("{{ folder }}", html.escape(self.session.folder.name or "photographs")).encode("utf-8")

    def knows(self, host: str | None) -> bool:
        """Whether a request's Host is this server's: another name that leads here is another site's page."""
        try:
            name = urlsplit(f"//{host or ''}").hostname
        except ValueError:  # such as "["
            return False
        if name is None:
            return False
        if name in (*_LOOPBACK, self.host):
            return True
        try:  # told to listen on all addresses: then by number only
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return self.host not in _LOOPBACK

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of a page that was left before its answer came; all else is a fault of this program."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: AnnotateServer
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self) -> None:
        if not self._known():
            return
        path, _, query = self.path.partition("?")
        if path == "/":
            self._send(HTTPStatus.OK, self.server.page(), "text/html; charset=utf-8")
        elif path.startswith("/image/") and self._authorised(query.partition("&")[0].removeprefix("token=")):
            self._image(path.removeprefix("/image/"))
        else:
            self._send(HTTPStatus.NOT_FOUND, b"nothing here", "text/plain")

    def do_POST(self) -> None:
        if not self._known():
            return
        if not self._authorised(self.headers.get("X-Token", "")):
            self._send(HTTPStatus.FORBIDDEN, b"not asked by the page", "text/plain")
            return
        if self.path != "/do":
            self._send(HTTPStatus.NOT_FOUND, b"nothing here", "text/plain")
            return
        asked = self._body()
        if asked is None:
            self._send(HTTPStatus.BAD_REQUEST, b"expected a JSON object of a step", "text/plain")
            return
        self._answer(asked)

    def _answer(self, asked: dict[str, Any]) -> None:
        session, number, what = self.server.session, asked.get("number", -1), asked.get("what")
        try:
            if what == "show":
                found = session.state(number, asked.get("id"))
            elif what == "try":
                found = session.try_drag(number, asked)
            else:
                found = session.do(number, str(what), asked)
        except MarkError as error:
            found = {"message": str(error)}
        self._send(HTTPStatus.OK, json.dumps(found).encode("utf-8"), "application/json")

    def _image(self, text: str) -> None:
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else -1
        try:
            content = self.server.session.image(number)
        except (MarkError, ValueError, OSError):
            self._send(HTTPStatus.NOT_FOUND, b"no such photograph", "text/plain")
            return
        self._send(HTTPStatus.OK, content, "image/png")

    def _body(self) -> dict[str, Any] | None:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit() and len(length) < 9 and int(length) <= _MOST_BYTES):
            return None
        try:
            found = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    def _known(self) -> bool:
        if self.server.knows(self.headers.get("Host")):
            return True
        self._send(HTTPStatus.FORBIDDEN, b"another name than this page's", "text/plain")
        return False

    def _authorised(self, token: str) -> bool:
        return hmac.compare_digest(token.encode("utf-8", "replace"), self.server.token.encode())

    def _send(self, status: HTTPStatus, content: bytes, kind: str) -> None:
        self.send_response(status)
        if status is not HTTPStatus.OK:  # a body may not have been read: none of it may be taken for the next request
            self.send_header("Connection", "close")
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(content))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
            ("Referrer-Policy", "no-referrer"),
            (
                "Content-Security-Policy",
                "default-src 'none'; img-src 'self' data:; connect-src 'self'; style-src 'unsafe-inline'; "
                "script-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
            ),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """Says nothing: a page that is dragged on asks many times a second."""


def serve(folder: Path, out: Path, rights: Rights, masks: str, host: str, port: int, say: Any) -> None:  # noqa: PLR0917
    """Serves the page until it is interrupted.

    Raises:
        AnnotateError: no photographs, or an address that cannot be listened on.
        SeeingError, DeviceError: no such segmenter.
        BoxesFileError, FileProblemError: the boxes.json that is there cannot be read.
    """
    session = Session(folder, out, Tools(None if masks == "none" else find_segmenter(masks)), rights)
    with AnnotateServer(session, host, port) as server:
        say(f"{len(session.files)} photographs; the page is at {server.address} - Ctrl-C ends it")
        say(f"saved after every change: {out}")
        server.serve_forever(poll_interval=0.1)
