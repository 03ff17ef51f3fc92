"""An editor behind an endpoint of the OpenAI style: `POST <base URL>/images/edits`, hosted or on a server of one's own.

The official client does the talking: it waits and tries again on 429, 5xx and time-outs, as Retry-After says. The key comes
from the environment alone and is kept nowhere; which server gets it is said in `safety.keys`. Answers are bounded in time and
size.
"""

from __future__ import annotations

import asyncio
import base64
import sys
import threading
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image

from gsi_bench_dataset.reads import NOTHING
from gsi_bench_dataset.safety.keys import KeyProblemError, access, is_loopback
from gsi_bench_dataset.safety.parameters import refused_parameters, said_by
from gsi_bench_dataset.safety.proxies import proxy_problem
from gsi_bench_dataset.safety.replies import MAX_PICTURE_BYTES, ReplyProblemError, fetch, limited_client
from gsi_bench_metric.editors.base import EditError, EditorError, EditorOptions, EditRequest, as_picture, png_bytes, words_of

__all__ = ["OpenAIEditor"]

SEED = "{seed}"  # as the value of an option: the seed of the sample
_TRIES = 5
# What the client raises on an answer of another form: it builds its objects without a check. RuntimeError: nested without end.
_ODD = (ValueError, AttributeError, TypeError, LookupError, RuntimeError)


class OpenAIEditor:
    """Sends the source as PNG with the instruction, takes the first image of the answer."""

    reads = NOTHING

    def __init__(self, options: EditorOptions):
        if not options.model:
            raise EditorError("editor 'openai' needs --model: the name that the endpoint knows it by, such as gpt-image-1")
        if options.concurrency < 1:
            raise EditorError(f"--concurrency: expected 1 or more, found {options.concurrency}")
        try:
            import openai  # noqa: PLC0415 - optional
        except ImportError as error:
            raise EditorError(f"editor 'openai' needs the extra: pip install 'gsi-bench[editors]' ({error})") from error
        try:
            self._access = access(options.base_url, options.key_env, option="--base-url", key_option="--key-env")
        except KeyProblemError as error:
            raise EditorError(f"editor 'openai' {error}") from error
        if self._access.note:
            sys.stderr.write(f"note: {self._access.note}\n")
        problem = proxy_problem(self._access.url)
        if problem is not None:
            raise EditorError(f"editor 'openai' cannot reach {self._access.url}: {problem}")
        with self._access.alone():
            self._client = openai.AsyncOpenAI(
                api_key=self._access.key or "none",
                base_url=self._access.url,
                max_retries=_TRIES - 1,
                timeout=float(options.timeout),
                http_client=limited_client(
                    openai.DefaultAsyncHttpxClient, self._access.url, seconds=options.timeout, most=MAX_PICTURE_BYTES
                ),
            )
        # A loop of its own, for only there an answer's whole time can be bounded.
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="editor", daemon=True).start()
        weakref.finalize(self, self._loop.call_soon_threadsafe, self._loop.stop)
        self._model, self._options = options.model, dict(options.settings)
        self._left_out: list[str] = []
        self.concurrency, self._timeout = options.concurrency, options.timeout
        self.name = options.model.rsplit("/", 1)[-1]
        self.settings: Mapping[str, Any] = {
            "editor": "openai",
            "model": options.model,
            "endpoint": str(self._client.base_url),
            "settings": self._options,
            "seed_sent": SEED in self._options.values(),
        }

    @property
    def left_out(self) -> Sequence[str]:
        """Options that the endpoint does not take: its images are made without."""
        return tuple(self._left_out)

    def edit(self, request: EditRequest) -> Image.Image:
        """The endpoint's image; see `Editor.edit`."""
        import openai  # noqa: PLC0415

        try:
            answer = self._answer(request)
        except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
            variable = self._access.variable
            remedy = f"check the key in {variable}" if variable else "name the variable that holds its key by --key-env"
            raise EditorError(f"the endpoint refuses the key ({error.status_code}); {remedy}") from error
        except openai.NotFoundError as error:
            raise EditorError(
                f"no model {self._model!r} at {self.settings['endpoint']}, or no such route: {words_of(error)}"
            ) from error
        except openai.APIError as error:
            words = said_by(error)[1] if isinstance(error, openai.APIStatusError) else error
            raise EditError(f"the endpoint failed after {_TRIES} tries, or refused: {words_of(words)}") from error
        except ReplyProblemError as error:
            raise EditError(words_of(error)) from error
        except _ODD as error:  # no JSON, or JSON of another form
            raise EditError(f"the endpoint's answer cannot be read: {type(error).__name__}: {words_of(error)}") from error
        return as_picture(self._bytes(answer), "the endpoint's answer")

    def _answer(self, request: EditRequest) -> Any:
        """The endpoint's answer. An option that it refuses by name is left out, which is said once."""
        import openai  # noqa: PLC0415

        image = ("image.png", png_bytes(request.image), "image/png")
        while True:
            given = {name: value for name, value in self._options.items() if name not in self._left_out}
            body = {name: request.seed if value == SEED else value for name, value in given.items()}
            try:
                return self._asked(model=self._model, image=image, prompt=request.prompt, extra_body=body or None)
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                names = refused_parameters(*said_by(error), body)
                if not names:
                    raise
                self._leave_out(names)

    def _leave_out(self, names: Sequence[str]) -> None:
        for name in names:
            if name not in self._left_out:  # else another edit found it out at the same time
                self._left_out.append(name)
                sys.stderr.write(
                    f"note: {self._access.url} does not take {name!r}; it is left out, and the endpoint's own setting holds\n"
                )

    def _asked(self, **request: Any) -> Any:
        """The endpoint's answer, asked for in the loop; Ctrl-C drops it."""
        under_way = asyncio.run_coroutine_threadsafe(self._client.images.edit(**request), self._loop)
        try:
            return under_way.result()
        finally:
            under_way.cancel()

    def _bytes(self, answer: Any) -> bytes:
        """The first image of an answer, from its text or from where it says."""
        pictures = getattr(answer, "data", None)
        if not isinstance(pictures, list) or not pictures:
            raise EditError("the endpoint's answer holds no image")
        text, url = getattr(pictures[0], "b64_json", None), getattr(pictures[0], "url", None)
        if isinstance(text, str) and text:
            try:
                return base64.b64decode(text, validate=True)
            except ValueError as error:
                raise EditError(f"the endpoint's image is cut off or no base64 ({error})") from error
        if isinstance(url, str) and url:
            return self._download(url)
        raise EditError("the endpoint's answer holds neither b64_json nor url")

    def _download(self, url: str) -> bytes:
        # Without the key: images lie on other hosts.
        try:
            if is_loopback(url) and not is_loopback(self._access.url):
                raise EditError("the endpoint names an image on this machine, where it cannot have put one")
            return fetch(url, most=MAX_PICTURE_BYTES, seconds=self._timeout)
        except EditError:
            raise
        except (OSError, ValueError) as error:
            raise EditError(f"the image that the endpoint names cannot be fetched ({words_of(error)})") from error
