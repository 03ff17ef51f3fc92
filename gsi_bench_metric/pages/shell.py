"""The shell of a page: one HTML frame and style sheet for all, filled by the `page.html.j2` and `page.css` of a package."""

from __future__ import annotations

import re
from typing import Any

import jinja2
from markupsafe import Markup

from gsi_bench_metric.pages.charts import interval_mark, series_key
from gsi_bench_metric.pages.tables import SIGNS

__all__ = ["page_template"]

# Signs that turn the direction of what follows them: a name with one could make a line read as another.
_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


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


def _not_turning(value: Any) -> Any:
    """What is put into a page, with signs that turn a line around written out."""
    if not isinstance(value, str) or not _TURNING.search(value):
        return value
    shown = _TURNING.sub(lambda found: f"\\u{ord(found[0]):04x}", value)
    return Markup(shown) if isinstance(value, Markup) else shown
