"""The pages of a leaderboard. Everything from outside is escaped; the one script is named by its hash, and no other may run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gsi_bench_dataset.version import __version__
from gsi_bench_metric.leaderboard.boards import BoardTable, board_tables
from gsi_bench_metric.leaderboard.content import Board, Model, group_facts
from gsi_bench_metric.leaderboard.grouping import Group
from gsi_bench_metric.leaderboard.intake import Entry, shown_name
from gsi_bench_metric.leaderboard.published import LABEL, published
from gsi_bench_metric.pages.images import CHANGE_SCALE, colour_stops
from gsi_bench_metric.pages.numbers import DASH, fixed
from gsi_bench_metric.pages.shell import inline_script, page_template
from gsi_bench_metric.pages.tables import Cell, Heading, Row, Table
from gsi_bench_metric.report.faults import FAULTS_COUNTED, fault_tables
from gsi_bench_metric.report.gallery import KINDS, RANK, Card, Gallery
from gsi_bench_metric.report.page import shape_words
from gsi_bench_metric.report.tables import MEASURES
from gsi_bench_metric.results.compare import signed
from gsi_bench_metric.results.statistics import MIN_SCENES, PairedDifference

__all__ = ["index_page", "model_page", "pairs_page"]

_PACKAGE, _REPORT = "gsi_bench_metric.leaderboard", "gsi_bench_metric.report"
_FEW = 14  # editors of a matrix whose cells have room for their intervals

Files = Sequence[tuple[str, str]]


def index_page(board: Board, files: Files = (), left_out: Sequence[str] = ()) -> str:
    """The page with all tables.

    Args:
        files: (name, what it is) of what lies beside it; none: the page stands alone and links to no other.
        left_out: why rows have no files for the Hub.
    """
    return page_template(_PACKAGE, "page.html.j2", _REPORT).render(
        board=board,
        tables=board_tables,
        measures=MEASURES,
        group_facts=group_facts,
        links=board.slug_of if files else None,
        files=files,
        left_out=left_out,
        published=published(),
        label=LABEL,
        least=MIN_SCENES,
        version=__version__,
        **inline_script(_PACKAGE, "board.js"),
    )


def pairs_page(group: Group) -> str:
    """Every editor of a table against every other."""
    names = [ranked.label for ranked in group.ranked()]
    rows = [(name, [_pair(group, name, other, len(names)) for other in names]) for name in names]
    return page_template(_PACKAGE, "pairs.html.j2", _REPORT).render(
        group=group, names=names, rows=rows, heading=MEASURES[group.measure][0], least=MIN_SCENES
    )


def _pair(group: Group, row: str, column: str, editors: int) -> tuple[str, str, str, str]:
    """What stands in a cell: difference, interval, kind of cell, what is shown when it is pointed at."""
    found, sign = group.pairs.get((row, column)), 1.0
    if found is None:
        found, sign = group.pairs.get((column, row)), -1.0
    if found is None:
        return ("" if row == column else DASH), "", "", ""
    low, high = _turned(found, sign)
    between = "" if low is None or high is None else f"{_signed(low)} … {_signed(high)}"
    kind = "" if low is None or high is None or low <= 0 <= high else "better" if low > 0 else "worse"
    p_value = "" if found.p_value is None else f", p {fixed(found.p_value, 4)}"
    title = f"{between}{p_value}, {found.n} edits of {found.scenes} scenes".removeprefix(", ")
    return _signed(sign * found.difference), between if editors <= _FEW else "", kind, title


def _signed(value: float) -> str:
    """As `gsi-bench compare` prints it, so that nothing beside 0 looks like 0; with a true minus."""
    return signed(value).replace("-", "−")


def _turned(found: PairedDifference, sign: float) -> tuple[float | None, float | None]:
    """The interval of a − b, or of b − a."""
    if found.low is None or found.high is None or sign > 0:
        return found.low, found.high
    return -found.high, -found.low


def model_page(
    model: Model, tables: Mapping[int, Sequence[BoardTable]], galleries: Mapping[str, Gallery], *, gallery: bool = True
) -> str:
    """The page of one editor.

    Args:
        tables: of every group by its number (`board_tables`).
        galleries: by a run's name, with cards of all its editors.
        gallery: whether one was asked for.
    """
    cards = _cards(model, galleries)
    flat = [card for _, kinds in cards for _, group in kinds for card in group]
    runs = dict.fromkeys(entry.run_name for _, entry in model.entries)
    gone = "not all of its images are where the run found them, as they were scored; those are not shown"
    problems = [f"Run {name}: {gone}." for name in runs if name in galleries and galleries[name].problem]
    if gallery and not flat and not problems:
        problems = ["None of its edits has an image to show."]
    return page_template(_PACKAGE, "model.html.j2", _REPORT).render(
        name=shown_name(model.name),
        results=[_results(tables[group.number], entry) for group, entry in model.entries],
        faults=_faults(model),
        faults_counted=FAULTS_COUNTED,
        unscored=[(_title(entry), found) for entry, found in model.unscored()],
        problems=problems,
        cards=cards,
        rank=RANK,
        shape_words=shape_words(flat),
        change_scale=CHANGE_SCALE,
        colour_stops=colour_stops(),
    )


def _title(entry: Entry) -> str:
    settings = entry.settings
    return f"{entry.split}, {settings['protocol']} protocol, detector {settings['detector']}, run {entry.run_name}"


def _results(tables: Sequence[BoardTable], entry: Entry) -> tuple[str, int, Table]:
    """Title, number of the table that it stands in, and its line of every operation."""
    rows, headings = [], [Heading("Rank")]
    for content in tables:
        own = next(row for row in content.rows if row.entry is entry)
        of = f"{own.rank_words} of {len(content.rows)}" if own.rank else own.rank_words
        shown = dict(zip((h.words for h in content.headings), own.cells, strict=True))
        if not content.operation:
            headings = [Heading("Rank"), *content.headings]
        cells = [Cell(of), *(shown.get(heading.words, Cell(DASH)) for heading in headings[1:])]
        rows.append(Row(content.operation or "all operations", "", cells))
    number = tables[0].group.number
    return f"Table {number}: {_title(entry)}", number, Table("Operation", headings, rows)


def _faults(model: Model) -> list[tuple[str, Table]]:
    return [(_title(entry), table) for _, entry in model.entries for _, _, table in fault_tables(model.faults(entry))]


def _cards(model: Model, galleries: Mapping[str, Gallery]) -> list[tuple[str, list[tuple[str, list[Card]]]]]:
    """Its cards by entry, then by kind."""
    found = []
    for _, entry in model.entries:
        gallery = galleries.get(entry.run_name, Gallery())
        here = [card for card in gallery.cards if (card.split, card.editor) == (entry.split, entry.editor)]
        kinds = [(kind, [card for card in here if card.kind == kind]) for kind in KINDS]
        if here:
            found.append((_title(entry), [(kind, group) for kind, group in kinds if group]))
    return found
