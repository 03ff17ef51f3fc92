"""Names from outside that become file names: one part of a path, or a relative path below a folder that is known."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

__all__ = ["UnsafeNameError", "inside", "is_plain_path", "is_utf8", "name_problem", "plain_name", "printable"]

# A file system takes 255 bytes; a suffix such as `.png` and the mark of an unfinished file come on top.
MAX_NAME_BYTES = 200
MAX_QUOTED = 200


class UnsafeNameError(ValueError):
    """A name that must not become part of a path; the message says what the name is of, and why."""


def printable(text: object, most: int = MAX_QUOTED) -> str:
    r"""A text from outside as it may stand in a message: quoted, on one line, without control characters, and not endless.

    >>> print(printable("a\nb"))
    'a\nb'
    """
    quoted = ascii(text) if not is_utf8(str(text)) else repr(text)
    return quoted if len(quoted) <= most else f"{quoted[: most - 1]}…"


def name_problem(name: str) -> str | None:
    r"""Why a name must not become a file's name; None where it may.

    >>> name_problem("kitchen_edit_3") is None, name_problem("a/b")
    (True, "holds '/'; expected a plain name, without folders")
    """
    if not name or not name.strip():
        return "is empty"
    if not is_utf8(name):
        return "is not valid Unicode"
    if len(name.encode()) > MAX_NAME_BYTES:
        return f"is {len(name.encode())} bytes long; at most {MAX_NAME_BYTES} fit into a file's name"
    if name.startswith("."):
        return "begins with a dot, as hidden files and the names of folders above do"
    for mark in "/\\":
        if mark in name:
            return f"holds {mark!r}; expected a plain name, without folders"
    if len(name) > 1 and name[1] == ":":
        return "begins with the letter of a drive; expected a plain name"
    if name.isascii() and name.isprintable():
        return None  # the usual name, without a look at each mark
    odd = next((mark for mark in name if ord(mark) < ord(" ") or 0x7F <= ord(mark) < 0xA0 or mark in "\u2028\u2029"), None)
    return None if odd is None else f"holds the control character {odd!r}"


def plain_name(name: str, what: str) -> str:
    """The name itself where it may become a file's name.

    Args:
        name: from a dataset, an archive, an answer or a command line.
        what: what it is the name of, for the message: "sample id", "--name".

    Raises:
        UnsafeNameError: it leads into a folder, is hidden, too long, or holds control characters.
    """
    problem = name_problem(name)
    if problem is not None:
        raise UnsafeNameError(f"{what} {printable(name)}: {problem}")
    return name


def inside(folder: Path, relative: str, what: str = "path") -> Path:
    """A path below a folder, by a relative name of plain parts. Nothing needs to exist; links are not followed out of it.

    Raises:
        UnsafeNameError: the name is absolute, climbs, holds an odd part, or a link on the way leads out of the folder.
    """
    parts = relative.split("/")
    # A leading dot is allowed here: `.gitattributes`. What climbs is not.
    problems = [".." if part in ("", ".", "..") else name_problem(part.lstrip(".") or part) for part in parts]
    if any(problems) or PurePosixPath(relative).is_absolute():
        raise UnsafeNameError(f"{what} {printable(relative)}: expected a relative path of plain names below {folder}")
    path = folder.joinpath(*parts)
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        raise UnsafeNameError(f"{what} {printable(relative)}: leads out of {folder} by a link")
    return path


def is_plain_path(path: object) -> bool:
    """Whether a name from outside is a relative path of plain names: it cannot lead out of a folder.

    >>> is_plain_path("data/a.parquet"), is_plain_path("../a"), is_plain_path("/a")
    (True, False, False)
    """
    if not isinstance(path, str):
        return False
    # A leading dot is allowed: `.gitattributes`. What climbs is not.
    return all(part.strip(".") and name_problem(part.lstrip(".")) is None for part in path.split("/"))


def is_utf8(text: str) -> bool:
    """Whether a text can be written as UTF-8: a file name of other bytes cannot, nor half of a surrogate pair."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # lone surrogates: a file name's bytes that are not UTF-8
        return False
    return True
