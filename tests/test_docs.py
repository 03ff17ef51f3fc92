"""The docs name what exists: links, paths, modules, tests; what is made from the code is what the code says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")), ROOT / "space_app" / "README.md"]
CURRENT = [page for page in PAGES if page.name != "CHANGELOG.md"]  # a changelog names what existed then
TOP = ("gsi_bench_dataset", "gsi_bench_metric", "builders", "space_app", "tests", "benchmarks", "tools", "docs", "integrations")
# Names that readers replace with their own.
EXAMPLES = {"my_module.py"}
SOURCES = {"gsi_bench_dataset": ROOT, "gsi_bench_metric": ROOT}
SOURCES |= {"gsi_bench_builders": ROOT / "builders", "gsi_bench_space": ROOT / "space_app"}
FILES = [p for top in TOP for p in (ROOT / top).rglob("*.*")] + list(ROOT.glob("*.*"))
NAMES = {p.name for p in FILES}


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    heads = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text_of(page), flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_somewhere(page):
    for link in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", text_of(page)):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), f"{page.name}: {link}"
        assert not anchor or anchor in anchors(target), f"{page.name}: {link}: no such heading"


@pytest.mark.parametrize("page", CURRENT, ids=lambda page: page.name)
def test_every_path_that_a_page_names_exists(page):
    for name in re.findall(r"(?<![\w./*-])[\w*][\w./*-]*\.(?:py|sh|toml|txt|j2|css)\b", text_of(page)):
        assert "/" in name or name in EXAMPLES or name in NAMES or "*" in name, f"{page.name}: {name}: no such file"
        if "/" in name or "*" in name:
            base = ROOT if name.split("/")[0] in TOP else None
            found = base.glob(name) if base else [p for p in FILES if p.match(f"**/{name}" if "*" not in name else name)]
            assert any(found), f"{page.name}: {name}: no such file"


@pytest.mark.parametrize("page", CURRENT, ids=lambda page: page.name)
def test_every_folder_that_a_page_names_exists(page):
    for name in re.findall(rf"`((?:{'|'.join(TOP)})/[\w/]*)/?`", text_of(page)):
        assert (ROOT / name).is_dir(), f"{page.name}: {name}: no such folder"


@pytest.mark.parametrize("page", CURRENT, ids=lambda page: page.name)
def test_every_dotted_name_that_a_page_gives_exists(page):
    for name in re.findall(r"\bgsi_bench_(?:dataset|metric|builders|space)(?:\.\w+)+", text_of(page)):
        if name.endswith((".py", ".json")):
            continue
        package, *parts = name.split(".")
        here = SOURCES[package] / package
        while parts and ((here / parts[0]).is_dir() or (here / f"{parts[0]}.py").is_file()):
            here /= parts.pop(0)
        module = here / "__init__.py" if here.is_dir() else here.with_suffix(".py")
        assert all(re.search(rf"\b{part}\b", text_of(module)) for part in parts), f"{page.name}: {name}"


@pytest.mark.parametrize("page", CURRENT, ids=lambda page: page.name)
def test_every_test_that_a_page_names_exists(page):
    named = set(re.findall(r"\btest_\w+\b(?!\.py)", text_of(page))) - {p.stem for p in FILES}
    tests = "\n".join(text_of(p) for p in (ROOT / "tests").rglob("test_*.py"))
    assert {name for name in named if f"def {name}" not in tests and f"def {name.rstrip('_')}" not in tests} <= {"test_strict_"}


def test_every_command_that_a_page_shows_exists():
    makes = set(re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    for page in CURRENT:
        blocks = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text_of(page), flags=re.DOTALL))
        assert set(re.findall(r"\bmake ([a-z-]+)", blocks)) <= makes, page.name


def test_every_sub_command_that_a_page_shows_exists():
    code = "\n".join(text_of(p) for top in SOURCES for p in (SOURCES[top] / top).rglob("*.py"))
    there = set(re.findall(r"(?:new_command\(\s*\w+|add_parser\()[\s,]*\"([a-z0-9-]+)\"", code))
    assert {"import", "evaluate", "build", "space"} <= there
    for page in CURRENT:
        blocks = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text_of(page), flags=re.DOTALL))
        assert set(re.findall(r"(?m)^`?gsi-bench ([a-z][a-z0-9-]*)", blocks)) <= there, page.name


def test_every_option_that_a_page_names_exists():
    code = "\n".join(text_of(p) for top in TOP if top != "docs" for p in (ROOT / top).rglob("*.py"))
    others = {"--extra-index-url", "--exclude-editable", "--force-reinstall", "--no-deps", "--repo-type"}  # of pip and hf
    others |= {"--include_path", "--tasks", "--model_args", "--output_path"}  # of lmms-eval
    others |= {"--address", "--block", "--generate", "--head", "--include-dashboard", "--num-cpus"}  # of ray
    others |= {
        "--cpus-per-task",
        "--exclude",
        "--gpus-per-task",
        "--nodes",
        "--ntasks",
        "--ntasks-per-node",
        "--overlap",
    }  # of Slurm
    for page in CURRENT:
        named = set(re.findall(r"(?<![\w-])--[a-z][a-z0-9_-]+", text_of(page))) - others
        assert not [name for name in sorted(named) if f'"{name}"' not in code], page.name


def test_the_pages_use_the_words_of_the_field():
    for page in CURRENT:
        if page.name != "api.md":  # made from docstrings
            words = re.sub(r"`[^`]*`", "", text_of(page))
            assert not re.findall(r"\bpictures?\b|\bnobody\b|of revolution|passed on", words, re.IGNORECASE), page.name


def test_the_map_names_every_folder_of_the_packages():
    text = text_of(ROOT / "CONTRIBUTING.md")
    folders = {p.parent for top in ("gsi_bench_dataset", "gsi_bench_metric") for p in (ROOT / top).glob("*/__init__.py")}
    folders |= {p.parent for p in (ROOT / "builders" / "gsi_bench_builders").glob("*/__init__.py")}
    assert not [f for f in sorted(folders) if f"| `{f.relative_to(ROOT)}/` |" not in text]


def test_the_ten_questions_are_answered_by_what_exists():
    rows = re.findall(r"^\| ([^|]+\?) \| ([^|]+) \|$", text_of(ROOT / "CONTRIBUTING.md"), re.MULTILINE)
    paths = [path for _, answer in rows for path in re.findall(r"`([\w/]+(?:\.py|/))`", answer)]
    assert len(rows) == 10 and all(re.search(r"`[\w/]+(?:\.py|/)`", answer) for _, answer in rows)
    assert all((ROOT / path).exists() for path in paths)


def test_the_api_page_and_the_thresholds_are_what_the_code_says():
    command = [sys.executable, str(ROOT / "tools" / "api_page.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
