"""The shell of a page: one HTML frame and style sheet for all, filled by the `page.html.j2` and `page.css` of a package."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from gsi_bench_metric.pages.charts import interval_mark, series_key
from gsi_bench_metric.pages.tables import SIGNS

__all__ = ["inline_script", "page_template"]

# Signs that turn the direction of what follows them: a name with one could make a line read as another.
_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@functools.cache  # compiled once: a leaderboard has a page for each editor
def page_template(package: str, name: str = "page.html.j2", *others: str) -> jinja2.Template:
    """A template of a package, which extends `shell.html.j2` and may take parts of other packages.

    What it does not know is an error, not an empty place.
    """
    folders = [jinja2.PackageLoader(found, ".") for found in (package, *others, "gsi_bench_metric.pages")]
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader(folders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_not_turning,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(signs=SIGNS, interval_mark=interval_mark, series_key=series_key)
    return environment.get_template(name)


def inline_script(package: str, name: str) -> dict[str, Markup | str]:
    """What a template whose page runs one script asks for: `script`, a file of a package, and `script_hash`, by which the page
    allows it and no other."""
    text = (resources.files(package) / name).read_text(encoding="utf-8")
    return {"script": Markup(text), "script_hash": base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}


def _not_turning(value: Any) -> Any:
    """What is put into a page, with signs that turn a line around written out."""
    if not isinstance(value, str) or not _TURNING.search(value):
        return value
    shown = _TURNING.sub(lambda found: f"\\u{ord(found[0]):04x}", value)
    return Markup(shown) if isinstance(value, Markup) else shown
