"""How large a request may be, and what is answered when the web server itself fails on one."""

from __future__ import annotations

import json
import logging
from typing import Any

__all__ = ["BodyLimit"]

logger = logging.getLogger(__name__)

_TOO_LARGE = "The request is larger than {most} MB; it was not read."
_NOT_UNDERSTOOD = "The request was not understood; the page View API says what is expected."


class _TooLargeError(Exception):
    """The body is larger than allowed."""


class BodyLimit:
    """ASGI middleware: a body of more than `most` bytes is refused, said beforehand or not; an unknown call gets a sentence.

    Gradio limits each uploaded file; neither how many come in one request, nor what is sent as JSON.
    """

    def __init__(self, app: Any, most: int):
        self._app, self._most = app, most

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Passes a request on, as far as it may go."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not declared.isdigit() or int(declared[:19]) > self._most:
            await self._refuse(send)
            return
        taken, started = 0, False

        async def counted() -> Any:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._most:
                raise _TooLargeError
            return message

        async def noted(message: Any) -> None:
            nonlocal started
            if taken > self._most and not started:
                started = True  # what the app makes of a cut body is not what is wrong with it
                await self._refuse(send)
            elif taken <= self._most:
                started = True
                await send(message)

        try:
            await self._app(scope, counted, noted)
        except Exception as error:
            if started and taken > self._most:
                return
            if started:
                raise
            if taken > self._most:
                await self._refuse(send)
                return
            logger.error("a request failed: %s", scope["path"][:200], exc_info=error)
            await _answer(send, 400, _NOT_UNDERSTOOD)

    async def _refuse(self, send: Any) -> None:
        await _answer(send, 413, _TOO_LARGE.format(most=self._most // 2**20))


async def _answer(send: Any, status: int, text: str) -> None:
    body = json.dumps({"detail": text, "error": text}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
