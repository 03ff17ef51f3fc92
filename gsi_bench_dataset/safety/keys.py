"""Keys: read from the environment alone, checked, sent to the one server that they were made for, and shown nowhere.

Whatever is printed, logged or stored and may hold words from outside goes through `clean`.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import html
import ipaddress
import json
import os
import re
import socket
import urllib.parse
from collections.abc import Iterator
from typing import Any

from gsi_bench_dataset.safety.environment import environment_with

__all__ = [
    "MASK",
    "OPENAI_KEY",
    "OPENAI_URL",
    "Access",
    "KeyProblemError",
    "access",
    "address_problems",
    "clean",
    "clean_json",
    "for_console",
    "is_loopback",
    "key_problem",
    "known",
    "origin",
    "read_key",
]

OPENAI_URL = "https://api.openai.com/v1"
OPENAI_KEY, _OPENAI_ADDRESS = "OPENAI_API_KEY", "OPENAI_BASE_URL"
_FURTHER = (
    "OPENAI_ADMIN_KEY",
    "OPENAI_CUSTOM_HEADERS",
    "OPENAI_ORG_ID",
    "OPENAI_PROJECT_ID",
    "OPENAI_WEBHOOK_SECRET",
)
MASK, _KNOWN_MASK = "***", "[key]"
_MOST_KEY = 8192  # servers take no longer header
_FRAGMENT = 8  # this many letters of a key in a row are a part of it, not chance
_SHORTEST = 4

_secrets: set[str] = set()
_SECRET_VARIABLE = re.compile(r"(?:^|_)(?:API_?KEY|TOKEN|SECRET|PASSWORD|SECRET_ACCESS_KEY)$", re.IGNORECASE)
_SECRET_NAME = re.compile(r"(?:^|[-_])(?:api[-_]?key|token|secret|password|passwd|authorization)$", re.IGNORECASE)
# Other letters' lower case may be longer than they are: only these keep every place where it is.
_LOW = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}

_WRITTEN_OUT = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}

_NAMES = r"(?:api[-_]?key|apikey|access[-_]?token|auth[-_]?token|token|secret|password|passwd|pwd|signature|sig|x-amz-[a-z-]+)"
_PATTERNS = (
    (re.compile(r"(?<=://)[^\s/?#\"'<>]+@"), f"{MASK}@"),
    (re.compile(r"\b(bearer(?:\s|%20|\+){1,4})[A-Za-z0-9._~+/=%*-]{8,}", re.IGNORECASE), rf"\1{MASK}"),
    (
        re.compile(r"\b(authorization[\"']?\s{0,4}[:=]\s{0,4}[\"']?(?:basic|token|digest)\s{1,4})[^\s\"',}]+", re.IGNORECASE),
        rf"\1{MASK}",
    ),
    (re.compile(rf"([?&;]{_NAMES}=)[^\s&#\"'<>]+", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(r"((?:api_?key|token|secret|password)=)[^\s&\"',;)]{4,}", re.IGNORECASE), rf"\1{MASK}"),
    (
        re.compile(r"(api[-_ ]?key[\"']?\s{0,4}:\s{0,4}[\"']?)(?=[^\s\"',}]{0,200}\d)[^\s\"',}]{8,}", re.IGNORECASE),
        rf"\1{MASK}",
    ),
    (re.compile(r"(?<![A-Za-z0-9])sk-[A-Za-z0-9_*-]{0,200}(?:\.{3}|…|[A-Za-z0-9_*-]{8})[A-Za-z0-9_*-]*"), MASK),
    (re.compile(r"(?<![A-Za-z0-9])hf_(?=[A-Za-z]{0,20}\d|[A-Za-z0-9]{16})[A-Za-z0-9]{8,}"), MASK),
    (re.compile(r"(?<![A-Za-z0-9])(?:gh[opusr]_|github_pat_|glpat-|xox[abps]-)[A-Za-z0-9_-]{16,}"), MASK),
    (re.compile(r"(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{30,}|(?<![A-Za-z0-9])AKIA[A-Z0-9]{16}"), MASK),
    (re.compile(r"(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"), MASK),
)


class KeyProblemError(ValueError):
    """A key that cannot be used, or a server that it must not go to; the message shows nothing of the key."""


def known(secret: str | None) -> None:
    """From now on, `clean` takes this secret out of every text. Words that are too short to be a key are left alone."""
    if secret and _is_secret(secret.strip()):
        _secrets.add(secret.strip())


def key_problem(key: str) -> str | None:
    """Why a key cannot be one, in words that show nothing of it; None where it can."""
    if not key.strip():
        return "holds nothing but blanks"
    if key.strip("\r\n") != key:
        return "begins or ends with a line break, as files do; set it again without"
    if key.strip() != key:
        return "begins or ends with a blank; set it again without"
    if any(ord(mark) < ord(" ") or ord(mark) == 0x7F for mark in key):
        return "holds a control character or a line break inside; expected one word"
    if any(mark.isspace() for mark in key):
        return "holds a blank inside; expected one word"
    if not key.isascii():
        return "holds characters beyond ASCII, which no key has"
    return f"is {len(key)} characters long; at most {_MOST_KEY} are sent" if len(key) > _MOST_KEY else None


def read_key(variable: str) -> str | None:
    """The key in an environment variable, checked; None where it is not set or empty. `clean` knows it from now on.

    Raises:
        KeyProblemError: it is no variable's name, or what it holds cannot be a key.
    """
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", variable):
        # Not repeated: users who mix the two up give the key itself.
        raise KeyProblemError("expected the name of an environment variable that holds the key, found something else")
    key = os.environ.get(variable)
    if not key:
        return None
    known(key)
    problem = key_problem(key)
    if problem is not None:
        raise KeyProblemError(f"the key in the environment variable {variable} {problem}")
    return key


@dataclasses.dataclass(frozen=True)
class Access:
    """A server, the variable that its key is in, and the key; `note` is to be said before it is used."""

    url: str
    variable: str | None
    key: str | None = dataclasses.field(repr=False)
    note: str | None = None

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Inside, the OpenAI client finds nothing in the environment that it would send to this server beside the key.

        It reads further keys, headers and an account's names there, and sends them wherever it is told to ask. They are meant
        for the server that OPENAI_API_KEY is meant for.
        """
        meant = origin(self.url) == origin(_home())
        with environment_with({} if meant else dict.fromkeys(_FURTHER)):
            yield


def access(url: str | None, variable: str | None, *, option: str, key_option: str) -> Access:
    """Which key goes to a server of the OpenAI kind.

    A key that is named goes to the server that is named beside it. OPENAI_API_KEY goes by itself to one place: the server of
    OPENAI_BASE_URL where that is set, else OpenAI's. Every other server, of this machine too, gets none.

    Args:
        url: None: the server of OPENAI_BASE_URL, else OpenAI's.
        variable: the environment variable with the key; None: as said above.
        option, key_option: the options that these came from, for messages.

    Raises:
        KeyProblemError: an address that is none, a key that is not set or cannot be one, or one that would go out unencrypted.
    """
    home = _home()
    server, source = (home, _OPENAI_ADDRESS) if url is None else (url, option)
    problems = address_problems(server, source) + (address_problems(home, _OPENAI_ADDRESS) if url is not None else [])
    if problems:
        raise KeyProblemError("; ".join(problems))
    named = variable or (OPENAI_KEY if origin(server) == origin(home) else None)
    key = read_key(named) if named else None
    if key is None and (variable or origin(server) == origin(OPENAI_URL)):
        raise KeyProblemError(
            f"needs {named} in the environment; the environment variable {named} is not set, and it must hold the server's key."
            f" A server without keys is named by {option} alone"
        )
    note = None
    if key is not None and not server.lower().startswith("https:") and not is_loopback(server):
        if variable is None:
            raise KeyProblemError(
                f"{server}: {OPENAI_KEY} is not sent over http, where others can read it; use https, or name it by {key_option}"
                " for a network that you trust"
            )
        note = f"the key of {variable} goes to {server} over http, where others on the way can read it"
    return Access(server, named if key is not None or variable else None, key, note)


def _home() -> str:
    """The server that OPENAI_API_KEY is meant for."""
    return os.environ.get(_OPENAI_ADDRESS, "").strip() or OPENAI_URL


def address_problems(url: str, option: str) -> list[str]:
    """What is wrong with a server's address; it is kept in run folders, so it must hold no secret."""
    expected = f"{option}: expected http://HOST:PORT/v1"
    if not url.strip():
        return [f"{expected}, found nothing"]
    if any(ord(mark) <= ord(" ") or ord(mark) == 0x7F for mark in url) or not url.isascii() or "\\" in url:
        return [f"{expected}, found an address with blanks, control characters or characters beyond ASCII"]
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        return [f"{expected} ({clean(str(error))})"]
    if "@" in parts.netloc or parts.query or parts.fragment or "?" in url or "#" in url:
        return [
            f"{option} must hold no user, password or query, for it is kept with the results; put the key into an environment "
            "variable and name that"
        ]
    if parts.scheme not in ("http", "https") or not host:
        return [f"{expected}, found {clean(url)[:200]!r}"]
    if port == 0:
        return [f"{expected}, found port 0"]
    if not re.fullmatch(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.%]+", host):
        return [f"{expected}, found a host that cannot be one"]
    return []


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port: what distinguishes one server from another."""
    parts = urllib.parse.urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").rstrip("."), parts.port or {"http": 80, "https": 443}.get(scheme)


def is_loopback(url: str) -> bool:
    """Whether a server is on this machine: by name, or by an address of any form that leads back to it.

    >>> [is_loopback(f"http://{host}:8000/v1") for host in ("localhost", "127.0.0.2", "[::1]", "0.0.0.0", "127.1", "10.0.0.1")]
    [True, True, True, True, True, False]
    """
    host = origin(url)[1]
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        try:
            address = ipaddress.IPv4Address(socket.inet_aton(host))  # the system's short forms, such as 127.1
        except (OSError, UnicodeError):
            return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified  # who connects to 0.0.0.0 reaches this machine


def clean(text: object) -> str:
    """A text without secrets: those that are known, in whole, in parts and encoded, and whatever looks like one.

    >>> clean("GET https://me:secret@host/?api_key=abc with Bearer vwxyz-tsrqp-nmlkj")
    'GET https://***@host/?api_key=*** with Bearer ***'
    """
    found = str(text)
    for secret in sorted({*_secrets, *_from_environment()}, key=len, reverse=True):
        for form in _forms(secret):
            found = _without(found, form)
        # As servers shorten it: the first letters, marks, the last ones.
        shortened = re.escape(secret[:3]) + r"[^\s\"'*.…]{0,60}(?:\*{2,200}|…|\.{3})[^\s\"']{0,60}"
        found = re.sub(shortened, _KNOWN_MASK, found) if len(secret) >= 2 * _FRAGMENT else found
    for pattern, mask in _PATTERNS:
        found = pattern.sub(mask, found)
    return found


def for_console(text: object) -> str:
    r"""A message as a console may get it: without secrets, and with control characters written out, which move its cursor.

    >>> for_console("a\x1b[2Jb")
    'a\\x1b[2Jb'
    """
    return clean(text).translate(_WRITTEN_OUT)


def clean_json(value: Any) -> Any:
    """The same of every text in a JSON value, names included; what stands under a name such as `api_key` goes too."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {
            clean(name) if isinstance(name, str) else name: MASK
            if isinstance(name, str) and isinstance(inner, str) and _SECRET_NAME.search(name)
            else clean_json(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [clean_json(inner) for inner in value]
    return value


def _is_secret(word: str) -> bool:
    if len(word) < _SHORTEST or word.lower() == "none":
        return False
    return len(word) >= _FRAGMENT or (any(map(str.isdigit, word)) and any(map(str.isalpha, word)))


def _from_environment() -> Iterator[str]:
    for name, value in os.environ.items():
        # A path is where a secret lies, not the secret.
        if _SECRET_VARIABLE.search(name) and _is_secret(value.strip()) and not value.startswith(("/", "~", "./")):
            yield value.strip()


def _forms(secret: str) -> list[str]:
    """The secret as it is and as servers encode it."""
    raw = secret.encode("utf-8", "surrogateescape")
    forms = [
        secret,
        urllib.parse.quote(secret, safe=""),
        html.escape(secret),
        json.dumps(secret)[1:-1],
        raw.hex(),
        secret[::-1],
    ]
    for before in range(3):  # base64 of a longer text that holds it: three ways, by where it begins
        text = base64.b64encode(b"\0" * before + raw).decode("ascii").rstrip("=")
        whole = (before + len(raw)) % 3 == 0  # else the last letter depends on what comes after
        forms += [form := text[(0, 2, 3)[before] : None if whole else -1], form.translate({ord("+"): "-", ord("/"): "_"})]
    return [form for form in dict.fromkeys(forms) if len(form) >= _SHORTEST]


def _without(text: str, form: str) -> str:
    """The text without a form of a secret and without longer parts of it, in upper or lower case."""
    low, needle = text.translate(_LOW), form.translate(_LOW)
    if len(needle) < 2 * _FRAGMENT:
        around = ("", "") if len(needle) >= _FRAGMENT else ("(?<![a-z0-9])", "(?![a-z0-9])")
        return re.sub(re.escape(needle).join(around), lambda _: _KNOWN_MASK, text, flags=re.IGNORECASE | re.ASCII)
    spans: list[list[int]] = []
    for start in range(len(needle) - _FRAGMENT + 1):
        part, place = needle[start : start + _FRAGMENT], -1
        while (place := low.find(part, place + 1)) >= 0:
            spans.append([place, place + _FRAGMENT])
    return _masked(text, spans)


def _masked(text: str, spans: list[list[int]]) -> str:
    joined: list[list[int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([start, end])
    for start, end in reversed(joined):
        text = text[:start] + _KNOWN_MASK + text[end:]
    return text
