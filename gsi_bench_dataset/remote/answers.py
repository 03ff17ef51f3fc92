"""What the Hub's client raises, in words: refusals, garbled answers, the system's errors; without tokens and other secrets."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gsi_bench_dataset.safety.files import FileProblemError, read_text
from gsi_bench_dataset.safety.keys import MASK, clean, key_problem, known
from gsi_bench_dataset.safety.proxies import proxy_problem
from gsi_bench_dataset.safety.system import system_problem

if TYPE_CHECKING:
    from huggingface_hub.errors import HfHubHTTPError

__all__ = ["HubError", "check_settings", "meaning_of", "without_secrets"]

_TOKEN_VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
_MAX_TOKEN_FILE = 64 * 2**10
# A server's page would fill the screen.
_MAX_WORDS = 400
_SIGNED = re.compile(r"(https?://[^\s?\"'<>]+\?)[^\s\"'<>]+")  # addresses of the store are signed


class HubError(ValueError):
    """The Hub has not what was asked for, or cannot be reached."""


def check_settings() -> None:
    """Looks at the Hub's address, the proxies and the token before anything is asked.

    The client itself would fail in its own words, which may hold the token.

    Raises:
        HubError: HF_ENDPOINT is no address, a proxy cannot be used, or the token holds what no token has.
    """
    problem = _address_problem(os.environ.get("HF_ENDPOINT"))
    if problem is not None:
        raise HubError(f"HF_ENDPOINT: {problem}; set it to an address such as https://huggingface.co, or unset it")
    from huggingface_hub import constants  # noqa: PLC0415 - only now: it takes HF_ENDPOINT as it is

    problem = None if constants.is_offline_mode() else proxy_problem(constants.ENDPOINT)
    if problem is not None:
        raise HubError(f"the Hub cannot be reached: {problem}")
    for place, token in _tokens()[:1]:
        problem = key_problem(token)
        if problem is not None:
            raise HubError(f"{place}: the token for the Hub {problem}; or log in with `hf auth login`")


def without_secrets(text: str) -> str:
    """A text without the token, passwords in addresses, and the signed part of addresses."""
    for _, token in _tokens():
        known(token)
    return clean(_SIGNED.sub(rf"\1{MASK}", text))


def meaning_of(error: Exception, kind: str) -> str:
    """What an error of the client means, and what to do."""
    from huggingface_hub import errors  # noqa: PLC0415

    advice = "check the name, log in with `hf auth login` for a private one, or give a local path"
    words = _words(error)
    if isinstance(error, errors.RevisionNotFoundError):
        return "no such branch, tag or commit"
    if isinstance(error, errors.GatedRepoError):  # a kind of RepositoryNotFoundError
        return "access must be asked for on its page; then log in with `hf auth login`"
    if isinstance(error, errors.RepositoryNotFoundError):
        return f"no such {kind} repository; {advice}"
    if isinstance(error, errors.HFValidationError):
        return f"no valid repository id ({words})"
    if isinstance(error, errors.HfHubHTTPError):
        return _refusal(error, advice)
    if isinstance(error, errors.LocalTokenNotFoundError):
        return "no token for the Hub; log in with `hf auth login` or set HF_TOKEN"
    if isinstance(error, errors.LocalEntryNotFoundError | errors.OfflineModeIsEnabled | errors.HTTPError | ConnectionError):
        return f"the Hub cannot be reached and nothing suitable is cached ({words}); {advice}"
    if isinstance(error, json.JSONDecodeError):  # a proxy's or a captive portal's page
        return f"the answer does not come from a Hub ({words}); check HF_ENDPOINT and the network"
    if isinstance(error, OSError):
        if error.errno is not None and (problem := system_problem(error)) is not None:
            return problem
        return f"the transfer failed ({words}); run the command again"  # fewer bytes than announced
    return (
        f"the Hub's answer is not what this version understands ({type(error).__name__}: {words}); check HF_ENDPOINT and the "
        "network, then run the command again"
    )


_SERVER_TROUBLE = 500


def _refusal(error: HfHubHTTPError, advice: str) -> str:
    """What an answer of the Hub that is an error means, and what to do."""
    status = 0 if error.response is None else error.response.status_code
    words = _words(error)
    if status in (401, 403):
        return f"the Hub refuses the token ({words}); log in with `hf auth login` with one that may do this"
    if status in (409, 412):
        return f"the repository was changed by others meanwhile ({words}); look at it, and run the command again"
    if status >= _SERVER_TROUBLE:
        return (
            f"the Hub is in trouble (HTTP {status}: {words}); run the command again later, what has arrived is not sent twice"
        )
    return f"the Hub answered {words}; {advice}, or try again later"


def _words(error: Exception) -> str:
    """The client's own words, which hold the server's: on one line, without secrets and control characters, not endless."""
    text = " ".join(without_secrets(str(error)).split())
    text = "".join(mark if mark.isprintable() else "?" for mark in text) or "without a word"
    return text if len(text) <= _MAX_WORDS else f"{text[: _MAX_WORDS - 1]}…"


def _tokens() -> list[tuple[str, str]]:
    """(where it is from, token), the one that the client takes first; one in a file without the line's end."""
    found = [(name, os.environ[name]) for name in _TOKEN_VARIABLES if os.environ.get(name, "").strip()]
    if found:
        return found
    from huggingface_hub import constants  # noqa: PLC0415 - only now: it takes HF_ENDPOINT as it is

    path = Path(constants.HF_TOKEN_PATH)
    try:
        token = read_text(path, _MAX_TOKEN_FILE).strip()
    except FileNotFoundError:
        return []
    except FileProblemError as error:
        raise HubError(f"the token for the Hub: {error}; log in with `hf auth login`") from error
    return [(str(path), token)] if token else []


def _address_problem(address: str | None) -> str | None:
    if address is None:
        return None
    if not address.isprintable() or not address.isascii() or " " in address:
        return "holds blanks, control characters or characters beyond ASCII"
    expected = f"expected an address of http or https, found {clean(address)[:100]!r}"
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:  # half a pair of brackets, a port that is no number
        return expected
    return expected if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment else None
