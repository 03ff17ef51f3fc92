"""Lines of CSV that any reader takes the same way, and no spreadsheet takes for a formula."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["csv_line"]

# Of formulas; some programs drop what is blank before one. The last four are the full-width forms.
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_line(values: Iterable[object]) -> str:
    """Cells with commas between them, without the line's end; None is empty.

    >>> print(csv_line([1.5, None, "a,b", "=1+1"]))
    1.5,,"a,b",'=1+1
    """
    return ",".join(_cell(value) for value in values)


def _cell(value: object) -> str:
    """A cell as any reader of CSV takes it. Python's writer leaves a lone carriage return unquoted, which ends a row."""
    text = "" if value is None else str(_spreadsheet_safe(value))
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text


def _spreadsheet_safe(value: object) -> object:
    return (
        f"'{value}" if isinstance(value, str) and (value.startswith(_STARTS) or value.lstrip().startswith(_STARTS)) else value
    )
