"""One table in three forms: the same text, escaped where a form needs it, and numbers printed in one way."""

import pytest

from gsi_bench_metric.pages.files import json_text, write_all
from gsi_bench_metric.pages.markdown import bullets, escaped
from gsi_bench_metric.pages.numbers import difference, fixed, interval, measure, number, percent
from gsi_bench_metric.pages.shell import page_template
from gsi_bench_metric.pages.tables import Cell, Table, markdown_table, terminal_table

EVIL = "<script>|`x`_y_"


def table(**more):
    cells = [Cell("> 99.9", "n = 2\n+1 not scored", "met"), Cell("50.0", value=50.0, low=40.0, high=60.0)]
    return Table.plain("Image", ["a", EVIL], [(EVIL, "no way", cells)], **more)


def shown(content, style="compact"):
    template = page_template("gsi_bench_metric.report").environment.get_template("table.html.j2")
    return template.module.table(content, style)


def test_markdown_escapes_every_word_of_a_table():
    head, rule, row = markdown_table(table()).splitlines()
    assert rule == "| --- | ---: | ---: |"
    assert head.replace(r"\|", "").count("|") == row.replace(r"\|", "").count("|") == 4
    assert "<script" not in head + row
    assert row.endswith("| ✓ &gt; 99.9 (n = 2, +1 not scored) | 50.0 [40.0–60.0] |")


def test_a_terminal_shows_numbers_as_they_are():
    *_, row = terminal_table(table()).splitlines()
    assert "✓ > 99.9 (n = 2, +1 not scored)" in row
    assert row.replace(r"\|", "").count("|") == 4


def test_html_escapes_a_table_and_signs_its_verdicts():
    page = shown(table(warning="no way"))
    assert "<script" not in page
    assert '<small class="warn">no way</small>' in page
    assert '<td class="met"><span class="sign" role="img" aria-label="met">✓</span> &gt; 99.9' in page
    assert "<small>40.0–60.0</small>" in page


def test_only_a_wide_table_has_marks_and_labels_of_columns():
    assert "<svg" not in shown(table())
    wide = shown(table(), "wide")
    assert wide.count("<svg") == 1
    assert wide.count("data-label") == 2


def test_a_table_as_json_holds_its_words():
    row = [EVIL, "no way", [{"text": "> 99.9", "small": "n = 2\n+1 not scored", "verdict": "met"},
                            {"text": "50.0", "small": "", "verdict": ""}]]  # fmt: skip
    assert table().to_json() == {"stub": "Image", "headings": ["a", EVIL], "rows": [row]}


@pytest.mark.parametrize("write", [lambda v: fixed(v, 1), number, percent, lambda v: measure(v, "cm")])
def test_nothing_is_a_dash_in_every_way_to_print(write):
    assert write(None) == "–"


def test_an_interval_needs_both_ends_and_a_minus_is_a_minus():
    assert (interval(1.0, 2.0), interval(1.0, None), interval(None, None)) == ("1.0–2.0", "", "")
    assert (difference(-1.0), difference(0.5)) == ("−1.0", "+0.5")


def test_escaped_text_is_one_line_and_keeps_no_break_spaces():
    assert escaped("≥\u00a099 %\n# *a* @b https://c") == r"≥" + "\u00a0" + r"99 % \# \*a\* &#64;b https:&#47;/c"
    assert bullets([("a_b", "<i>"), ("c", "d")]) == "- a\\_b: &lt;i&gt;\n- c: d"


def test_files_are_written_under_their_names_and_json_is_strict(tmp_path):
    paths = write_all(tmp_path / "new", {"a.txt": "text", "b.png": b"bytes", "c.jsonl": (line for line in ("1\n", "2\n"))})
    assert [p.name for p in paths] == ["a.txt", "b.png", "c.jsonl"]
    assert [p.read_bytes() for p in paths] == [b"text", b"bytes", b"1\n2\n"]
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_text({"value": float("nan")})
