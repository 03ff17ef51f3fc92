"""Writes what the docs say of the code: docs/api.md, and the table of the strict protocol's numbers in docs/metric.md.

    python tools/api_page.py           # writes both
    python tools/api_page.py --check   # status 1 if one of them is not what the code says

The page has every name of the two public faces with signature, first paragraph and what it raises. It is made from source text,
so that nothing heavy is imported.
"""

from __future__ import annotations

import ast
import os
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE, METRIC = ROOT / "docs" / "api.md", ROOT / "docs" / "metric.md"
BEGIN, END = "<!-- thresholds: made by `make api` -->", "<!-- end of thresholds -->"
WIDTH = 110
PACKAGES = ("gsi_bench_dataset", "gsi_bench_metric")
HEAD = """# Python API

Made by `make api` from the two packages; do not edit it by hand. These names are what a program may import:

```python
from gsi_bench_dataset import read_dataset, read_predictions
from gsi_bench_metric import Request, evaluate, load_run, write_report
```

They keep their names and meaning when modules move. Every other module and name is private by convention: read it, but do not
build on it. Importing a package loads none of its names; each is loaded when it is first used. Shapes of arrays are in the full
docstrings (`help(name)`).
"""
GROUPS = {  # first part of a module's name -> what its names are about
    "records": "Records",
    "storage": "Datasets and predictions on disk",
    "layout": "The reference's layout",
    "language": "Instructions",
    "hub": "The Hugging Face Hub",
    "remote": "Talking to the Hub",
    "run": "Runs",
    "hf": "The evaluate library",
    "results": "From scores to means and comparisons",
    "protocols": "The strict protocol",
    "geometry": "Boxes and poses",
    "imaging": "Images",
    "detectors": "Detectors",
    "judges": "Judges",
    "editors": "Editors",
    "report": "Reports",
    "reward": "A reward for training",
}
Definition = ast.FunctionDef | ast.ClassDef | ast.Assign


def page() -> str:
    """The text of docs/api.md."""
    return HEAD + "".join("\n" + section(package) for package in PACKAGES)


def section(package: str) -> str:
    """One package: what it is, then its names by what they are about."""
    tree = ast.parse((ROOT / package / "__init__.py").read_text(encoding="utf-8"))
    parts = [f"## {package}\n\n{first_paragraph(ast.get_docstring(tree))}\n"]
    shown = ""
    for module, names in homes(tree).items():
        title = GROUPS[module.partition(".")[0]]
        if title != shown:
            parts.append(f"\n### {title}\n")
            shown = title
        parts += [entry(found(package, module, name), name) for name in names]
    return "".join(parts)


def homes(tree: ast.Module) -> dict[str, tuple[str, ...]]:
    """Module -> names, as the face states it."""
    (value,) = [n.value for n in tree.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "_WHERE"]
    return dict(ast.literal_eval(value))


def found(package: str, module: str, name: str) -> Definition:
    """Where a name is defined; a module that only passes it on is followed to the one that holds it."""
    path = ROOT / package / Path(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return node
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return node
        if isinstance(node, ast.ImportFrom) and node.module and any(a.name == name for a in node.names):
            home, _, rest = node.module.partition(".")
            return found(home, rest, name)
    raise LookupError(f"{package}.{module}: no definition of {name}")


def entry(node: Definition, name: str) -> str:
    """One name: signature, first paragraph, what it raises."""
    if isinstance(node, ast.Assign):  # an object: the words of its class
        made = ast.unparse(node.value).partition("(")[0]
        return f"\n#### `{name}`\n\nThe `{made}` that is used unless another is given.\n"
    text = ast.get_docstring(node) or ""
    lines = [f"\n#### `{name}`\n\n", *signature(node), f"{first_paragraph(text)}\n"]
    if raised := block(text, "Raises:"):
        lines.append("\nRaises:\n\n" + "".join(f"- {line}\n" for line in items(raised)))
    return "".join(lines)


def signature(node: ast.FunctionDef | ast.ClassDef) -> Iterator[str]:
    """How it is called, as a block of Python; nothing for an exception or a class that is not made by hand."""
    function = isinstance(node, ast.FunctionDef)
    arguments = listed(node.args) if function else fields(node)
    if not function and not arguments:
        return
    end = f") -> {ast.unparse(node.returns)}" if function and node.returns else ")"
    shown = f"{node.name}({', '.join(arguments)}{end}"
    if len(shown) > WIDTH:
        shown = "\n".join([f"{node.name}(", *lines_of(arguments), end])
    yield f"```python\n{shown}\n```\n\n"


def lines_of(arguments: list[str]) -> Iterator[str]:
    """As many arguments a line as fit."""
    line = "   "
    for text in arguments:
        if len(line) + len(text) + 2 > WIDTH:
            yield line
            line = "   "
        line += f" {text},"
    yield line


def listed(arguments: ast.arguments) -> list[str]:
    """Arguments as they are written, annotations included."""
    plain = [*arguments.posonlyargs, *arguments.args]
    given: list[ast.expr | None] = [None] * (len(plain) - len(arguments.defaults)) + list(arguments.defaults)
    parts = [argument(a, d) for a, d in zip(plain, given, strict=True) if a.arg != "self"]
    if arguments.vararg:
        parts.append("*" + ast.unparse(arguments.vararg))
    elif arguments.kwonlyargs:
        parts.append("*")
    parts += [argument(a, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    return [*parts, "**" + ast.unparse(arguments.kwarg)] if arguments.kwarg else parts


def argument(found: ast.arg, default: ast.expr | None) -> str:
    """One argument with its default."""
    text = ast.unparse(found)
    return text if default is None else f"{text} = {ast.unparse(default)}".replace("'", '"')


def fields(node: ast.ClassDef) -> list[str]:
    """What a record is made of: names of its fields, those that may be left out with `=…`."""
    if not any("dataclass" in ast.unparse(d) or "record" in ast.unparse(d) for d in node.decorator_list):
        return []
    found = [n for n in node.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)]
    return [f"{ast.unparse(n.target)}=…" if optional(n.value) else ast.unparse(n.target) for n in found]


def optional(value: ast.expr | None) -> bool:
    """Whether a field has a default; a call such as `field(default=…)` says so itself."""
    if isinstance(value, ast.Call) and ast.unparse(value.func) not in ("number", "dict", "frozenset", "tuple"):
        return any(k.arg in ("default", "default_factory") for k in value.keywords)
    return value is not None


def first_paragraph(text: str | None) -> str:
    """Up to the first empty line, on one line."""
    return " ".join((text or "").split("\n\n")[0].split())


def block(text: str, title: str) -> str:
    """The indented lines below a title of a docstring."""
    lines = text.split("\n")
    if title not in lines:
        return ""
    below = lines[lines.index(title) + 1 :]
    end = next((i for i, line in enumerate(below) if line.strip() and not line.startswith(" ")), len(below))
    return textwrap.dedent("\n".join(below[:end])).strip()


def items(text: str) -> list[str]:
    """`Name: words` entries; a line that is indented goes on with the one before."""
    found: list[str] = []
    for line in text.split("\n"):
        if line.startswith(" ") and found:
            found[-1] += " " + line.strip()
        elif line.strip():
            found.append(line.strip())
    names = [line.partition(": ") for line in found]
    return [f"`{name}`: {words}" if words else name for name, _, words in names]


def thresholds() -> str:
    """Every number of the strict protocol as a table."""
    os.environ["GSI_BENCH_NO_REGISTER"] = "1"  # nothing is written anywhere but here
    sys.path.insert(0, str(ROOT))
    from gsi_bench_metric import STRICT  # noqa: PLC0415  only this needs the package

    rows = [f"| `{name}` | {plain(value)} | {unit} | {why} |" for name, value, unit, why in STRICT.describe()]
    return "\n".join(["| name | value | unit | reason |", "| --- | ---: | --- | --- |", *rows])


def plain(value: float | tuple[float, ...]) -> str:
    """A number, or the two ends of a range."""
    return "–".join(f"{v:g}" for v in value) if isinstance(value, tuple) else f"{value:g}"


def with_table(text: str) -> str:
    """The page on the metric with the table as it should be."""
    before, found, rest = text.partition(BEGIN)
    _, ends, after = rest.partition(END)
    if not found or not ends:
        raise LookupError(f"{METRIC.relative_to(ROOT)}: expected a line {BEGIN} and a line {END} around the table")
    return f"{before}{BEGIN}\n\n{thresholds()}\n\n{END}{after}"


def main() -> int:
    """Writes or checks the two."""
    wanted = {PAGE: page(), METRIC: with_table(METRIC.read_text(encoding="utf-8"))}
    stale = [path for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path.relative_to(ROOT)}: not what the code says; run `make api`", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
