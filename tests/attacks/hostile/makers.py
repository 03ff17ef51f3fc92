"""Hostile bytes, names, files and JSON, each from a seed: the same seed gives the same attack on every machine."""

from __future__ import annotations

import contextlib
import copy
import os
import random
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["BAD_TEXTS", "BAD_VALUES", "ODD_NAMES", "damaged", "mutated", "places", "replaced", "special_files", "truncations"]

# Names that a dataset, an archive, an answer or a user may give. As file names those are made which the system can make.
ODD_NAMES: tuple[str, ...] = (
    "../up", "../../../../up", "a/../../up", "/absolute", "//server/share", ".", "..", "", " ", "~", "~root", "-rf", "--help",
    ".hidden", "..png", "a/b", "a\\b", "..\\up", "C:", "C:\\x", "c:up", "CON", "nul.png", "name ", "name.",
    "a\nb", "a\rb", "a\tb",
    "a\x00b", "\x1b[31mred", "\x1b]0;title\x07", "a\x7fb", "a\x85b", "a\u2028b", "a\u202egnp.b", "\u200e", "\ufeffbom",
    "\udcff\udcfe", "a\udc80b", "\U0001f600", "é", "e\u0301", "名前", "x" * 255, "x" * 256, "é" * 128, "x" * 5000,
    "%2e%2e%2fup",
    "$HOME", "`id`", "$(id)", "a;b", "a|b", "a*b?", "[a]", "{}", "{0}", "{a.b}", "%s%s%n", "<b>", "'", '"', "\\", "a:b", "a@b",
    "hf:",
    "file:///etc/passwd", "http://127.0.0.1:9/", "org/name@", "org/name@../x", "@", "None", "null", "NaN", "0", "-1",
)  # fmt: skip

BAD_TEXTS: tuple[str, ...] = (
    "", "\x00", "\ud800", "\U0010ffff", "x" * 10_000, "\x1b[2J", "١٢٣", "1e999", "0x10", " 1 ", "NaN", "-inf", "true", "[]",
    "../..",
)  # fmt: skip
BAD_NUMBERS: tuple[Any, ...] = (
    -1, 0, 1, 2**31, 2**63, -(2**63) - 1, 10**400, 1e308, -1e308, 5e-324, 1e-9, 0.1, float("nan"), float("inf"), float("-inf"),
)  # fmt: skip
BAD_VALUES: tuple[Any, ...] = (
    None, True, False, [], {}, [[]], [None], {"": None}, {"a": {"b": []}}, [1, [2, [3]]], *BAD_NUMBERS, *BAD_TEXTS,
)  # fmt: skip


def damaged(data: bytes, chance: random.Random) -> tuple[str, bytes]:
    """Bytes with one kind of damage, and its name."""
    kinds = (_flip, _flips, _noise, _cut, _insert, _zeros, _swap, _repeat, _remove)
    how = chance.choice(kinds)
    if len(data) < 2:
        return "appended", data + chance.randbytes(3)
    return how.__name__.strip("_"), how(bytearray(data), chance)


def truncations(data: bytes, chance: random.Random, count: int) -> Iterator[tuple[str, bytes]]:
    """Beginnings of the bytes: none, nearly all, and some between."""
    lengths = [0, 1, len(data) - 1, len(data) // 2]
    lengths += [chance.randrange(len(data)) for _ in range(max(0, count - len(lengths)))]
    for length in lengths[:count]:
        yield f"first {length} of {len(data)} bytes", data[:length]


def _flip(data: bytearray, chance: random.Random) -> bytes:
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def _flips(data: bytearray, chance: random.Random) -> bytes:
    for _ in range(chance.randint(2, 16)):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def _noise(data: bytearray, chance: random.Random) -> bytes:
    start, length = _part(data, chance)
    data[start : start + length] = chance.randbytes(length)
    return bytes(data)


def _cut(data: bytearray, chance: random.Random) -> bytes:
    return bytes(data[: chance.randrange(len(data))])


def _insert(data: bytearray, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    data[at:at] = chance.randbytes(chance.choice((1, 2, 4, 64)))
    return bytes(data)


def _zeros(data: bytearray, chance: random.Random) -> bytes:
    start, length = _part(data, chance)
    data[start : start + length] = bytes(length)
    return bytes(data)


def _swap(data: bytearray, chance: random.Random) -> bytes:
    first, second = sorted(chance.randrange(len(data)) for _ in range(2))
    length = min(chance.choice((1, 4, 16, 64)), second - first, len(data) - second)
    one, other = data[first : first + length], data[second : second + length]
    data[first : first + length], data[second : second + length] = other, one
    return bytes(data)


def _repeat(data: bytearray, chance: random.Random) -> bytes:
    start, length = _part(data, chance)
    data[start:start] = data[start : start + length]
    return bytes(data)


def _remove(data: bytearray, chance: random.Random) -> bytes:
    start, length = _part(data, chance)
    del data[start : start + length]
    return bytes(data)


def _part(data: bytearray, chance: random.Random) -> tuple[int, int]:
    start = chance.randrange(len(data))
    return start, min(len(data) - start, chance.choice((1, 2, 4, 16, 64, 512)))


Path_ = tuple[Any, ...]


def places(document: Any, at: Path_ = ()) -> Iterator[Path_]:
    """Every node of a JSON document, as the keys that lead to it."""
    yield at
    if isinstance(document, dict):
        for key, value in document.items():
            yield from places(value, (*at, key))
    elif isinstance(document, list):
        for i, value in enumerate(document):
            yield from places(value, (*at, i))


def replaced(document: Any, at: Path_, value: Any) -> Any:
    """A copy of the document with another value at a place."""
    if not at:
        return value
    document = copy.deepcopy(document)
    node = document
    for key in at[:-1]:
        node = node[key]
    node[at[-1]] = value
    return document


def mutated(document: Any, chance: random.Random) -> tuple[str, Any]:
    """A document with one place changed in its structure: another value, no value, a stranger beside it, twice the list."""
    where = chance.choice(list(places(document)))
    how = chance.choice(("value", "value", "value", "removed", "stranger", "longer", "wrapped"))
    name = "/".join(map(str, where)) or "all of it"
    node = document
    for key in where:
        node = node[key]
    if how == "removed" and where:
        smaller = copy.deepcopy(document)
        parent = smaller
        for key in where[:-1]:
            parent = parent[key]
        del parent[where[-1]]
        return f"{name} removed", smaller
    if how == "stranger" and isinstance(node, dict):
        key = chance.choice(ODD_NAMES)
        return f"{name} with a stranger {key[:20]!r}", replaced(document, where, {**node, key: chance.choice(BAD_VALUES)})
    if how == "longer" and isinstance(node, list) and node:
        return f"{name} twice as long", replaced(document, where, node + node)
    if how == "wrapped":
        return f"{name} in a list", replaced(document, where, [node])
    value = chance.choice(BAD_VALUES)
    return f"{name} = {value!r:.40}", replaced(document, where, value)


def hostile_json(chance: random.Random) -> tuple[str, bytes]:
    """JSON texts that are hostile as texts, whatever should stand in them."""
    return chance.choice(
        (
            ("nested 100 000 deep", b"[" * 100_000),
            ("objects 50 000 deep", b'{"a":' * 50_000 + b"1" + b"}" * 50_000),
            ("a number of 100 000 digits", b'{"a":' + b"9" * 100_000 + b"}"),
            ("a key twice", b'{"a": 1, "a": 2}'),
            ("UTF-16", '{"a": 1}'.encode("utf-16")),
            ("a byte-order mark", b"\xef\xbb\xbf{}"),
            ("no UTF-8", b'{"a": "\xff\xfe"}'),
            ("NUL bytes", bytes(1000)),
            ("empty", b""),
            ("bare words", b"NaN Infinity"),
            ("an HTML page", b"<!DOCTYPE html><html><body>Sign in</body></html>"),
            ("a lone surrogate", b'"\\ud800"'),
        )
    )


def special_files(folder: Path) -> dict[str, Path]:
    """Everything that is no regular file, as far as this system lets us make it, by kind.

    Devices are made in the folder, so that nothing which replaces them reaches those of the system.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = {"folder": folder / "a_folder", "fifo": folder / "a_fifo", "missing": folder / "a_missing"}
    made["folder"].mkdir()
    os.mkfifo(made["fifo"])
    made["dangling link"] = folder / "a_dangling_link"
    made["dangling link"].symlink_to("nowhere")
    made["link loop"] = folder / "a_loop"
    made["link loop"].symlink_to("a_loop")
    made["below a file"] = folder / "a_file" / "below"
    (folder / "a_file").write_bytes(b"x")
    made["empty"] = folder / "an_empty_file"
    made["empty"].write_bytes(b"")
    made["garbage"] = folder / "garbage"
    made["garbage"].write_bytes(bytes(range(256)) * 8)
    made["unreadable"] = folder / "unreadable"
    made["unreadable"].write_bytes(b"x")
    made["unreadable"].chmod(0)
    sock = folder / "a_socket"
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as server:  # its path may be too long for one
        server.bind(str(sock))
        made["socket"] = sock
    for name, numbers in {"zero": (1, 5), "full": (1, 7), "null": (1, 3), "tty": (5, 0), "ptmx": (5, 2)}.items():
        path = folder / f"device_{name}"
        with contextlib.suppress(OSError):  # only root makes devices
            os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(*numbers))
            made[f"device {name}"] = path
    return made


def odd_files(folder: Path, content: bytes, suffix: str = "") -> dict[str, Path]:
    """Files with odd names, as far as this file system takes them, by name."""
    folder.mkdir(parents=True, exist_ok=True)
    made = {}
    for name in ODD_NAMES:
        if "/" in name or "\x00" in name or name in ("", ".", ".."):
            continue
        with contextlib.suppress(OSError, UnicodeEncodeError):
            path = folder / f"{name}{suffix}"
            path.write_bytes(content)
            made[name] = path
    with contextlib.suppress(OSError):
        raw = os.fsencode(folder) + b"/\xff\xfe\x80" + suffix.encode()
        Path(os.fsdecode(raw)).write_bytes(content)
        made["not UTF-8"] = Path(os.fsdecode(raw))
    return made
