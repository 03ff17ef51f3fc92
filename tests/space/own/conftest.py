"""The page that browser tests of this folder visit."""

import importlib.util

if all(importlib.util.find_spec(name) for name in ("gradio", "playwright")):
    from own_page import address, browser, pictures, visit  # noqa: F401
