import dataclasses
import io

import numpy as np
import pytest
import torch
from PIL import Image
from reward_cases import all_victims, shared

from gsi_bench_dataset.records import EncodedImage
from gsi_bench_dataset.storage.shards import write_dataset
from gsi_bench_metric.imaging.images import load_numbers, load_rgb
from gsi_bench_metric.reward import REWARD, RewardError, SpatialReward, spatial
from gsi_bench_metric.reward.attacks import ATTACKS
from gsi_bench_metric.reward.hacking import attacked, graded, steps


def victim(kind="move"):
    return all_victims()[kind]


def rated(kind, *images):
    return shared().rate(list(images), [victim(kind).sample.id] * len(images))


@pytest.mark.parametrize("kind", ["move", "place", "rotate", "scale", "remove", "view"])
def test_right_edits_earn_most_and_copies_nothing(kind):
    right, copy = rated(kind, victim(kind).variants["grade100"], victim(kind).source)
    assert right.reward > 0.8 and right.complies
    assert copy.reward == 0 and copy.scored


def test_rewards_rise_along_the_way():
    paid = [found for kind in ("move", "rotate", "scale", "view") for found in graded(shared(), victim(kind))]
    gains = steps(paid)
    assert len(gains) >= 6 and all(gain > 0 for *_, gain in gains)


QUICK = ("copy", "blank", "flipped", "stranger", "source_jpeg", "ghost", "painted_grey", "right_in_ruins")
QUICK += ("opposite", "overshoot", "wrong_object", "duplicate", "removed")


@pytest.mark.parametrize("kind", ["move", "scale", "remove", "view"])
def test_attacks_earn_next_to_nothing(kind):
    barred = [attack for attack in ATTACKS if attack.name in QUICK]
    found = {paid.name: paid.rated.reward for paid in attacked(shared(), victim(kind), barred)}
    assert len(found) >= 5
    assert {name: worth for name, worth in found.items() if worth > 0.05} == {}


def test_every_form_of_an_image_earns_the_same(tmp_path):
    rgb = victim().variants["grade100"]
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "PNG")
    (tmp_path / "a.png").write_bytes(stream.getvalue())
    tensor = torch.from_numpy(rgb.copy()).permute(2, 0, 1).float() / 255
    forms = [rgb, np.moveaxis(rgb, 2, 0), Image.fromarray(rgb), stream.getvalue(), tmp_path / "a.png", tensor, tensor.numpy()]
    found = {round(one.reward, 6) for one in rated("move", *forms)}
    assert len(found) == 1


def test_batches_come_as_arrays_and_tensors_in_order():
    case = victim()
    rgb = np.stack([case.source, case.variants["grade100"], case.variants["grade020"]])
    tensor = torch.from_numpy(rgb).permute(0, 3, 1, 2).float() / 255
    for batch in (rgb, tensor, tensor.to(torch.float64)):
        found = shared()(batch, [case.sample.id] * 3)
        assert found.dtype == torch.float32 and found.shape == (3,)
        assert found[0] == 0 and found[1] > 0.9 and 0.05 < found[2] < 0.2


def _square(rgb, side=224):
    return np.asarray(Image.fromarray(rgb).resize((side, side), Image.Resampling.BICUBIC))


def _letterboxed(rgb, side=320):
    canvas = Image.new("RGB", (side, side), "white")
    canvas.paste(Image.fromarray(rgb).resize((side, side * rgb.shape[0] // rgb.shape[1])), (0, 0))
    return np.asarray(canvas)


def test_squares_are_brought_back_to_the_source():
    right, half, copy = (victim().variants["grade100"], victim().variants["grade060"], victim().source)
    found = [one.reward for one in rated("move", _square(right), _square(half), _square(copy))]
    assert found[0] > 0.7 > found[1] > 0.3 and found[2] == 0


def test_letterboxes_of_a_wide_source_are_brought_back():
    case = victim()
    height = 192  # cut to 4:3, and everything that the sample tells with it
    top = 40

    def cut(rgb):
        return np.ascontiguousarray(rgb[top : top + height])

    sample = _cut(case.sample, top, height)
    reward = SpatialReward([sample])
    images = [_letterboxed(cut(case.variants[name])) for name in ("grade100", "grade020")] + [_letterboxed(cut(case.source))]
    right, part, copy = reward(images, [sample.id] * 3).tolist()
    assert right > 0.6 and part < 0.3 and copy <= 0.05


def _cut(sample, top, height):
    def png(array):
        stream = io.BytesIO()
        Image.fromarray(array).save(stream, "PNG")
        return EncodedImage(stream.getvalue(), "cut.png")

    def numbers(picture):
        return png(load_numbers(picture)[top : top + height].astype(np.uint16))

    camera = np.array(sample.camera_intrinsics)
    camera[1, 2] -= top
    return dataclasses.replace(
        sample,
        image=png(load_rgb(sample.image)[top : top + height]),
        edited_image=png(load_rgb(sample.edited_image)[top : top + height]),
        depth=None if sample.depth is None else numbers(sample.depth),
        instance_mask=numbers(sample.instance_mask),
        instance_mask_after=None if sample.instance_mask_after is None else numbers(sample.instance_mask_after),
        camera_intrinsics=tuple(map(tuple, camera.tolist())),
    )


def test_images_that_are_none_earn_nothing_and_no_nan():
    nan = torch.full((3, 64, 64), float("nan"))
    cases = [nan, b"no image", np.zeros((0, 4, 3), np.uint8), "/nowhere/at/all.png", np.full((64, 64, 3), 9, np.uint8)]
    found = rated("move", *cases)
    assert [one.reward for one in found] == [0.0] * 5
    assert all(one.scored and one.reason for one in found)


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (torch.full((3, 8, 8), -0.7), "0–1"),
        (np.zeros((8, 8), np.uint8), "(3, H, W)"),
        (np.zeros((8, 8, 3), np.int32), "uint8"),
        (7, "PIL image"),
    ],
)
def test_ambiguous_images_are_refused_with_words(image, said):
    with pytest.raises(RewardError, match="image 0 of") as caught:
        rated("move", image)
    assert said in str(caught.value)


def test_unknown_ids_and_other_counts_are_refused():
    source = victim().source
    with pytest.raises(RewardError, match="not in the dataset: 'nobody'"):
        shared().rate([source], ["nobody"])
    with pytest.raises(RewardError, match="one sample id an image"):
        shared().rate([source, source], [victim().sample.id])
    with pytest.raises(RewardError, match="a list, an array or a tensor"):
        shared().rate("picture.png", [victim().sample.id])


def test_what_cannot_be_measured_is_the_neutral_number():
    # A goal that is where the object stands: doing nothing would be right.
    sample = victim().sample
    unknown = dict.fromkeys(("edited_image", "instance_mask_after", "objects_after"))
    still = dataclasses.replace(sample, new_bbox_3d=sample.original_bbox_3d, **unknown)
    reward = SpatialReward([still], config=dataclasses.replace(REWARD, unscored=0.25))
    (found,) = reward.rate([victim().source], [still.id])
    assert found.reward == 0.25 and not found.scored and found.reason
    assert reward.unscored() == {still.id: found.reason}


def test_a_sample_whose_right_edit_fails_is_not_scored():
    sample = dataclasses.replace(victim().sample, edited_image=victim().sample.image)
    (found,) = SpatialReward([sample]).rate([victim().variants["grade100"]], [sample.id])
    assert not found.scored and "unobservable" in found.reason


def test_a_damaged_source_is_not_scored():
    sample = dataclasses.replace(victim().sample, image=EncodedImage(b"none", "a.png"))
    (found,) = SpatialReward([sample]).rate([victim().source], [sample.id])
    assert not found.scored and "source_unreadable" in found.reason


def test_a_samples_own_work_is_done_once(monkeypatch):
    prepared = []
    whole = spatial.prepare
    monkeypatch.setattr(spatial, "prepare", lambda sample, *rest: prepared.append(sample.id) or whole(sample, *rest))
    reward = SpatialReward([victim().sample])
    reward([victim().source] * 3, [victim().sample.id] * 3)
    reward([victim().source], [victim().sample.id])
    assert prepared == [victim().sample.id]


def test_prompts_name_a_sample_only_where_unique():
    sample = victim().sample
    twin = dataclasses.replace(sample, id=f"{sample.img_id}_edit_x", query_id="x")
    both = SpatialReward([sample, twin])
    with pytest.raises(RewardError, match="2 samples share the prompt"):
        both.by_prompt([sample.prompt])
    assert shared().by_prompt([f" {sample.prompt}"]) == [sample.id]
    with pytest.raises(RewardError, match="no sample of the dataset"):
        shared().by_prompt(["Do nothing."])


def test_a_reward_reads_a_dataset_on_disk(tmp_path):
    sample = dataclasses.replace(victim("remove").sample, parent_id=None)
    write_dataset({"mesatask": [sample]}, tmp_path / "data")
    found = SpatialReward(tmp_path / "data")([victim("remove").variants["grade100"]], [sample.id])
    assert found.item() > 0.9


def test_an_id_of_several_splits_is_named_with_its_split(tmp_path):
    samples = [dataclasses.replace(victim(kind).sample, parent_id=None) for kind in ("move", "remove")]
    other = dataclasses.replace(samples[0], split="bathroom")
    write_dataset({"bathroom": [other], samples[0].split: samples}, tmp_path / "both")
    first = samples[0].id
    for given in (tmp_path / "both", [other, *samples]):
        reward = SpatialReward(given)
        assert sorted(reward.samples.ids) == sorted([f"bathroom/{first}", f"{samples[0].split}/{first}", samples[1].id])
        assert reward.samples.get(f"bathroom/{first}").split == "bathroom"
        with pytest.raises(RewardError, match="expected ids such as"):
            reward.samples.get(first)
    assert SpatialReward(tmp_path / "both", splits=["bathroom"]).samples.ids == [first]
    with pytest.raises(RewardError, match="must be unique"):
        SpatialReward([samples[0], samples[0]])
