"""Proxies of the environment: this machine's own servers are reached without one, and one that cannot be used is named.

`http_proxy`, `https_proxy` and `all_proxy`, in small or capital letters, belong to the user and stay as they are. So does
what `no_proxy` names; this machine is added to it. A proxy that cannot be used is never passed by in silence.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import urllib.request
from collections.abc import Iterator
from typing import Any

from gsi_bench_dataset.safety.environment import environment_with
from gsi_bench_dataset.safety.keys import clean, is_loopback, origin

__all__ = ["NeverForLoopback", "loopback_without_proxy", "open_url", "proxies_but_for", "proxy_problem", "without_proxies"]

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_NO_PROXY = ("no_proxy", "NO_PROXY")  # libraries read one or the other
_USABLE = ("http", "https", "socks5", "socks5h")


class NeverForLoopback(urllib.request.ProxyHandler):
    """The environment's proxies for urllib. Each redirect is looked at anew."""

    def proxy_open(self, req: urllib.request.Request, proxy: str, type: str) -> Any:  # noqa: A002 - urllib's name
        """Nothing where the request goes to this machine: it is then sent as it is."""
        return None if is_loopback(req.full_url) else super().proxy_open(req, proxy, type)


def open_url(request: str | urllib.request.Request, *, seconds: float, direct: bool = False) -> Any:
    """`urllib.request.urlopen` that reaches this machine without a proxy.

    Args:
        request: the address.
        seconds: that a single read may take.
        direct: no proxy at all, for a server that is known to be on this machine whatever its address.

    Raises:
        OSError: as the system or urllib says.
    """
    url = request if isinstance(request, str) else request.full_url
    if not direct and not is_loopback(url):
        return urllib.request.urlopen(request, timeout=seconds)
    handler = urllib.request.ProxyHandler({}) if direct else NeverForLoopback()
    return urllib.request.build_opener(handler).open(request, timeout=seconds)


def loopback_without_proxy() -> None:
    """Adds this machine to the environment's `no_proxy`, for libraries and processes that look there; the rest is kept.

    Does nothing where no proxy is set, or where the user passes all of them by.
    """
    if not _proxies():
        return
    named = _names()
    if "*" not in named:
        text = ",".join([*named, *(name for name in _LOOPBACK if name not in named)])
        os.environ.update(dict.fromkeys(_NO_PROXY, text))


@contextlib.contextmanager
def without_proxies() -> Iterator[None]:
    """No proxy inside, for code that reaches this machine alone; the environment is as before afterwards.

    Some libraries open every proxy that is set, also those that they will not use, and fail at one that they cannot open.
    """
    with environment_with(dict.fromkeys(_NO_PROXY, "*")):
        yield


@contextlib.contextmanager
def proxies_but_for(url: str) -> Iterator[None]:
    """The environment for making a client of httpx whose server may be on this machine: that one is reached without a proxy.

    Where it sends on to, the proxies hold. If one cannot be used, there are none: the server is then all that is reached.
    """
    if not is_loopback(url):
        yield
        return
    text = "*" if _unusable() else ",".join(dict.fromkeys([*_names(), *_LOOPBACK, origin(url)[1]]))
    with environment_with(dict.fromkeys(_NO_PROXY, text)):
        yield


def proxy_problem(url: str) -> str | None:
    """Why the environment's proxies keep a client of httpx from reaching a server, and what to do; None where they do not."""
    return None if is_loopback(url) or "*" in _names() else _unusable()


def _unusable() -> str | None:
    """What is wrong with the first proxy that no client of httpx can open: it opens all of them, needed or not."""
    for scheme, proxy in _proxies().items():
        kind = proxy.partition("://")[0].lower() if "://" in proxy else "http"
        name = f"the proxy in {_variable(scheme)}, {clean(proxy)[:100]}"
        if kind not in _USABLE:
            remedy = "; `socks://` is written `socks5://`" if kind == "socks" else ""
            return f"{name}: expected an address that begins with http://, https:// or socks5://{remedy}. Mend or unset it"
        if kind.startswith("socks") and importlib.util.find_spec("socksio") is None:
            return (
                f"{name}: a SOCKS proxy needs the package socksio, which is not installed: pip install socksio; or unset the "
                "variable, or set an HTTP proxy"
            )
    return None


def _proxies() -> dict[str, str]:
    """Scheme -> proxy, of those that clients of httpx open."""
    found = urllib.request.getproxies()
    return {scheme: found[scheme] for scheme in ("http", "https", "all") if found.get(scheme)}


def _names() -> list[str]:
    """What the user excepts from the proxies. Both spellings count: libraries differ in the one that they read."""
    texts = [os.environ.get(name, "") for name in _NO_PROXY]
    return list(dict.fromkeys(name.strip() for text in texts for name in text.split(",") if name.strip()))


def _variable(scheme: str) -> str:
    """The variable that a proxy is set by, as it is spelt."""
    spelt = (f"{scheme}_proxy", f"{scheme.upper()}_PROXY")
    return next((name for name in spelt if os.environ.get(name)), spelt[0])
