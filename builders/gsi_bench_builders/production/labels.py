"""Samples from edits and the two images of each."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.edits.base import Edit
from gsi_bench_builders.engine import Frame
from gsi_bench_builders.frames import depth_png, evaluation_box, ids_png, rgb_png, up_in_camera
from gsi_bench_builders.production.variants import Variant
from gsi_bench_builders.scene import AssetInfo, Scene
from gsi_bench_dataset.records import Sample, SceneObject

__all__ = ["Making", "SourceRow", "known_objects", "make_sample", "public_key", "source_row", "variant_sample"]


_ROOM = AssetInfo("embedded:room:0", "room", "房间", (1.0, 1.0, 1.0))  # its rights are those of embedded assets


@dataclasses.dataclass(frozen=True)
class Making:
    """How a scene's images came to be: what provenance says of all its samples."""

    split: str
    engine: str
    engine_version: str
    seed: int
    training: bool = False


@dataclasses.dataclass(frozen=True)
class SourceRow:
    """What all samples of one source view share, encoded once."""

    scene: Scene
    making: Making
    fields: dict[str, object]


def source_row(scene: Scene, frame: Frame, making: Making) -> SourceRow:
    """The source side of a scene's samples."""
    fields = {
        "split": making.split,
        "img_id": scene.id,
        "image": rgb_png(frame.rgb),
        "depth": depth_png(frame.depth_m),
        "instance_mask": ids_png(frame.instance_ids),
        "camera_intrinsics": scene.camera.intrinsics,
        "pixel_frame": "source",
        "pixel_frame_reason": "rendered with this camera matrix",
        "up": up_in_camera(scene.camera),
        "up_source": "engine",
        "scene_id": scene.id,
        "assets": tuple(sorted({public_key(t.info.key) for t in scene.things if not t.info.part_of_room})),
        "training": making.training or None,
        "engine": making.engine,
        "engine_version": making.engine_version,
        "seed": making.seed,
        **_rights(_works(scene, making.engine)),
        **frame.told,
    }
    return SourceRow(scene, making, fields)


def make_sample(row: SourceRow, edit: Edit, query_id: str, after: Frame | None) -> Sample:
    """The sample of an edit; `after` is the image of `edit.after`, None where there is none: then it carries the goal alone."""
    before = row.scene.thing(edit.target)
    box, rotation = evaluation_box(before, row.scene.camera)
    goal = None
    # Of a view edit the goal is the camera's motion: a box in the new camera's frame would be taken for one in the old's.
    if edit.effect not in ("remove", "camera"):
        goal = evaluation_box(edit.after.thing(edit.target), edit.after.camera)
    return Sample(
        id=f"{row.scene.id}_edit_{query_id}",
        query_id=query_id,
        prompt=edit.prompt,
        prompt_zh=edit.prompt_zh,
        target=before.info.category,
        operation=edit.operation,
        measurable=edit.measurable,
        original_bbox_3d=box,
        rotation_matrix=rotation,
        new_bbox_3d=goal[0] if goal else None,
        new_rotation_matrix=goal[1] if goal else None,
        objects=known_objects(row.scene, edit.target),
        **({} if after is None else _after(row, edit.after, after, edit.target)),  # type: ignore[arg-type]
        **row.fields,  # type: ignore[arg-type]
    )


def variant_sample(parent: Sample, row: SourceRow, edit: Edit, variant: Variant, frame: Frame) -> Sample:
    """A graded or wrong version of a sample: the parent's words and goal, but the image and the truth of the variant."""
    query_id = f"{parent.query_id}-{variant.name}"
    return dataclasses.replace(
        parent,
        id=f"{parent.img_id}_edit_{query_id}",
        query_id=query_id,
        parent_id=parent.id,
        variant=variant.name,
        progress=variant.progress,
        **_after(row, variant.scene, frame, edit.target),  # type: ignore[arg-type]
    )


def public_key(key: str) -> str:
    """The key of an asset without the folder that it lies in here.

    >>> public_key("file:/home/me/MesaTask-10K/Assets_library/3f2a.glb"), public_key("embedded:mug:7")
    ('file:3f2a.glb', 'embedded:mug:7')
    """
    source, _, rest = key.partition(":")
    return f"{source}:{rest.rpartition('/')[2]}" if source == "file" else key


def known_objects(scene: Scene, target: str) -> tuple[SceneObject, ...]:
    """Everything in a state, in its own camera's frame."""
    objects = [t for t in scene.things if not t.info.part_of_room]
    looks = Counter((t.info.key, t.size) for t in objects)
    found = []
    for thing in objects:
        box, rotation = evaluation_box(thing, scene.camera)
        found.append(
            SceneObject(
                id=thing.id,
                category=thing.info.category,
                bbox_3d=box,
                rotation_matrix=rotation,
                symmetry=thing.info.symmetry,
                indistinguishable_set=thing.info.key if looks[thing.info.key, thing.size] > 1 else None,
                is_target=thing.id == target,
            )
        )
    return tuple(found)


def _after(row: SourceRow, state: Scene, frame: Frame, target: str) -> dict[str, object]:
    return {
        "edited_image": rgb_png(frame.rgb),
        "instance_mask_after": ids_png(_renumbered(frame.instance_ids, state, row.scene)),
        "objects_after": known_objects(state, target),
    }


def _renumbered(ids: NDArray[np.uint16], state: Scene, source: Scene) -> NDArray[np.uint16]:
    """Object numbers of the source view in an image of another state; objects that the source lacks get the next numbers."""
    order = [t.id for t in source.things]
    order += [t.id for t in state.things if t.id not in set(order)]
    numbers = np.array([0, *(order.index(t.id) + 1 for t in state.things)], dtype=np.uint16)
    return np.asarray(numbers[ids])


def _works(scene: Scene, engine: str) -> list[AssetInfo]:
    """All that is seen in a scene: its objects, and the room where Blender draws one of ours around objects that are demo ones.

    A room around layouts of the reference's dataset adds nothing: its licence allows more than theirs.
    """
    infos = [thing.info for thing in scene.things]
    ours = engine == "blender" and all(info.origin == "demo" for info in infos)
    return [*infos, _ROOM] if ours else infos


def _rights(infos: Iterable[AssetInfo]) -> dict[str, object]:
    """Rights in an image: those of the strictest asset in it."""
    unique = sorted({(i.origin, i.licence, i.attribution, i.redistributable) for i in infos})
    origin: Literal["demo", "rebuilt"] = "rebuilt" if any(u[0] == "rebuilt" for u in unique) else "demo"
    return {
        "origin": origin,
        "image_licence": " AND ".join(dict.fromkeys(u[1] for u in unique)),
        "attribution": "; ".join(dict.fromkeys(u[2] for u in unique)),
        "redistributable": all(u[3] for u in unique),
    }
