"""The chosen numbers of tracker, alignment and embedded judge: in one place, explained, in the keys, and used from there."""

import ast
import dataclasses
import json
import math
from pathlib import Path

import pytest

import gsi_bench_metric
from gsi_bench_dataset.storage.shards import read_dataset
from gsi_bench_metric.configuration import Numbers, tuned
from gsi_bench_metric.detectors import DetectionItem, DetectorError, make_detector
from gsi_bench_metric.detectors.tracker.config import TRACKER, TrackerConfig
from gsi_bench_metric.detectors.tracker.tracker import TrackerDetector
from gsi_bench_metric.imaging.alignment_config import ALIGNMENT, MAPPING, AlignmentConfig
from gsi_bench_metric.imaging.pictures import Picture
from gsi_bench_metric.judges.embedded.config import EMBEDDED, EmbeddedJudgeConfig
from gsi_bench_metric.judges.embedded.judge import EmbeddedJudge
from gsi_bench_metric.protocols.strict import scoring
from gsi_bench_metric.protocols.strict.thresholds import STRICT

DATA = Path(__file__).parents[2] / "data" / "variants" / "GSI-Bench"
PACKAGE = Path(gsi_bench_metric.__file__).parent
ALL = {"tracker": TRACKER, "alignment": ALIGNMENT, "mapping": MAPPING, "embedded": EMBEDDED, "strict": STRICT}
MODULES = sorted(
    [
        p
        for folder in ("detectors/tracker", "judges/embedded")
        for p in (PACKAGE / folder).rglob("*.py")
        if p.name != "config.py"
    ]
    + [PACKAGE / "imaging/alignment.py", PACKAGE / "imaging/mapping.py"]
)
# Numbers that are no choice: versions of code, sizes of caches, how many channels a tensor has, and geometry.
STRUCTURAL = {"_VERSION", "_KEPT", "CHANNELS", "CHANGED", "_NO_DISTORTION", "_IDENTITY", "_SQUARE", "_PLACES"}
# Sizes and limits of the network that tells turns: its weights were learned with these and fit no others.
STRUCTURAL |= {
    "AZIMUTHS", "RINGS", "LEVELS", "CROP", "TOLD", "_BEYOND", "_FIRST", "_SOFT", "_LEAST",  # the drum
    "_WIDE", "_SEEN", "_READ", "_SORTS", "_PLACED", "_DOUBT", "_FAR", "_MEAN", "_SPREAD",  # its layers
    "_STEP",  # telling: of the drum's azimuths
}  # fmt: skip
# Fractions inside of functions that are no choice: pixel centres and halves, guards against division by zero, what makes a
# median deviation a standard one, weights of grey, CIELAB's scale.
NO_CHOICE = {0.0, 0.5, 1.0, 2.0, 1e-3, 1e-4, 1e-6, 1e-9, 1e-12, 1e6, 1.4826, 0.299, 0.587, 0.114, 2.55}


def leaves(numbers, before=()):
    """(path, value) of every number."""
    for field in dataclasses.fields(numbers):
        value = getattr(numbers, field.name)
        if isinstance(value, Numbers):
            yield from leaves(value, (*before, field.name))
        else:
            yield (*before, field.name), value


def other(value):
    return (other(value[0]), *value[1:]) if isinstance(value, tuple) else value + 1


def changed(numbers, path):
    """The same numbers but for one."""
    head, *rest = path
    value = getattr(numbers, head)
    return dataclasses.replace(numbers, **{head: changed(value, rest) if rest else other(value)})


@pytest.mark.parametrize("name", ALL)
def test_every_number_has_unit_and_reason(name):
    told = ALL[name].describe()
    assert [number for number, *_ in told] == [".".join(path) for path, _ in leaves(ALL[name])]
    for number, value, unit, why in told:
        assert unit.strip() and why.strip(), number
        assert value is not None


def test_numbers_that_images_set_say_which_scenes():
    for numbers in (TRACKER, ALIGNMENT, EMBEDDED):
        assert all(numbers.provenance().values())
    assert "developed on seeds 0, 11, 100, 500, 700" in TRACKER.provenance().values()
    assert all("seed" in seeds or "pair" in seeds for seeds in TRACKER.provenance().values())


def test_a_number_may_say_its_own_seeds():
    @dataclasses.dataclass(frozen=True)
    class Few(Numbers):
        SEEDS = "all"
        one: float = tuned(1.0, "m", "so")
        two: float = tuned(2.0, "m", "so", seeds="seed 3")

    assert Few().provenance() == {"one": "all", "two": "seed 3"}


@pytest.mark.parametrize("name", ALL)
def test_numbers_are_plain_json(name):
    written = json.dumps(ALL[name].to_json(), allow_nan=False)
    assert json.loads(written).keys() == ALL[name].to_json().keys()


@pytest.mark.parametrize("boxes_alone", [False, True])
def test_changing_any_number_changes_the_trackers_key(boxes_alone):
    keys = [TrackerDetector(boxes_alone=boxes_alone).key]
    keys += [TrackerDetector(boxes_alone=boxes_alone, config=changed(TRACKER, path)).key for path, _ in leaves(TRACKER)]
    assert len(set(keys)) == len(keys) > 190


def test_changing_any_number_changes_the_judges_key():
    keys = [EmbeddedJudge().key] + [EmbeddedJudge(config=changed(EMBEDDED, path)).key for path, _ in leaves(EMBEDDED)]
    assert len(set(keys)) == len(keys) > 60


def test_the_strict_key_follows_mapping_and_alignment(monkeypatch):
    class NoNetwork:
        @classmethod
        def pretrained(cls, device):
            return cls()

    monkeypatch.setattr(scoring, "LpipsAlex", NoNetwork)
    before = scoring.StrictScorer().key
    monkeypatch.setattr(scoring, "ALIGNMENT", dataclasses.replace(ALIGNMENT, tukey=4.0))
    aligned = scoring.StrictScorer().key
    monkeypatch.setattr(scoring, "MAPPING", dataclasses.replace(MAPPING, trim=70))
    assert len({before, aligned, scoring.StrictScorer().key}) == 3


def test_equal_numbers_give_equal_keys():
    assert make_detector("tracker").key == make_detector("tracker", config=TrackerConfig()).key == TrackerDetector().key
    assert EmbeddedJudge().key == EmbeddedJudge(config=EmbeddedJudgeConfig()).key


def test_only_the_tracker_takes_numbers():
    assert make_detector("tracker-boxes", config=TrackerConfig()).name == "tracker-boxes"
    with pytest.raises(DetectorError, match="'simulator' has no chosen numbers; leave config out"):
        make_detector("simulator", config=TrackerConfig())


def numbers_in(node):
    return [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, int | float)
            and not isinstance(n.value, bool)]  # fmt: skip


@pytest.mark.parametrize("path", MODULES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_no_module_has_numbers_of_its_own(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
            assert not numbers_in(node.value) or names <= STRUCTURAL, f"{path.name}: {names} belongs into the config"
    inline = [
        n for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) for n in numbers_in(node) if isinstance(n, float)
    ]
    assert set(inline) <= NO_CHOICE, path.name


def takes_config():
    """Where `config` stands among the arguments, by the names of public functions and classes. Private ones have no default."""
    found = {}
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                fields = [n.target.id for n in node.body if isinstance(n, ast.AnnAssign)]
                if "config" in fields:
                    found[node.name] = fields.index("config")
            elif isinstance(node, ast.FunctionDef):
                names = [a.arg for a in node.args.posonlyargs + node.args.args]
                if "config" in names:
                    found[node.name] = names.index("config")
                elif "config" in [a.arg for a in node.args.kwonlyargs]:
                    found[node.name] = math.inf
    return {name: place for name, place in found.items() if not name.startswith("_")}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_numbers_are_handed_on_wherever_they_can_be(path):
    """A call that leaves them out would take the shipped ones, whatever the key says."""
    takes = takes_config()
    assert {"align", "structure", "map_back", "compare", "is_gone", "confidence", "Found", "lay_over"} <= takes.keys()
    forgotten = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in takes:
            given = len(node.args) > takes[node.func.id] or any(k.arg == "config" for k in node.keywords)
            if not given:
                forgotten.append(node.func.id)
    assert forgotten == []


@pytest.fixture
def poisoned():
    """Makes every shipped number of the tracker nonsense: code that takes one from there, and not from its config, fails."""
    kept = []

    def spoil(numbers):
        for field in dataclasses.fields(numbers):
            value = getattr(numbers, field.name)
            if isinstance(value, Numbers):
                spoil(value)
            else:
                kept.append((numbers, field.name, value))
                object.__setattr__(numbers, field.name, math.nan)

    def poison():
        spoil(TRACKER)
        spoil(ALIGNMENT)

    yield poison
    for numbers, name, value in kept:
        object.__setattr__(numbers, name, value)


def test_the_tracker_uses_no_numbers_but_those_it_is_given(poisoned):
    """Every kind of edit, right and wrong, in source and edited image: the same to the digit."""
    shown = ("grade100", "duplicate", "removed", "replaced")
    rows = [s for s in read_dataset(DATA, "mesatask") if s.variant in shown]
    items = [DetectionItem(s, view, None, Picture(s.edited_image)) for s in rows for view in ("source", "edited")]
    items = items[:: max(1, len(items) // 14)]
    given = TrackerConfig(alignment=AlignmentConfig())
    expected = TrackerDetector().detect(items)
    poisoned()
    assert TrackerDetector(config=given).detect(items) == expected
