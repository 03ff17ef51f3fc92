"""What the strict protocol says of the right edit of photographs, where the right edit can be drawn.

    python benchmarks/fine_oracle.py --seed 2400 --scenes 12 --edits 4 --out oracle
    python benchmarks/fine_oracle.py --seed 31 --scenes 20 --edits 4 --out sheet --sheet 60

Rendered rooms and tables stand in for photographs: a JPEG, boxes.json and, in the first of two ways, depth. Of each the fine
split's builder proposes edits as it does of photographs, knowing no more. Then the engine draws each edit, so that the right
answer is known. Printed, for samples with the photographs' depth and for boxes alone, each as built and with masks and depth by
`gsi-bench enrich`: IC of the right edit, of nothing done, and the share without a score, by operation; the causes of misses.
`--sheet N` draws no edits: it writes N samples, twelve a page, to be looked at.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

from gsi_bench_builders.edits.base import SETTINGS, Edit
from gsi_bench_builders.edits.propose import propose_edits
from gsi_bench_builders.engine import PRESETS, Engine, Frame
from gsi_bench_builders.engines.blender.engine import BlenderEngine
from gsi_bench_builders.frames import depth_png, evaluation_box, up_in_camera
from gsi_bench_builders.photos.engine import PhotoEngine
from gsi_bench_builders.production.labels import Making, make_sample, source_row
from gsi_bench_builders.production.preview import contact_sheet, evenly
from gsi_bench_builders.production.selfcheck import goal_disagreements
from gsi_bench_builders.production.tellable import can_tell
from gsi_bench_builders.recipes.fine import Photographs, RenderedPhotographs
from gsi_bench_builders.scene import Scene, matrix3
from gsi_bench_dataset.layout.boxes import BOXES_NAME, BoxesFile, MarkedObject, MarkedPhoto, write_boxes
from gsi_bench_dataset.records import Sample, Score
from gsi_bench_dataset.storage.shards import write_dataset
from gsi_bench_metric.run.inputs import Request
from gsi_bench_metric.run.pipeline import evaluate
from gsi_bench_metric.seeing.enriching import enrich
from gsi_bench_metric.seeing.looking import Makers
from gsi_bench_metric.seeing.options import Options
from gsi_bench_metric.seeing.registry import make_depth, make_segmenter
from gsi_bench_metric.validity.judge import gated

# Half the paths a pixel of the preset: the denoiser hides it, and the images take half the time.
QUALITY = dataclasses.replace(PRESETS["demo"], samples=2)
KINDS = ("move", "rotate", "remove")
WAYS = {"with depth": True, "boxes alone": False}
RIGHT, NOTHING = "after", "copy"
A_PAGE = 12


def photograph(scene: Scene, frame: Frame, folder: Path, deep: bool) -> Photographs:
    """One rendered scene as a folder of photographs."""
    folder.mkdir(parents=True, exist_ok=True)
    name = scene.id
    Image.fromarray(frame.rgb).save(folder / f"{name}.jpg", quality=95)
    if deep:
        (folder / f"{name}_depth.png").write_bytes(depth_png(frame.depth_m).bytes)
    objects = []
    for thing in scene.things:
        info = thing.info
        if info.part_of_room:
            continue
        box, rotation = evaluation_box(thing, scene.camera)
        noun, noun_zh, colour, colour_zh = info.category, info.category_zh, info.colour, info.colour_zh
        if not info.nameable:  # what a person would not name
            noun, noun_zh, colour, colour_zh = "object", None, None, None
        # How it turns, and whether it can be moved, is known by its noun, as of other photographs.
        hold = None if info.hold == "free" else info.hold
        objects.append(MarkedObject(thing.id, noun, box[:6], rotation, noun_zh, None, colour, colour_zh, movable=hold))
    camera = scene.camera
    photo = MarkedPhoto(
        f"{name}.jpg",
        camera.width,
        camera.height,
        camera.intrinsics,
        up_in_camera(camera),
        tuple(objects),
        depth=f"{name}_depth.png" if deep else None,
        licence="cc-by-4.0",
        redistributable=True,
        attribution="rendered",
    )
    write_boxes(folder / BOXES_NAME, BoxesFile((photo,)))
    return Photographs((folder,), "folder")


def proposals(photos: Photographs, seed: int, number: int, count: int, rejected: Counter[str]) -> list[tuple[Edit, Sample]]:
    """What the builder makes of a photograph."""
    engine, preset = PhotoEngine(), QUALITY
    scene, _ = photos.scene(0, np.random.default_rng(0), preset.size)
    engine.load(scene)
    options = dataclasses.replace(SETTINGS["photo"], min_target_px=preset.min_target_px)
    rng = np.random.default_rng([seed, number])
    before = engine.render(scene, preset, 0)
    told = functools.partial(can_tell, before, scene)
    edits, why = propose_edits(scene, engine, rng, options, count=count, kinds=KINDS, can_tell=told)
    for (_, reason), n in why.items():
        rejected[reason] += n
    row = source_row(scene, before, Making("fine", engine.name, engine.version, seed))
    made = [(edit, make_sample(row, edit, f"{n:02d}", None)) for n, edit in enumerate(edits)]
    return [(edit, sample) for edit, sample in made if not goal_disagreements(edit, sample)]


def done(scene: Scene, edit: Edit) -> Scene:
    """The engine's scene after an edit of its photograph, whose world is another: the camera is the same in both."""
    theirs, ours = edit.before.camera, scene.camera
    turn = np.array(ours.rotation).T @ np.array(theirs.rotation)
    if edit.effect == "remove":
        return scene.without(edit.changed)
    things = []
    for thing in edit.after.things:
        if thing.id not in edit.changed:
            continue
        before, mine = edit.before.thing(thing.id), scene.thing(thing.id)
        step = turn @ (np.array(thing.position) - before.position)
        motion = turn @ np.array(thing.rotation) @ np.array(before.rotation).T @ turn.T
        scale = np.array(thing.size) / before.size
        things.append(
            dataclasses.replace(
                mine,
                position=tuple((np.array(mine.position) + step).tolist()),
                rotation=matrix3(motion @ np.array(mine.rotation)),
                size=tuple((scale * mine.size).tolist()),
            )
        )
    return scene.with_things(things)


def build(args: argparse.Namespace, engine: Engine) -> dict[str, list[Sample]]:
    """Samples by way; unless only a sheet is asked for, the images of both editors too."""
    source, preset = RenderedPhotographs(), QUALITY
    found: dict[str, list[Sample]] = {way: [] for way in WAYS}
    rejected = {way: Counter[str]() for way in WAYS}
    for number in range(args.scenes):
        scene, _ = source.scene(number, np.random.default_rng([args.seed, number]), preset.size)
        engine.load(scene)
        before = engine.render(scene, preset, number)
        for way, deep in WAYS.items():
            if args.sheet and not deep:
                continue
            place = args.out / way.replace(" ", "_")
            photos = photograph(scene, before, place / "photographs" / scene.id, deep)
            for edit, sample in proposals(photos, args.seed, number, args.edits, rejected[way]):
                found[way].append(sample)
                if not args.sheet:
                    after = engine.render(done(scene, edit), preset, number)
                    for editor, rgb in ((RIGHT, after.rgb), (NOTHING, before.rgb)):
                        path = place / editor / f"{sample.id}.png"
                        path.parent.mkdir(parents=True, exist_ok=True)
                        Image.fromarray(rgb).save(path)
        print(f"scene {number}: {scene.id}, {', '.join(f'{len(v)} edits {w}' for w, v in found.items())}", file=sys.stderr)
    for way, reasons in rejected.items():
        print(f"rejected, {way}: {', '.join(f'{k} {n}' for k, n in reasons.most_common())}")
    return found


def scored(place: Path, data: Path, out: Path) -> list[Score]:
    """Strict scores of both editors."""
    run = evaluate(Request((place / RIGHT, place / NOTHING), str(data), "fine", workers=1), out, progress=False)
    return list(run.scores)


def tell(name: str, samples: list[Sample], scores: list[Score]) -> None:
    """One row an operation, and what was missed."""
    kinds = {s.id: s.operation.kind for s in samples if s.operation}
    sentences = {s.id: s.prompt for s in samples}
    for kind in ("all", *KINDS):
        cells = []
        for editor in (RIGHT, NOTHING):
            mine = [s for s in scores if s.editor == editor and kind in ("all", kinds[s.sample_id])]
            values = [value.ic for s in mine if (value := gated(s)) is not None]
            ic = f"{np.mean(values):5.1f}" if values else "    –"
            cells.append(f"IC {ic}, without a score {100 * (1 - len(values) / max(len(mine), 1)):4.1f} % of {len(mine)}")
        print(f"{name:24} {kind:7} right: {cells[0]}   nothing done: {cells[1]}")
    for score in scores:
        value = gated(score)
        missed = value is None or (value.ic < 100 if score.editor == RIGHT else value.ic > 0)
        if missed:
            why = "; ".join([r.text for r in score.reasons] or [score.explanation or ""])
            print(f"    {score.editor}: {score.sample_id}: {sentences[score.sample_id]} — {why}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=2400)
    parser.add_argument("--scenes", type=int, default=12)
    parser.add_argument("--edits", type=int, default=4, help="of each scene")
    parser.add_argument("--out", type=Path, required=True, help="a new folder")
    parser.add_argument("--sheet", type=int, metavar="N", help="write N samples to look at, and draw no edits")
    parser.add_argument("--masks", default="auto", help="who makes masks for enriched samples")
    args = parser.parse_args()
    found = build(args, BlenderEngine())
    if args.sheet:
        chosen = evenly(found["with depth"], args.sheet)
        for page, start in enumerate(range(0, len(chosen), A_PAGE)):
            contact_sheet(chosen[start : start + A_PAGE], args.out / f"page{page}.png")
        return 0
    makers = Makers(make_segmenter(args.masks, Options()), make_depth("boxes", Options()), "auto", None)
    for way, samples in found.items():
        place = args.out / way.replace(" ", "_")
        write_dataset({"fine": samples}, place / "data")
        tell(way, samples, scored(place, place / "data", place / "run"))
        enrich(place / "data", place / "enriched", makers, progress=False)
        tell(f"{way}, enriched", samples, scored(place, place / "enriched", place / "run-enriched"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
