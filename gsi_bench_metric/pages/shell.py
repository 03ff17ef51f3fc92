"""The shell of a page: one HTML frame and style sheet for all, filled by the `page.html.j2` and `page.css` of a package."""

from __future__ import annotations

import jinja2

from gsi_bench_metric.pages.charts import interval_mark, series_key
from gsi_bench_metric.pages.tables import SIGNS

__all__ = ["page_template"]


def page_template(package: str, name: str = "page.html.j2", *others: str) -> jinja2.Template:
    """A template of a package, which extends `shell.html.j2` and may take parts of other packages.

    What it does not know is an error, not an empty place.
    """
    folders = [jinja2.PackageLoader(found, ".") for found in (package, *others, "gsi_bench_metric.pages")]
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader(folders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(signs=SIGNS, interval_mark=interval_mark, series_key=series_key)
    return environment.get_template(name)
