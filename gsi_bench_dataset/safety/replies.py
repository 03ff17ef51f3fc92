"""Replies of servers: whole within a time, of a bounded size also when unpacked, and from the server that was asked.

Libraries bound a single read at most. A server that sends a byte a second, or that never ends, keeps them busy for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import http.client
import queue
import sys
import threading
import time
import urllib.request
import zlib
from collections.abc import Callable
from typing import Any

from gsi_bench_dataset.safety.keys import clean, is_loopback, origin
from gsi_bench_dataset.safety.proxies import open_url

__all__ = ["MAX_PICTURE_BYTES", "MAX_TEXT_BYTES", "ReplyProblemError", "Unpacker", "fetch", "limited_client"]

MAX_TEXT_BYTES = 16 * 2**20  # of a chat completion; a long one has some 100 kB
MAX_PICTURE_BYTES = 192 * 2**20  # of an image, or of a JSON text with one
_CHUNK = 1 << 18
_REDIRECTS = 5
_CONNECTIONS = 1024  # to a server on this machine: the highest number of requests at a time that an option takes
_READ_SECONDS = 60.0  # for a single read: how long a thread that is not waited for may stay


class ReplyProblemError(ValueError):
    """A reply that cannot be used: too long, too large, cut off, from elsewhere; the message names the server."""


def fetch(
    request: str | urllib.request.Request,
    *,
    most: int,
    seconds: float,
    arrived: Callable[[int, int | None], None] | None = None,
    direct: bool = False,
) -> bytes:
    """What lies at an http(s) address, whole. This machine is reached without a proxy.

    Args:
        request: the address; headers that must not go to another server are added as unredirected ones.
        most: bytes.
        seconds: for all of it: name, connection, redirects, every byte.
        arrived: called with every piece: its bytes, and how many there are in all where the server says so.
        direct: no proxy at all, for a server that is known to be on this machine whatever its address.

    Raises:
        OSError: as the system or urllib says.
        ReplyProblemError: too slow, too large, cut off, not HTTP, or another kind of address.
    """
    url = request if isinstance(request, str) else request.full_url
    if url.partition(":")[0].lower() not in ("http", "https"):
        raise ReplyProblemError(f"{clean(url)[:200]!r}: expected an address that begins with http:// or https://")
    result: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()
    stopping = threading.Event()

    def work() -> None:
        try:
            result.put(_read(request, most, seconds, stopping, arrived, direct=direct))
        except Exception as error:  # noqa: BLE001 - raised again by the one who waits
            result.put(error)

    # A thread, for a name's resolution and a server's headers have no deadline of their own.
    threading.Thread(target=work, name="fetch", daemon=True).start()
    try:
        found = result.get(timeout=seconds)
    except queue.Empty:
        raise ReplyProblemError(f"{clean(url)}: not all there within {seconds:g} s") from None
    finally:
        stopping.set()
    if isinstance(found, (http.client.HTTPException, UnicodeError)):
        raise ReplyProblemError(f"{clean(url)}: no answer as HTTP has it ({clean(repr(found))[:200]})") from found
    if isinstance(found, Exception):
        raise found
    return found


def _read(
    request: str | urllib.request.Request,
    most: int,
    seconds: float,
    stopping: threading.Event,
    arrived: Callable[[int, int | None], None] | None,
    *,
    direct: bool,
) -> bytes:
    url = clean(request if isinstance(request, str) else request.full_url)
    with contextlib.closing(open_url(request, seconds=min(seconds, _READ_SECONDS), direct=direct)) as response:
        said = str(response.headers.get("Content-Length") or "")
        total = int(said) if said.isdecimal() and len(said) < 20 else None
        if total is not None and total > most:
            raise ReplyProblemError(f"{url}: {total} bytes; at most {most} are taken")
        # What has arrived, not a full chunk, which a slow server would make last.
        read, data = getattr(response, "read1", response.read), bytearray()
        while not stopping.is_set() and (chunk := read(_CHUNK)):
            data += chunk
            if len(data) > most:
                raise ReplyProblemError(f"{url}: over {most} bytes; at most these are taken")
            if arrived is not None:
                arrived(len(chunk), total)
    if total is not None and len(data) < total:
        raise ReplyProblemError(f"{url}: cut off, {len(data)} of {total} bytes came")
    return bytes(data)


class Unpacker:
    """Takes a body apart as its `Content-Encoding` says, and never makes more bytes of it than allowed.

    >>> import gzip
    >>> Unpacker("gzip", 10, "it").whole([gzip.compress(b"text")])
    b'text'
    """

    def __init__(self, coding: str, most: int, name: str):
        self._most, self._name, self._taken, self._data = most, name, 0, bytearray()
        self._zipped = None
        if coding in ("gzip", "x-gzip", "deflate"):
            self._zipped = zlib.decompressobj(zlib.MAX_WBITS | 32)
        elif coding not in ("", "identity"):
            raise ReplyProblemError(f"{name}: is packed as {clean(coding)[:40]!r}; gzip, deflate and nothing were offered")

    def add(self, chunk: bytes) -> None:
        """The next piece.

        Raises:
            ReplyProblemError: too much, or not packed so.
        """
        self._taken += len(chunk)
        try:
            left = self._most + 1 - len(self._data)
            self._data += chunk if self._zipped is None else self._zipped.decompress(chunk, left)
        except zlib.error as error:
            raise ReplyProblemError(f"{self._name}: cannot be unpacked ({error})") from error
        # What cannot be packed grows a little; packed nothings may go on without an end.
        if len(self._data) > self._most or self._taken > self._most + self._most // 1000 + 1024:
            raise ReplyProblemError(f"{self._name}: over {self._most} bytes, unpacked; at most these are taken")

    def end(self) -> bytes:
        """All of it.

        Raises:
            ReplyProblemError: it is cut off.
        """
        if self._zipped is not None and self._taken and not self._zipped.eof:
            raise ReplyProblemError(f"{self._name}: is cut off")
        return bytes(self._data)

    def whole(self, chunks: list[bytes]) -> bytes:
        """All pieces at once; see `add` and `end`."""
        for chunk in chunks:
            self.add(chunk)
        return self.end()


def limited_client(client_class: type[Any], url: str, *, seconds: float, most: int) -> Any:
    """An asynchronous httpx client, for a library that takes one, with every reply bounded in time and size.

    It follows a redirect on the same server only: neither a key nor an image goes to another one. What exceeds a bound raises
    the client's own time-out, or `ReplyProblemError`. A server on this machine is reached without a proxy.

    Args:
        client_class: `httpx.AsyncClient` of whichever version the library brings, or a class of it.
        url: of the one server that it is for.
        seconds: for all of a reply: name, connection, redirects, every byte.
        most: bytes of a reply, unpacked.
    """
    base = next(kind for kind in client_class.__mro__ if kind.__name__ == "AsyncClient")
    httpx = sys.modules[base.__module__.partition(".")[0]]

    class LimitedClient(client_class):
        async def send(self, request: Any, **options: Any) -> Any:
            request.headers["Accept-Encoding"] = "gzip, deflate"  # what can be unpacked piece by piece
            try:
                async with asyncio.timeout(seconds):
                    response = await self._followed(request, options | {"stream": True, "follow_redirects": False})
                    try:
                        return await _whole(response, most)
                    finally:
                        with contextlib.suppress(httpx.HTTPError):
                            await response.aclose()
            except TimeoutError as error:
                raise httpx.ReadTimeout(f"not all there within {seconds:g} s", request=request) from error

        async def _followed(self, request: Any, options: dict[str, Any]) -> Any:
            first = str(request.url)
            for _ in range(_REDIRECTS + 1):
                try:
                    response = await super().send(request, **options)
                except httpx.InvalidURL as error:
                    raise ReplyProblemError(f"{clean(first)}: sends on to an address that is none") from error
                following = response.next_request
                if following is None:
                    return response
                await response.aclose()
                if origin(str(following.url)) != origin(first):
                    other = "{}://{}:{}".format(*origin(str(following.url)))
                    raise ReplyProblemError(
                        f"{clean(first)}: sends on to another server, {clean(other)[:200]}, to which neither key nor image "
                        "goes; give that server's address if you trust it"
                    )
                request = following
            raise ReplyProblemError(f"{clean(first)}: over {_REDIRECTS} redirects")

    if not is_loopback(url):
        return LimitedClient()
    # With a transport of its own the client looks for no proxy; certificates still come from where the environment says.
    return LimitedClient(transport=httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=_CONNECTIONS)))


async def _whole(response: Any, most: int) -> Any:
    """The same response with its body read and unpacked."""
    began, name = time.monotonic(), clean(str(response.request.url))
    body = Unpacker(response.headers.get("content-encoding", "").strip().lower(), most, name)
    async for chunk in response.aiter_raw():
        body.add(chunk)
    dropped = ("content-encoding", "content-length", "transfer-encoding")
    headers = [(key, value) for key, value in response.headers.multi_items() if key.lower() not in dropped]
    whole = type(response)(response.status_code, headers=headers, content=body.end(), request=response.request)
    whole.elapsed = datetime.timedelta(seconds=time.monotonic() - began)  # callers may ask for it
    return whole
