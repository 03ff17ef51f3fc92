"""The tab *Your own image* for programs: `/score_own`."""

from __future__ import annotations

from typing import Any

import gradio as gr

from gsi_bench_metric.imaging.images import load_rgb
from gsi_bench_metric.photos.standing import HEIGHT_M, PITCH_DEG
from gsi_bench_metric.seeing.base import Mask, Segmenter
from gsi_bench_metric.seeing.masks.clicking import mask_of_picture
from gsi_bench_space.intake.uploads import UploadError, read_upload, read_uploaded
from gsi_bench_space.intake.values import MOST_NUMBER, ValueProblemError
from gsi_bench_space.own.draft import Camera, Draft
from gsi_bench_space.own.edit import Wish, require_scorable
from gsi_bench_space.own.masking import Tools
from gsi_bench_space.own.photo import read_photo
from gsi_bench_space.problem import OwnError
from gsi_bench_space.state import AppState

__all__ = ["build", "score_own", "uploaded_mask"]

_ALONE = Tools()


def build(state: AppState, segmenter: Segmenter | None = None, *, lifts: bool = False) -> None:
    """Ties the endpoint; its parameters are those of `score_own`. `segmenter`: finds masks that do not come with a call."""
    with gr.Column(visible=False):
        photo, edited = gr.File(label="photo", type="filepath"), gr.File(label="edited image", type="filepath")
        rectangle = gr.JSON(label="[x1, y1, x2, y2], pixels of the photo")
        operation, direction = gr.Textbox(label="move, rotate, scale or remove"), gr.Textbox("", label="direction")
        amount, name = gr.Number(0, label="whole cm, degrees or percent", precision=0), gr.Textbox("object", label="name")
        camera = gr.JSON(label="focal_mm, pitch_deg, height_cm", value={})
        mask = gr.File(
            label="mask: an image of the photo's size, the object white on black; none: it is found", type="filepath"
        )
        answer, ask = gr.JSON(label="answer"), gr.Button()

    def score_own_picture(  # noqa: PLR0917 - the endpoint's parameters
        photo: dict[str, Any] | None,
        edited: dict[str, Any] | None,
        rectangle: Any,
        operation: str,
        direction: str,
        amount: int,
        name: str,
        camera: Any,
        mask: dict[str, Any] | None = None,
    ) -> dict[str, object]:
        try:
            source, after = _bytes(photo, "own_no_photo"), _bytes(edited, "own_no_edited")
            wish = Wish(operation, direction, amount, name)
            require_scorable(wish, lifts=lifts)
            given = None if mask is None else read_uploaded(mask)
            tools = Tools(segmenter)
            return score_own(state, source, after, rectangle, wish, {} if camera is None else camera, given, tools)
        except (OwnError, UploadError, ValueProblemError) as error:
            raise gr.Error(state.words.say("en", error.name, **error.facts), print_exception=False) from error

    ask.click(
        score_own_picture,
        [photo, edited, rectangle, operation, direction, amount, name, camera, mask],
        answer,
        api_name="score_own",
        preprocess=False,
        concurrency_id="score",
        concurrency_limit=1,
    )


def score_own(  # noqa: PLR0917
    state: AppState,
    photo: bytes,
    edited: bytes,
    rectangle: list[float],
    wish: Wish,
    camera: dict[str, float],
    mask: bytes | None = None,
    tools: Tools = _ALONE,
) -> dict[str, object]:
    """Both protocols' numbers and reasons for an edit of a photo, in English, and the boxes that they rest on.

    Args:
        state: of the app.
        photo, edited: files.
        rectangle: around the object, pixels of the photo as it was uploaded, upright.
        wish: what was asked.
        camera: any of focal_mm, pitch_deg, height_cm; the rest as the photo says or as is assumed.
        mask: a file; bright where the object is. None: found by the segmenter, or none where it finds nothing.
        tools: who finds it.

    Raises:
        OwnError, UploadError: what cannot be done.
    """
    edges = _numbers(rectangle)
    draft = Draft.of(read_photo(photo))
    given = {"focal_mm": draft.camera.focal_mm, "pitch_deg": PITCH_DEG, "height_cm": 100 * HEIGHT_M}
    if not isinstance(camera, dict) or not camera.keys() <= given.keys():
        raise OwnError("own_camera_names", expected=", ".join(given))
    if not all(map(_is_number, camera.values())):
        raise OwnError("own_camera_names", expected=", ".join(given))
    x1, y1, x2, y2 = (edge * draft.photo.size[0] / draft.photo.uploaded[0] for edge in edges)
    draft = draft.taken_by(Camera(**given | camera), None).marked((x1, y1, x2, y2), _ALONE if mask else tools)
    if draft.problem is not None:
        raise OwnError(draft.problem[0], **draft.problem[1])
    if mask is not None:
        draft = draft.given_mask(uploaded_mask(mask, draft))
        draft.held_mask()
    sample = draft.sample(wish)
    upload = read_upload(edited, draft.photo.size)
    notes = [{"name": n, "text": state.words.say("en", n, **f)} for n, f in (*draft.photo.notes, *upload.notes)]
    return {
        **state.bench.score(sample, upload.picture).to_json(),
        "box": sample.original_bbox_3d,
        "wanted_box": sample.new_bbox_3d,
        "camera_intrinsics": sample.camera_intrinsics,
        "photo_size": draft.photo.size,
        "focal_source": draft.photo.focal.source if "focal_mm" not in camera else "given",
        "mask_source": sample.mask_source,
        "upload_notes": notes,
    }


def uploaded_mask(file: bytes, draft: Draft) -> Mask:
    """An uploaded mask at the size that the photo is worked on at.

    Raises:
        OwnError, UploadError: no image, another size than the photo's, or nothing in it.
    """
    upload = read_upload(file)
    if upload.size not in (draft.photo.uploaded, draft.photo.size):
        expected, found = (f"{width}×{height}" for width, height in (draft.photo.uploaded, upload.size))
        raise OwnError("own_mask_size", expected=expected, found=found)
    mask = mask_of_picture(load_rgb(upload.picture), draft.photo.size)
    if not mask.any():
        raise OwnError("own_mask_empty")
    return mask


def _bytes(file: dict[str, Any] | None, problem: str) -> bytes:
    if file is None:
        raise OwnError(problem)
    return read_uploaded(file)


def _numbers(rectangle: Any) -> list[float]:
    if not isinstance(rectangle, list | tuple) or len(rectangle) != 4 or not all(map(_is_number, rectangle)):
        raise OwnError("own_rectangle_numbers")
    return [float(edge) for edge in rectangle]


def _is_number(value: Any) -> bool:
    """Finite, of a size that a photo or a camera can have, and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MOST_NUMBER
