"""What the strict protocol measures on images: the edit's region, locality, other sizes, drift, re-projected views."""

import dataclasses
import io

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps
from strict_cases import BOOK, BOWL, MUG, SIZE, K, case, found, look, seen, thing, turned

from gsi_bench_dataset import EncodedImage
from gsi_bench_dataset.records import Reason
from gsi_bench_metric.geometry.motion import Motion
from gsi_bench_metric.imaging.perceptual import LpipsAlex
from gsi_bench_metric.imaging.pictures import Picture
from gsi_bench_metric.protocols.official.source import Source
from gsi_bench_metric.protocols.strict import pixels as strict_pixels
from gsi_bench_metric.protocols.strict.pixels import StrictMeter, StrictPictures, open_strict
from gsi_bench_metric.protocols.strict.regions import Region, hidden_share, region_mask, region_of, reprojected

WIDTH, HEIGHT = SIZE


@pytest.fixture(scope="module")
def meter():
    return StrictMeter(LpipsAlex.pretrained(), torch.device("cpu"))


def noise(width=WIDTH, height=HEIGHT, seed=0):
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height)))


def png(array):
    stream = io.BytesIO()
    Image.fromarray(array).save(stream, "PNG")
    return EncodedImage(stream.getvalue())


def square(x, y, side, number=1):
    mask = np.zeros((HEIGHT, WIDTH), dtype=np.int64)
    mask[y : y + side, x : x + side] = number
    return mask


def test_the_region_is_both_masks_dilated_for_shadows():
    region = Region((1,), (), ground_truth=True)
    mask = region_mask(region, HEIGHT, WIDTH, square(100, 100, 40), square(300, 100, 40))
    margin = round(12 * WIDTH / 1024)
    assert mask[100 - margin, 120]
    assert not mask[100 - margin - 1, 120]
    assert mask[120, 320]
    assert mask[139 + margin + 8, 120]  # below the base
    assert mask[135, 100 - margin - 8]  # beside it
    assert not mask[110, 100 - margin - 8]  # beside the top: no shadow falls there
    assert not region_mask(Region((2,), (), ground_truth=True), HEIGHT, WIDTH, square(100, 100, 40), None).any()


def test_without_masks_boxes_stand_in(make_sample):
    situation = look(case(make_sample, "move"), seen(found("mug", MUG, -0.1)))
    region = region_of(situation, has_mask=False, has_mask_after=False)
    assert region.numbers == ()
    mask = region_mask(region, HEIGHT, WIDTH, None, None)
    assert mask[240, 320]  # where it was
    assert mask[240, 320 - 50]  # where it should be
    assert mask[240, 320 - 25]  # where it was seen
    assert not mask[240, 320 + 40]


def test_masks_of_a_variant_are_not_the_right_edit(make_sample):
    sample = case(make_sample, "move", variant="opposite")
    assert not region_of(look(sample, seen()), has_mask=True, has_mask_after=True).ground_truth
    right = dataclasses.replace(sample, variant=None)
    assert region_of(look(right, seen()), has_mask=True, has_mask_after=True).ground_truth


def test_changes_cost_outside_of_the_region_and_not_inside(make_sample, meter):
    situation = look(case(make_sample, "move"), seen(found("mug", MUG, -0.2)))
    region = region_of(situation, has_mask=False, has_mask_after=False)
    inside = region_mask(region, HEIGHT, WIDTH, None, None)
    source = noise()
    changed_inside = np.where(inside[..., None], noise(seed=1), source)
    free = meter.measure(situation, StrictPictures(source, changed_inside), region)
    assert (free.lpips, free.ssim, free.mse) == (0.0, pytest.approx(1.0), 0.0)
    changed_outside = source.copy()
    changed_outside[:100, :100] = noise(100, 100, seed=1)
    spoilt = meter.measure(situation, StrictPictures(source, changed_outside), region)
    assert spoilt.lpips > 0.01
    assert spoilt.ssim < 0.99


def test_drift_is_removed_before_comparing_and_reported(make_sample, meter, monkeypatch):
    """Whatever `align` says: the image is compared after it was mapped back."""
    shifted = np.roll(noise(), 3, axis=1)

    class Shift:
        drift_px, found = 3.0, 0.9

        def to_source(self, edited):
            return np.roll(edited, -3, axis=1)

    seen_by_align = []

    def align(source, edited, ignore):
        seen_by_align.append(ignore)
        return Shift()

    monkeypatch.setattr(strict_pixels, "align", align)
    situation = look(case(make_sample, "move"), seen())
    region = region_of(situation, has_mask=False, has_mask_after=False)
    measured = meter.measure(situation, StrictPictures(noise(), shifted), region)
    assert (measured.lpips, measured.drift_px, measured.found) == (0.0, 3.0, 0.9)
    assert (seen_by_align[0] == region_mask(region, HEIGHT, WIDTH, None, None)).all()


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_blank_picture_shows_nothing_and_is_flagged(make_sample, meter, value):
    situation = look(case(make_sample, "move"), None)
    measured = meter.measure(situation, StrictPictures(noise(), np.full((HEIGHT, WIDTH, 3), value, np.uint8)), None)
    assert (measured.blank, measured.lpips, measured.reasons[0].name) == (True, 1.0, "blank")


def test_an_image_of_the_sources_size_has_no_note(make_sample):
    sample = make_sample()
    opened = open_strict(sample, Source(sample.image, LpipsAlex(), torch.device("cpu")), Picture(png(noise(64, 48))))
    assert (opened.notes, opened.known, opened.mapping.kind) == ((), None, "identity")


@pytest.mark.parametrize(
    ("size", "shape", "told"),
    [
        ((480, 480), "stretch", ("stretched", None)),
        ((480, 480), "cut", ("cut", (80, 0, 560, 480))),
        ((640, 640), "pad", ("padded", None)),
        ((320, 240), "resize", ("resized", None)),
    ],
)
def test_the_mapping_stands_on_the_measurement(make_sample, meter, size, shape, told):
    reason, shown = told
    ways = {"cut": ImageOps.fit, "pad": ImageOps.pad}
    edited = ways.get(shape, Image.Image.resize)(Image.fromarray(noise()), size)
    sample = make_sample(image=png(noise()))
    opened = open_strict(sample, Source(sample.image, LpipsAlex(), torch.device("cpu")), Picture(png(np.asarray(edited))))
    situation = look(case(make_sample, "move"), seen())
    measured = meter.measure(situation, opened, region_of(situation, has_mask=False, has_mask_after=False))
    assert measured.mapping == f"{shape} 640×480→{size[0]}×{size[1]}"
    assert 0 <= measured.mapping_residual < 0.2
    assert [r.name for r in measured.reasons] == [reason]
    assert measured.shown == (None if shown is None else pytest.approx(shown))
    assert measured.lpips < 0.1


def test_unreadable_pictures_are_told_apart_by_whose_they_are(make_sample):
    sample = make_sample(instance_mask=EncodedImage(b"nothing"))
    source = Source(sample.image, LpipsAlex(), torch.device("cpu"))
    assert open_strict(sample, source, Picture(sample.image)).name == "source_unreadable"
    broken = open_strict(make_sample(), source, Picture(EncodedImage(b"nothing")))
    assert isinstance(broken, Reason)
    assert broken.name == "unreadable"


def test_the_share_hidden_in_the_ground_truth_is_from_masks(make_sample):
    situation = look(case(make_sample, "move"), seen())
    before = square(310, 230, 20)
    after = square(260, 230, 20)
    assert hidden_share(situation, before, after) == pytest.approx(0, abs=0.1)
    after[240:] = 0
    assert hidden_share(situation, before, after) == pytest.approx(0.5, abs=0.05)
    variant = look(case(make_sample, "move", variant="removed"), seen())
    assert hidden_share(variant, before, after) is None


# --- views


def test_a_camera_that_stays_sees_the_source_again():
    source, depth = noise(), np.full((HEIGHT, WIDTH), 2.0)
    again, known = reprojected(source, depth, np.array(K), Motion(np.zeros(3), np.eye(3)))
    assert known[1:-1, 1:-1].all()
    assert (again[known] == source[known]).all()


def test_a_camera_that_goes_right_sees_a_wall_further_left():
    source, depth = noise(), np.full((HEIGHT, WIDTH), 2.0)
    motion = Motion(np.array([0.08, 0, 0]), np.eye(3))  # 500 px · 0.08 m / 2 m = 20 px
    again, known = reprojected(source, depth, np.array(K), motion)
    assert (again[50, 100:500] == source[50, 120:520]).all()
    assert not known[:, -15:].any()


def test_what_a_near_thing_hid_from_the_source_is_not_comparable():
    source, depth = noise(), np.full((HEIGHT, WIDTH), 4.0)
    depth[:, 300:340] = 1.0
    _, known = reprojected(source, depth, np.array(K), Motion(np.array([0.1, 0, 0]), np.eye(3)))
    # The post went 50 px, the wall behind it 12.5: in between lies wall that the source does not show.
    assert known[200, 255:285].all()
    assert not known[200, 292:325].any()


def test_pixels_without_depth_are_not_comparable():
    depth = np.full((HEIGHT, WIDTH), 2.0)
    depth[:100] = 0
    _, known = reprojected(noise(), depth, np.array(K), Motion(np.zeros(3), np.eye(3)))
    assert not known[:98].any()
    assert known[102:-2, 2:-2].all()


def test_a_view_is_compared_with_the_reprojected_source(make_sample, meter):
    source, depth = noise(), np.full((HEIGHT, WIDTH), 2000)
    situation = look(case(make_sample, "view"), seen())
    right, known = reprojected(source, depth / 1000, np.array(K), Motion(np.array([0.2, 0, 0]), np.eye(3)))
    edited = np.where(known[..., None], right, noise(seed=3))
    assert meter.measure(situation, StrictPictures(source, edited, depth=depth), None).lpips == 0.0
    assert meter.measure(situation, StrictPictures(source, source, depth=depth), None).lpips > 0.1
    without = meter.measure(situation, StrictPictures(source, edited), None)
    assert (without.lpips, without.reasons[0].name) == (None, "no_depth")


def test_a_turned_camera_needs_only_the_ground_truth_motion():
    source, depth = noise(), np.full((HEIGHT, WIDTH), 3.0)
    _, known = reprojected(source, depth, np.array(K), Motion(np.zeros(3), turned(10)))
    assert 0.5 < known.mean() < 0.95


def test_places_of_loads_belong_to_the_region(make_sample):
    egg = (0.0, -0.03, 2.0, 0.04, 0.04, 0.04)
    things = [found("mug", MUG), found("bowl", BOWL), found("book", BOOK), found("egg", egg)]
    known = [thing("mug", MUG), thing("egg", egg), thing("bowl", BOWL)]
    situation = look(case(make_sample, "move", things=known), things, things)
    assert region_of(situation, has_mask=True, has_mask_after=True).numbers == (1, 2)
