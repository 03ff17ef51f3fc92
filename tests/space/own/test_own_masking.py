"""The mask of a visitor's object: found, corrected, taken back, held against the box, and scored with."""

import numpy as np
import pytest
from own_scene import HEIGHT_M, PITCH_DEG, drawn_edit, photo, rectangle

from gsi_bench_metric.imaging.images import load_numbers
from gsi_bench_metric.seeing.masks.clicking import bounds
from gsi_bench_metric.seeing.options import SeeingError
from gsi_bench_metric.seeing.registry import make_segmenter
from gsi_bench_space.own import fields as own_fields
from gsi_bench_space.own import masking
from gsi_bench_space.own.draft import Camera, Draft
from gsi_bench_space.own.edit import Wish
from gsi_bench_space.own.example import EDITS, first_wish, read_example
from gsi_bench_space.own.html import told_html
from gsi_bench_space.own.masking import Tools, find_segmenter
from gsi_bench_space.own.texts import OWN_CHINESE, OWN_ENGLISH
from gsi_bench_space.problem import OwnError
from gsi_bench_space.state import Words

TRUE = Camera(28.0, PITCH_DEG, 100 * HEIGHT_M)
X1, Y1, X2, Y2 = rectangle()
MIDDLE = ((X1 + X2) / 2, (Y1 + Y2) / 2)
LEFT = Wish("move", "left", 15)


class Drawn:
    """A segmenter that answers with a mask that was drawn, and finds it by clicks too."""

    name, key = "drawn", "drawn"

    def __init__(self, mask):
        self.mask, self.views = mask, []

    def segment(self, views):
        self.views += views
        return [[self.mask] for _ in views]

    def at(self, rgb, point):
        return self.mask


class Blind(Drawn):
    name = key = "blind"

    def segment(self, views):
        return [[None] for _ in views]

    def at(self, rgb, point):
        return None


def filled(x1, y1, x2, y2):
    mask = np.zeros((480, 640), np.bool_)
    mask[round(y1) : round(y2), round(x1) : round(x2)] = True
    return mask


@pytest.fixture(scope="module")
def tools():
    return Tools(make_segmenter("grabcut", find_options()))


def find_options():
    from gsi_bench_metric.seeing.options import Options  # noqa: PLC0415

    return Options()


@pytest.fixture
def draft():
    return Draft.of(photo()).taken_by(TRUE, None)


@pytest.fixture
def marked(draft, tools):
    return draft.marked(rectangle(), tools)


@pytest.fixture(scope="module")
def words():
    words = Words()
    words.learn(OWN_ENGLISH, OWN_CHINESE)
    return words


def problem_of(step):
    with pytest.raises(OwnError) as caught:
        step()
    return caught.value.name


# --- found


def test_a_marked_object_gets_a_mask_with_its_maker(marked):
    sample = marked.sample(LEFT)
    numbers = load_numbers(sample.instance_mask)
    assert sample.mask_source == "grabcut" and set(np.unique(numbers)) == {0, 1} and numbers.shape == (480, 640)
    x1, y1, x2, y2 = bounds(numbers > 0)
    assert X1 - 6 < x1 < x2 < X2 + 6 and Y1 - 6 < y1 < y2 < Y2 + 6
    assert (numbers > 0).sum() > 0.5 * (X2 - X1) * (Y2 - Y1)


def test_a_click_takes_the_mask_and_its_bounds(draft):
    drawn = filled(X1, Y1, X2, Y2)
    found = draft.clicked(MIDDLE, "object", Tools(Drawn(drawn)))
    assert found.rectangle == bounds(drawn) and np.array_equal(found.mask.pixels(), drawn)
    assert found.mask.source == "drawn"


def test_a_click_on_nothing_says_so(draft):
    assert problem_of(lambda: draft.clicked((5, 5), "object", Tools(Blind(None)))) == "own_nothing_there"


def test_without_a_segmenter_the_box_alone_counts(draft, words):
    alone = draft.marked(rectangle())
    assert (alone.mask, alone.sample(LEFT).instance_mask, alone.sample(LEFT).mask_source) == (None, None, None)
    assert OWN_ENGLISH["own_no_mask"] in told_html(alone, words, "en")


def test_a_box_in_which_nothing_is_found_is_said(draft, words):
    found = draft.marked(rectangle(), Tools(Blind(None)))
    assert found.mask is None and found.block is not None and found.sample(LEFT).instance_mask is None
    assert OWN_CHINESE["own_mask_none"] in told_html(found, words, "zh")


def test_a_mask_lacking_for_want_of_a_box_comes_with_it(draft, tools):
    level = draft.taken_by(Camera(28.0, -10), None).marked(rectangle(), tools)
    assert (level.block, level.mask) == (None, None)
    assert level.taken_by(TRUE, None, tools).mask is not None


def test_another_camera_keeps_the_corrected_mask(marked, tools):
    corrected = marked.clicked(MIDDLE, "take", tools)
    assert corrected.taken_by(Camera(35.0, PITCH_DEG), None, tools).mask == corrected.mask


# --- corrected


@pytest.mark.parametrize("reach", [1.0, 6.0])
def test_what_a_click_takes_another_gives_back(marked, reach):
    tools = Tools(reach_percent=reach)
    less = marked.clicked(MIDDLE, "take", tools)
    more = less.clicked(MIDDLE, "add", tools)
    before, between, after = (d.mask.pixels() for d in (marked, less, more))
    y, x = (int(v) for v in reversed(MIDDLE))
    assert (before[y, x], between[y, x], after[y, x]) == (True, False, True)
    assert between.sum() < before.sum() and more.mask.column == "grabcut; corrected by hand"
    assert more.sample(LEFT).mask_source == "grabcut; corrected by hand"


def test_undo_goes_back_click_by_click_and_says_when_done(marked, tools):
    first = marked.clicked(MIDDLE, "take", tools)
    second = first.clicked((X1 - 20, Y2), "add", tools)
    assert second.undone() == first and first.undone() == marked
    assert problem_of(marked.undone) == "own_nothing_to_undo"


def test_what_is_added_outside_takes_the_box_along(draft):
    tools = Tools(Drawn(filled(X1, Y1, X2, Y2)), reach_percent=1.0)
    begun = draft.clicked(MIDDLE, "object", tools)
    wider = begun.clicked((X2 + 20, MIDDLE[1]), "add", tools)
    assert wider.rectangle[2] > X2 + 20 and wider.block.width > begun.block.width
    assert wider.held_mask()[int(MIDDLE[1]), int(X2 + 20)]
    assert wider.undone().rectangle == begun.rectangle
    # A box of the visitor's own stays; what lies beside it does not count, and the page says so.
    own = own_fields.corrected(begun, tools, *[v + 0.5 for v in own_fields.block_numbers(begun)])
    assert own.clicked((X2 + 20, MIDDLE[1]), "add", tools).block == own.block


def test_a_mask_cannot_be_corrected_away(draft):
    tools = Tools(Drawn(filled(X1, Y1, X1 + 12, Y1 + 12)), reach_percent=20.0)
    begun = draft.clicked((X1, Y1), "object", tools)
    assert problem_of(lambda: begun.clicked((X1 + 6, Y1 + 6), "take", Tools(reach_percent=3))) == "own_mask_empty"


def test_there_must_be_a_mask_to_correct(draft, tools):
    for meaning in ("add", "take"):
        assert problem_of(lambda meaning=meaning: draft.clicked(MIDDLE, meaning, tools)) == "own_mask_lacking"
    assert problem_of(lambda: draft.segmented(tools)) == "own_mark_first"


def test_only_so_many_corrections_are_kept(marked, tools, monkeypatch):
    monkeypatch.setattr(masking, "_REMEMBERED", 3)
    after = marked
    for step in range(6):
        after = after.clicked((MIDDLE[0] + step, MIDDLE[1]), "take" if step % 2 else "add", tools)
    for _ in range(3):
        after = after.undone()
    assert problem_of(after.undone) == "own_nothing_to_undo"


def test_a_mask_left_out_stays_out_until_it_is_found_again(marked, tools, words):
    bare = marked.unmasked()
    assert bare.sample(LEFT).instance_mask is None
    assert bare.proposed(tools).mask is None and bare.taken_by(Camera(35.0, PITCH_DEG), None, tools).mask is None
    assert bare.segmented(tools).mask == marked.mask


# --- held against the box


@pytest.mark.parametrize(
    ("mask", "name"),
    [
        (filled(0, 0, 30, 30), "own_mask_beside"),
        (filled(X2 - 10, Y1, X2 + 120, Y2), "own_mask_mostly_beside"),
        (filled(MIDDLE[0], MIDDLE[1], MIDDLE[0] + 4, MIDDLE[1] + 4), "own_mask_little"),
    ],
)
def test_a_mask_that_misses_its_box_is_told_and_not_used(draft, words, mask, name):
    wrong = draft.marked(rectangle()).given_mask(mask)
    assert problem_of(wrong.held_mask) == name
    assert wrong.sample(LEFT).instance_mask is None
    for language, texts in (("en", OWN_ENGLISH), ("zh", OWN_CHINESE)):
        assert texts[name].split("{")[0] in told_html(wrong, words, language)


def test_what_lies_beside_the_box_does_not_count(draft, words):
    long = draft.marked(rectangle()).given_mask(filled(X1, Y1, X2 + 60, Y2))
    assert not load_numbers(long.sample(LEFT).instance_mask)[:, round(X2) + 20 :].any()
    assert "do not count" in told_html(long, words, "en")


# --- scored with


@pytest.mark.parametrize("wish", [LEFT, Wish("scale", amount=70), Wish("remove")], ids=["left", "smaller", "gone"])
def test_with_the_mask_right_edits_pass_and_copies_fail(bench, marked, wish):
    sample = marked.sample(wish)
    assert bench.score(sample, drawn_edit(wish)).of("strict").outcome == "Passed"
    assert bench.score(sample, photo().picture).of("strict").outcome == "Failed"


def test_another_mask_is_another_sample(marked, tools):
    other = marked.clicked(MIDDLE, "take", tools)
    assert len({d.sample(LEFT).id for d in (marked, other, marked.unmasked())}) == 3


def test_the_region_of_edit_locality_follows_the_mask(bench, draft, marked):
    """Damage in the box beside the mask counts with the mask alone."""
    scores = [bench.score(d.sample(Wish("remove")), drawn_edit(Wish("remove"))) for d in (marked, draft.marked(rectangle()))]
    regions = [bench.compared(found).counts.mean() for found in scores]
    assert regions[0] > regions[1]


# --- who finds it


def test_without_the_network_colours_find_it_and_the_log_says(monkeypatch, tmp_path, caplog):
    def broken(name, options):
        if name == "auto":
            raise SeeingError("no weights of u2netp found")
        return make_segmenter(name, options)

    monkeypatch.setattr(masking, "make_segmenter", broken)
    assert find_segmenter().name == "grabcut"
    assert "no weights of u2netp found" in caplog.text


def test_a_segmenter_that_is_named_must_work():
    with pytest.raises(SeeingError, match="no segmenter 'eyes'"):
        find_segmenter("eyes")


def test_the_page_names_who_found_the_mask(marked, words):
    for language, texts in (("en", OWN_ENGLISH), ("zh", OWN_CHINESE)):
        assert texts["own_source_grabcut"] in told_html(marked, words, language)


# --- the example


@pytest.fixture(scope="module")
def example(tools):
    return read_example(tools)


def test_the_example_is_marked_masked_and_worded(example):
    sample = example.draft.sample(Wish("remove", name=example.wish[6], name_zh=example.wish[7]))
    assert (sample.prompt, sample.mask_source) == ("Remove the cat.", "grabcut")
    assert example.is_before(example.draft) and not example.is_before(Draft.of(photo())) and not example.is_before(None)
    assert first_wish()[6:8] != example.wish[6:8]


@pytest.mark.parametrize(
    ("wish", "right"),
    [(Wish("remove", name="cat"), "removed"), (Wish("move", "left", 40, "cat"), "moved")],
    ids=["gone", "left"],
)
def test_of_the_examples_versions_the_right_one_passes(bench, example, wish, right):
    sample = example.draft.sample(wish)
    outcomes = {name: bench.score(sample, picture).of("strict").outcome for name, picture in example.edits.items()}
    assert tuple(outcomes) == EDITS
    assert outcomes == {name: "Passed" if name == right else "Failed" for name in EDITS}
