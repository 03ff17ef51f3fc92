"""The templates of pages: HTML beside the code that fills it."""

from __future__ import annotations

import jinja2

__all__ = ["page_template"]


def page_template(package: str) -> jinja2.Template:
    """`page.html.j2` of a package. What it does not know is an error, not an empty place."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(package, "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")
