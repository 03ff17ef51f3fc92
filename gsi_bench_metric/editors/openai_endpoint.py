"""An editor behind an endpoint of the OpenAI style: `POST <base URL>/images/edits`, hosted or on a server of one's own.

The official client does the talking: it waits and tries again on 429, 5xx and time-outs, as Retry-After says. The key comes
from the environment alone (OPENAI_API_KEY) and is kept nowhere.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from PIL import Image

from gsi_bench_metric.editors.base import EditError, EditorError, EditorOptions, EditRequest, as_picture, png_bytes

if TYPE_CHECKING:
    import openai

__all__ = ["OpenAIEditor"]

SEED = "{seed}"  # as the value of an option: the seed of the sample
_TRIES = 5
_KEY = "OPENAI_API_KEY"


class OpenAIEditor:
    """Sends the source as PNG with the instruction, takes the first picture of the answer."""

    def __init__(self, options: EditorOptions):
        if not options.model:
            raise EditorError("editor 'openai' needs --model: the name that the endpoint knows it by, such as gpt-image-1")
        if options.concurrency < 1:
            raise EditorError(f"--concurrency: expected 1 or more, found {options.concurrency}")
        self._client = _client(options)
        self._model, self._options = options.model, dict(options.settings)
        self.concurrency, self._timeout = options.concurrency, options.timeout
        self.name = options.model.rsplit("/", 1)[-1]
        self.settings: Mapping[str, Any] = {
            "editor": "openai",
            "model": options.model,
            "endpoint": _without_secrets(str(self._client.base_url)),
            "settings": self._options,
            "seed_sent": SEED in self._options.values(),
        }

    def edit(self, request: EditRequest) -> Image.Image:
        """The endpoint's picture; see `Editor.edit`."""
        import openai  # noqa: PLC0415

        body = {name: request.seed if value == SEED else value for name, value in self._options.items()}
        try:
            answer = self._client.images.edit(
                model=self._model,
                image=(f"{request.sample.id}.png", png_bytes(request.image), "image/png"),
                prompt=request.prompt,
                extra_body=body or None,
            )
        except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
            raise EditorError(f"the endpoint refuses the key ({error.status_code}); set {_KEY}") from error
        except openai.NotFoundError as error:
            raise EditorError(f"no model {self._model!r} at {self.settings['endpoint']}, or no such route: {error}") from error
        except openai.APIError as error:
            raise EditError(f"the endpoint failed after {_TRIES} tries, or refused: {error}") from error
        except ValueError as error:  # an answer that is no JSON
            raise EditError(f"the endpoint's answer cannot be read: {error}") from error
        return as_picture(self._bytes(answer), "the endpoint's answer")

    def _bytes(self, answer: Any) -> bytes:
        """The first picture of an answer, from its text or from where it says."""
        pictures = getattr(answer, "data", None)
        if not pictures:
            raise EditError("the endpoint's answer holds no picture")
        first = pictures[0]
        if first.b64_json:
            try:
                return base64.b64decode(first.b64_json, validate=True)
            except ValueError as error:
                raise EditError(f"the endpoint's picture is cut off or no base64 ({error})") from error
        if first.url:
            return self._download(first.url)
        raise EditError("the endpoint's answer holds neither b64_json nor url")

    def _download(self, url: str) -> bytes:
        import urllib.error  # noqa: PLC0415
        import urllib.request  # noqa: PLC0415

        if urlsplit(url).scheme not in ("http", "https"):
            raise EditError(f"the endpoint names a picture at {urlsplit(url).scheme}:, expected http or https")
        try:
            # Without the key: pictures lie on other hosts.
            with urllib.request.urlopen(url, timeout=self._timeout) as stream:
                return bytes(stream.read())
        except (urllib.error.URLError, OSError) as error:
            raise EditError(f"the picture that the endpoint names cannot be fetched ({error})") from error


def _client(options: EditorOptions) -> openai.OpenAI:
    try:
        import openai  # noqa: PLC0415 - optional
    except ImportError as error:
        raise EditorError(f"editor 'openai' needs the extra: pip install 'gsi-bench[editors]' ({error})") from error
    key = os.environ.get(_KEY)
    if not key and not options.base_url:
        raise EditorError(f"editor 'openai' needs {_KEY} in the environment, or --base-url of a server that asks for none")
    return openai.OpenAI(
        api_key=key or "none", base_url=options.base_url, max_retries=_TRIES - 1, timeout=float(options.timeout)
    )


def _without_secrets(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()
