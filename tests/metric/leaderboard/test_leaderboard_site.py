"""The site as files: whole, replaced at once, never in place of anything else; nothing from outside runs in it."""

import csv
import dataclasses
import io
import json
import os
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.records import Fault, Reason
from gsi_bench_metric.leaderboard import write
from gsi_bench_metric.leaderboard.content import build_board
from gsi_bench_metric.leaderboard.write import SiteError, write_site

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "../../escape",
    "/etc/passwd",
    "=HYPERLINK(1)",
    "a\u202etxt.exe",
    "x" * 300,
    "line\nbreak|pipe & 100 % \\input{x}",
    "\ud800lone",
    "..",
    "CON",
    "</td></tr></table>",
    "{{ 7 * 7 }}",
)


class Tags(HTMLParser):
    """Tags with their attributes, and the text."""

    def __init__(self, page: str):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def files_of(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def runs(save, scores_of) -> list[Path]:
    return [save("a", scores_of("x", 0.2)), save("b", scores_of("y", 0.9)), save("c", scores_of("z", 0.5))]


def test_the_command_writes_all_files_and_says_the_order(runs, tmp_path, capsys):
    assert main(["leaderboard", *map(str, runs), str(tmp_path / "nothing"), "--out", str(tmp_path / "site")]) == 0
    said = capsys.readouterr().out
    assert "Not in the tables: 1" in said and "nothing: no such folder" in said
    assert said.index("| y | 1 ") < said.index("| z |") < said.index("| x |")
    there = set(files_of(tmp_path / "site"))
    assert there == {
        "README.md", "index.html", "leaderboard.csv", "leaderboard.json", "leaderboard.md", "leaderboard.tex", "pairs.csv",
        "published.csv", "pairs/table-1.html", "models/x.html", "models/y.html", "models/z.html",
    }  # fmt: skip


def test_the_space_is_static_and_says_so_as_the_hub_reads_it(runs, tmp_path):
    write_site(build_board(runs), tmp_path / "site")
    text = (tmp_path / "site/README.md").read_text()
    front = yaml.safe_load(text.split("---\n")[1])
    assert (front["sdk"], front["app_file"]) == ("static", "index.html")
    colours = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
    assert {front["colorFrom"], front["colorTo"]} <= colours and len(front["short_description"]) <= 60


def test_every_link_of_the_site_leads_to_a_file_of_it(runs, tmp_path):
    write_site(build_board(runs), tmp_path / "site")
    pages = list((tmp_path / "site").rglob("*.html"))
    for page in pages:
        for tag, attributes in Tags(page.read_text()).tags:
            target, _, anchor = (attributes.get("href") or "").partition("#")
            if tag == "a" and target:
                assert (page.parent / target).is_file(), (page.name, target)
            if tag == "a" and anchor:
                other = (page.parent / target).read_text() if target else page.read_text()
                assert f'id="{anchor}"' in other, (page.name, anchor)


def test_csv_and_json_hold_the_rows_unrounded_with_rank_bounds(runs, tmp_path):
    board = build_board(runs)
    write_site(board, tmp_path / "site")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "site/leaderboard.csv").read_text())))
    assert [row["operation"] for row in rows[::3]] == ["all", "move", "rotate", "remove"]
    first = rows[0]
    entry = next(e for e in board.groups[0].entries if e.editor == "y")
    assert first["editor"] == "y" and float(first["ic"]) == entry.row["ic"] and first["ic_rank_best"] == "1"
    content = json.loads((tmp_path / "site/leaderboard.json").read_text())
    assert len(content["rows"]) == len(rows) and len(content["pairs"]) == 3
    assert content["published"]["status"] == "published, not re-measured"


def test_a_page_of_few_scenes_says_that_there_are_no_ranks(save, scores_of, tmp_path):
    write_site(build_board([save("a", scores_of("x", scenes=5))]), tmp_path / "site")
    assert "No ranks:" in (tmp_path / "site/index.html").read_text()


def test_what_was_not_scored_stands_on_the_editors_page(save, scores_of, tmp_path):
    scores = scores_of("x", 1.0)
    gone = {"ic": 0.0, "sa": 0.0, "state": "no_picture", "reasons": (Reason("missing", "no <image>"),)}
    scores[0] = dataclasses.replace(scores[0], **gone)
    scores[1] = dataclasses.replace(scores[1], ic=0.0, sa=0.0, faults=(Fault("too_little"),))
    write_site(build_board([save("a", scores)]), tmp_path / "site")
    page = Tags((tmp_path / "site/models/x.html").read_text())
    assert "missing" in page.text and "no <image>" in page.text and "s00_0_edit_0" in page.text
    assert "less than half of what was asked" in page.text


def test_the_gallery_says_why_it_has_no_images(runs, tmp_path):
    written = write_site(build_board(runs), tmp_path / "site")
    assert "not all of its images are where the run found them" in (tmp_path / "site/models/x.html").read_text()
    assert written.problems[0].startswith("a: the images are not where the run found them (p: no such folder")
    write_site(build_board(runs), tmp_path / "site", gallery=0)
    assert "No gallery was asked for" in (tmp_path / "site/models/x.html").read_text()


def test_a_small_difference_between_two_does_not_look_like_none(save, scores_of, tmp_path):
    a, b = scores_of("x", 1.0), scores_of("y", 1.0, lpips=0.1012)
    write_site(build_board([save("a", a + b)]), tmp_path / "site")
    page = (tmp_path / "site/pairs/table-1.html").read_text()
    assert '<td class="better"' in page and ">+0.04<" in page and ">−0.04<" in page and ">+0.0<" not in page


def test_no_difference_has_no_sign(save, scores_of, tmp_path):
    write_site(build_board([save("a", scores_of("x") + scores_of("y"))]), tmp_path / "site", gallery=0)
    page = (tmp_path / "site/pairs/table-1.html").read_text()
    assert ">0.0<" in page and "+0.0" not in page and "−0.0" not in page


# --- the place


def test_a_second_run_replaces_the_site_whole(runs, tmp_path):
    site = tmp_path / "site"
    write_site(build_board(runs), site)
    write_site(build_board(runs[:1]), site)
    assert "models/x.html" in files_of(site) and "models/y.html" not in files_of(site)
    assert not list(tmp_path.glob(".site*"))


def test_equal_runs_give_an_equal_site(runs, tmp_path):
    for name in ("one", "two"):
        write_site(build_board(runs), tmp_path / name)
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")


@pytest.mark.parametrize("other", ["notes.txt", ".git/config", "index.html", "models/x"])
def test_a_folder_with_other_files_is_refused_and_unharmed(runs, tmp_path, other, capsys):
    file = tmp_path / "site" / other
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    before = files_of(tmp_path / "site")
    assert main(["leaderboard", *map(str, runs), "--out", str(tmp_path / "site"), "--quiet"]) == 2
    assert "holds other files" in capsys.readouterr().err and files_of(tmp_path / "site") == before


def test_files_added_to_a_former_site_are_not_removed(runs, tmp_path):
    write_site(build_board(runs), tmp_path / "site")
    (tmp_path / "site/CNAME").write_text("mine")
    with pytest.raises(SiteError, match="CNAME"):
        write_site(build_board(runs), tmp_path / "site")
    assert (tmp_path / "site/CNAME").read_text() == "mine"


def test_a_failure_on_the_way_leaves_the_former_site(runs, tmp_path, monkeypatch):
    site = tmp_path / "site"
    write_site(build_board(runs), site)
    before = files_of(site)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    for step in ("model_page", "build_gallery", "swap_in"):
        with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
            patch.setattr(write, step, full)
            write_site(build_board(runs[:1]), site)
        assert files_of(site) == before and not list(tmp_path.glob(".site*")), step


@pytest.mark.parametrize("kind", ["file", "pipe", "dangling link"])
def test_a_place_that_is_no_folder_is_one_line(runs, tmp_path, kind, capsys):
    site = tmp_path / "site"
    {"file": lambda: site.write_text("x"), "pipe": lambda: os.mkfifo(site), "dangling link": lambda: site.symlink_to("no")}[
        kind
    ]()
    assert main(["leaderboard", *map(str, runs), "--out", str(site), "--quiet"]) == 2
    assert "expected a folder" in capsys.readouterr().err


# --- what comes from outside


def spoiled(folder: Path, how: str) -> None:
    scores, settings = folder / "scores.jsonl", folder / "settings.json"
    made = {
        "no settings": settings.unlink,
        "unfinished": scores.unlink,
        "cut off": lambda: scores.write_bytes(scores.read_bytes()[:-40]),
        "settings of bytes": lambda: settings.write_bytes(b"\xff\xfe\0"),
        "settings of a list": lambda: settings.write_text("[]"),
        "nested": lambda: settings.write_text("[" * 100_000),
        "a pipe": lambda: (settings.unlink(), os.mkfifo(settings)),
        "a folder": lambda: (settings.unlink(), settings.mkdir()),
        "gone": lambda: shutil.rmtree(folder),
        "a file": lambda: (shutil.rmtree(folder), folder.write_text("x")),
    }
    made[how]()


SPOILS = ("no settings", "unfinished", "cut off", "settings of bytes", "settings of a list", "nested", "a pipe", "a folder")


@pytest.mark.parametrize("how", [*SPOILS, "gone", "a file"])
def test_a_bad_folder_is_named_and_the_rest_is_ranked(runs, tmp_path, how, capsys):
    spoiled(runs[1], how)
    assert main(["leaderboard", *map(str, runs), "--out", str(tmp_path / "site")]) == 0
    said = capsys.readouterr()
    assert "Not in the tables: 1" in said.out and "- " + str(runs[1]) in said.out and "Traceback" not in said.err
    assert "Not in the tables: 1" in (tmp_path / "site/index.html").read_text()
    assert {"models/x.html", "models/z.html"} <= set(files_of(tmp_path / "site"))


def test_scores_of_another_protocol_than_the_runs_are_named(save, scores_of):
    mixed = scores_of("x")[:30] + scores_of("x", protocol="official")[30:]
    board = build_board([save("a", scores_of("y")), save("b", mixed)])
    assert "protocol official in a run of protocol strict" in board.refused[0].why


def test_hostile_names_are_text_everywhere(save, scores_of, tmp_path):
    scores = []
    for name in HOSTILE:
        told = Reason("goal_suspect", f"{name} <b>bold</b>")
        mine = scores_of(name, 0.5, scenes=3)
        scores += [dataclasses.replace(mine[0], reasons=(told,)), *mine[1:]]
    site = tmp_path / "site"
    write_site(build_board([save("a", scores)]), site, names=write.HubNames(dataset="ORG/data"))
    found = files_of(site)
    assert len([name for name in found if name.startswith("models/")]) == len(HOSTILE)
    assert all(re.fullmatch(r"[A-Za-z0-9._/-]+", name) and ".." not in name for name in found)
    for name, content in found.items():
        if name.endswith(".html"):
            page = Tags(content.decode())
            allowed = 1 if name == "index.html" else 0
            assert sum(tag == "script" for tag, _ in page.tags) == allowed, name
            assert not [a for _, attrs in page.tags for a in attrs if a.startswith("on")], name
            assert not [t for t, attrs in page.tags if t == "img" and not (attrs.get("src") or "").startswith("data:")], name
            assert "<b>bold" not in content.decode() and ("{{ 7 * 7 }}" in page.text or name.startswith("models/")), name
            assert "\u202e" not in page.text, name
        if name.endswith(".yaml"):
            yaml.safe_load(content)
    assert b"\n'=HYPERLINK" not in found["leaderboard.csv"] and b"'=HYPERLINK(1)" in found["leaderboard.csv"]
    assert b"\\input{x}" not in found["leaderboard.tex"] and b"\\textbackslash{}" in found["leaderboard.tex"]
    assert "<script>" not in found["leaderboard.md"].decode()
    for name in ("leaderboard.csv", "pairs.csv", "leaderboard.md", "leaderboard.tex", "leaderboard.json"):
        assert "\u202e" not in found[name].decode() and "line\nbreak" not in found[name].decode(), name
    rows = list(csv.DictReader(io.StringIO(found["leaderboard.csv"].decode())))
    assert len({row["editor"] for row in rows}) == len(HOSTILE)


def test_names_that_look_alike_have_pages_of_their_own(save, scores_of, tmp_path):
    names = ["A b", "a-b", "a b", "A-B", "a.b", "a-b-00000000", "a!b"]
    board = build_board([save("a", [s for name in names for s in scores_of(name, scenes=2)])])
    assert len({model.slug.lower() for model in board.models}) == len(names)
    forged = board.models[[m.name for m in board.models].index("A b")].slug
    forger = build_board([save("b", [s for name in ("A b", "a b", forged) for s in scores_of(name, scenes=2)])])
    assert len({model.slug for model in forger.models}) == 3


def test_only_the_script_of_the_page_itself_may_run(runs, tmp_path):
    write_site(build_board(runs), tmp_path / "site")
    for name, content in files_of(tmp_path / "site").items():
        if name.endswith(".html"):
            policy = re.search(r'Content-Security-Policy" content="([^"]+)"', content.decode()).group(1)
            assert "default-src 'none'" in policy
            assert ("script-src 'sha256-" in policy) is (name == "index.html") and "unsafe" not in policy.partition(
                "script-src"
            )[2]


def test_no_page_tells_where_the_runs_lay(runs, save, scores_of, tmp_path):
    spoiled(save("bad", scores_of("w")), "cut off")
    others = [tmp_path / "bad", tmp_path / "nowhere", runs[0], save("deep/er/run", scores_of("v"))]
    write_site(build_board([*runs, *others]), tmp_path / "site")
    for name, content in files_of(tmp_path / "site").items():
        assert str(tmp_path).encode() not in content, name
