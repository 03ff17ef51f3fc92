"""`gsi-bench reproduce bagel` on a bundle of the published layout, made of the recorded end-to-end case (19 edits)."""

import json
import shutil
from pathlib import Path

import pytest
from hub_stand_in import Repository

from gsi_bench_dataset.cli.main import main
from gsi_bench_metric.judges.recorded import parse_reply
from gsi_bench_metric.protocols.official.results import MODES
from gsi_bench_metric.reproduce import PUBLISHED, BundleError, open_bundle, reproduce
from gsi_bench_metric.reproduce.published import NAMES, Published

DATA = Path(__file__).parents[2] / "data"
RECORDED, EXPECTED = DATA / "eval/recorded-editor", DATA / "expected/GSI-Real"
JUDGEMENTS = "predictions_infer_2000_judge_fine_BAGEL.json"


def summary():
    """What the reference's tables say of the recorded case."""
    return json.loads((EXPECTED / "EVAL_output_summary.json").read_text())["fine"]["recorded-editor"]


def numbers():
    row = summary()
    return {
        "ic": row["instruction_compliance"], "sa": row["spatial_accuracy"], "el_ssim": row["edit_locality"]["ssim"],
        "el_lpips": row["edit_locality"]["lpips"], "ac": row["ac"], "average": row["average"],
    }  # fmt: skip


# As if the recorded case had been published.
CASE = Published("BAGEL", "fine", sources=5, edits=19, numbers=numbers())


@pytest.fixture
def bundle(tmp_path):
    """A bundle in the layout that was published."""
    root = tmp_path / "bundle"
    shutil.copytree(DATA / "official/fine_dataset", root / "fine_dataset")
    shutil.copytree(RECORDED / "generated_images_fine", root / "generated_images_fine")
    results = root / "BAGEL/fine_eval"
    results.mkdir(parents=True)
    shutil.copy(RECORDED / "fine_eval/infer_cache.json", results)
    for mode in MODES:
        for what in ("results", "stats"):
            shutil.copy(EXPECTED / f"{mode}_eval_{what}.json", results)
    shutil.copy(DATA / "judgements/judge_fine_recorded-editor.json", root / JUDGEMENTS)
    (root / "agg_results").mkdir()
    for table in EXPECTED.glob("EVAL_output_*.json"):
        (root / "agg_results" / table.name).write_text(table.read_text().replace('"recorded-editor"', '"BAGEL"'))
    return root


def edit_json(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_three_paths_give_the_published_numbers(bundle, tmp_path):
    made = reproduce(open_bundle(str(bundle), CASE), tmp_path / "out", workers=1, progress=False)
    assert made.agrees and not made.lacking and made.differences == ()
    for path, limit in (("inspect", 0), ("aggregate", 1e-9), ("full", 1e-4)):
        assert made.found[path].numbers == pytest.approx(numbers(), abs=limit), path
    assert made.found["aggregate"].n == made.found["full"].n == 19


def test_numbers_stand_beside_verified_ones_of_another_bundle(bundle, tmp_path, capsys):
    status = main(["reproduce", "bagel", "--bundle", str(bundle), "--out", str(tmp_path / "out"), "--workers", "1", "--quiet"])
    assert status == 1
    page = (tmp_path / "out/reproduce.md").read_text()
    assert page in capsys.readouterr().out
    found, verified = numbers(), PUBLISHED["bagel"].numbers
    for name, label in NAMES.items():
        cell = f" {found[name]:.3f} | {found[name] - verified[name]:+.3f} |"
        assert f"| {label} | {verified[name]:.3f} |{cell * 3}\n" in page
    assert "| edits | 441 | | | 19 | -422 | 19 | -422 |" in page
    assert "fine_dataset/: 5 source images, 211 were published" in page and "Not all paths" in page
    assert json.loads((tmp_path / "out/reproduce.json").read_text())["agrees"] is False


def test_the_verified_numbers_are_those_of_the_published_result():
    verified = PUBLISHED["bagel"].numbers
    assert verified["ic"] == pytest.approx(100 * 141 / 441, abs=5e-4)
    mean = (verified["ic"] + verified["sa"] + verified["el_lpips"] + verified["ac"]) / 4
    assert verified["average"] == pytest.approx(mean, abs=1e-3)


def test_what_a_changed_input_changes_is_named_edit_by_edit(bundle, tmp_path):
    ids = sorted(json.loads((bundle / "BAGEL/fine_eval/infer_cache.json").read_text()))
    images = bundle / "generated_images_fine"
    results = json.loads((bundle / "BAGEL/fine_eval/instruction-compliance_eval_results.json").read_text())
    # A compliant move without its detections; an image exchanged for another; an image that is gone.
    moved = next(key for key in ids if results[key]["operation"] == "move" and results[key]["compliance"] > 0)
    edit_json(bundle / "BAGEL/fine_eval/infer_cache.json", lambda c: c[moved]["new_result"].update(detections=[]))
    exchanged, gone = images / "7b6477cb95_frame_002310_edit_2.png", images / "036bce3393_frame_000120_edit_7.png"
    shutil.copy(images / "7b6477cb95_frame_002310_edit_0.png", exchanged)
    gone.unlink()
    made = reproduce(open_bundle(str(bundle), CASE), tmp_path / "out", ("full",), workers=1, progress=False)
    causes = {d.key: d.cause for d in made.differences}
    assert set(causes) == {moved, "7b6477cb95_frame_002310_2", "036bce3393_frame_000120_7"}
    assert "edited image" in causes["7b6477cb95_frame_002310_2"] and "no image" in causes["036bce3393_frame_000120_7"]
    assert "detections" in causes[moved] or "boxes" in causes[moved]
    assert not made.agrees and made.found["full"].n == 18
    assert made.lacking == ("generated_images_fine/: 18 images, 19 were published",)


def test_edits_that_the_judge_left_out_are_named(bundle, tmp_path):
    results = json.loads((bundle / "BAGEL/fine_eval/instruction-compliance_eval_results.json").read_text())
    before = reproduce(open_bundle(str(bundle), CASE), tmp_path / "out", ("aggregate",)).found["aggregate"]
    judged = json.loads((bundle / JUDGEMENTS).read_text())
    lost = next(
        e for e in judged
        if results[e["meta"]["index"].replace("_edit_", "_")]["compliance"] > 0 and parse_reply(e["prediction"])[0]
    )  # fmt: skip
    (bundle / JUDGEMENTS).write_text(json.dumps([e for e in judged if e is not lost]))
    after = reproduce(open_bundle(str(bundle), CASE), tmp_path / "out", ("aggregate",)).found["aggregate"]
    assert set(after.zeroed) - set(before.zeroed) == {lost["meta"]["index"].replace("_edit_", "_")}
    assert after.numbers["ic"] < before.numbers["ic"]


@pytest.mark.parametrize(
    ("part", "path", "words"),
    [
        ("agg_results", "inspect", "no agg_results/EVAL_output_"),
        (
            "BAGEL/fine_eval/spatial-accuracy_eval_results.json",
            "aggregate",
            "no BAGEL/fine_eval/spatial-accuracy_eval_results.json",
        ),
        ("BAGEL/fine_eval/infer_cache.json", "full", "no BAGEL/fine_eval/infer_cache.json"),
        ("fine_dataset", "full", "no fine_dataset/"),
        ("generated_images_fine", "full", "no generated_images_fine/"),
    ],
)
def test_a_missing_part_stops_its_path_alone(bundle, tmp_path, part, path, words):
    shutil.rmtree(bundle / part) if (bundle / part).is_dir() else (bundle / part).unlink()
    others = [p for p in ("inspect", "aggregate") if p != path]
    made = reproduce(open_bundle(str(bundle), CASE), tmp_path / "out", (*others, path), workers=1, progress=False)
    assert words in made.found[path].problem and not made.agrees
    assert all(made.found[p].agrees(CASE) for p in others)


def test_judgements_that_are_missing_or_doubled_are_named(bundle, tmp_path):
    shutil.copy(bundle / JUDGEMENTS, bundle / JUDGEMENTS.replace("judge", "other"))
    with pytest.raises(BundleError, match=r"expected one predictions_infer_2000_.*found predictions.*judge.*other"):
        reproduce(open_bundle(str(bundle), CASE), tmp_path / "out", ("aggregate",))
    for path in bundle.glob("predictions*"):
        path.unlink()
    with pytest.raises(BundleError, match="found none"):
        reproduce(open_bundle(str(bundle), CASE), tmp_path / "out", ("aggregate",))


def test_damaged_files_are_named(bundle, tmp_path):
    (bundle / "BAGEL/fine_eval/edit-locality_eval_results.json").write_text('{"a": ')
    (bundle / "agg_results/EVAL_output_summary.json").write_text('{"fine": {"BAGEL": {}}}')
    with pytest.raises(BundleError, match=r"(?s)inspect: agg_results: expected.*aggregate: .*not valid JSON"):
        reproduce(open_bundle(str(bundle), CASE), tmp_path / "out", ("inspect", "aggregate"))


def test_a_bundle_one_folder_down_is_found_other_folders_not(bundle, tmp_path):
    assert open_bundle(str(bundle.parent), CASE).root == bundle
    (tmp_path / "empty").mkdir()
    with pytest.raises(BundleError, match="no bundle in it"):
        open_bundle(str(tmp_path / "empty"), CASE)
    with pytest.raises(BundleError, match="neither a folder nor a dataset repository"):
        open_bundle(str(tmp_path / "nowhere"), CASE)


def test_a_bundle_on_the_hub_is_fetched_at_its_revision(hub, command, bundle, tmp_path):
    files = {p.relative_to(bundle).as_posix(): p.read_bytes() for p in bundle.rglob("*") if p.is_file()}
    repository = hub.repos["someone/bagel-fine"] = Repository()
    repository.tags["v1"] = repository.commit(files)
    repository.commit({})
    words = ("reproduce", "bagel", "--out", tmp_path / "out", "--paths", "inspect", "aggregate", "--quiet")
    done = command(*words, "--bundle", "someone/bagel-fine@v1")
    assert done.returncode == 1 and f" {numbers()['ic']:.3f} |" in done.stdout
    assert "no such dataset repository" in command(*words, "--bundle", "someone/else").stderr
    assert "no bundle in it" in command(*words, "--bundle", "someone/bagel-fine").stderr
