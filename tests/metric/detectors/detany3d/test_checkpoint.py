"""Weights: official files load whole or not at all, and say what is wrong; one converted file is what the detector reads."""

import json

import pytest
import torch

pytest.importorskip("safetensors")

from safetensors.torch import load_file, save_file

from gsi_bench_dataset.cli.main import main
from gsi_bench_metric.detectors.detany3d.errors import CheckpointError
from gsi_bench_metric.detectors.detany3d.files import weights
from gsi_bench_metric.detectors.detany3d.files.checkpoint import convert, load_network, merge, read_state
from gsi_bench_metric.detectors.detany3d.files.weights import DINO_FILE, SAM_FILE, prepare

DINO = "sam.image_encoder.dino."
# What SAM's own release has, by its names without the leading `sam.`.
SAM_PARTS = ("patch_embed.", "blocks.", "neck.", "pos_embed")


@pytest.fixture(scope="module")
def state(complete):
    return {f"sam.{name}": tensor.clone() for name, tensor in complete.state_dict().items()}


def saved(folder, content, name="detany3d.pth"):
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(content, folder / name)
    return folder / name


def is_sam(name):
    encoder = name.startswith("sam.image_encoder.") and name.removeprefix("sam.image_encoder.").startswith(SAM_PARTS)
    return encoder or name.startswith(("sam.prompt_encoder.", "sam.mask_decoder.transformer."))


def test_the_official_form_is_read_without_training_state(tmp_path, state, tiny):
    path = saved(tmp_path, {"state_dict": state, "epoch": 3, "optimizer": {"lr": 1e-4}, "scaler": {}, "scheduler": {}})
    merged = merge(tiny, path)
    assert merged.counts() == {"DetAny3D": len(state)}
    assert all(torch.equal(merged.state[name], tensor) for name, tensor in state.items())


def test_the_prefix_of_a_wrapped_model_is_taken_off(tmp_path, state, tiny):
    path = saved(tmp_path, {"state_dict": {f"module.{name}": tensor for name, tensor in state.items()}})
    assert merge(tiny, path).counts() == {"DetAny3D": len(state)}


def test_every_wrong_entry_is_named_with_expected_and_found(tmp_path, state, tiny):
    wrong = dict(state)
    del wrong["sam.image_encoder.pos_embed"]
    wrong["sam.image_encoder.cls_token"] = torch.zeros(1, 1, 7)
    wrong["sam.image_encoder.extra"] = torch.zeros(1)
    wrong["sam.image_encoder.level_embed"] = torch.full((3, 64), float("nan"))
    with pytest.raises(CheckpointError) as caught:
        merge(tiny, saved(tmp_path, {"state_dict": wrong}))
    text = str(caught.value)
    assert "missing sam.image_encoder.pos_embed [1, 16, 16, 64]" in text
    assert "sam.image_encoder.cls_token: expected shape [1, 1, 64], found [1, 1, 7]" in text
    assert "unexpected entry sam.image_encoder.extra" in text
    assert "sam.image_encoder.level_embed: holds values that are not finite" in text
    assert SAM_FILE in text


def test_a_partial_file_is_completed_in_the_published_order(tmp_path, state, tiny):
    own = {n: t for n, t in state.items() if not is_sam(n) and not n.startswith(DINO) and ".transformer2." not in n}
    sam = {n.removeprefix("sam."): t for n, t in state.items() if is_sam(n)}
    # The plain release of DINOv2 has no register tokens, and nothing reads them.
    dino = {n.removeprefix(DINO): t for n, t in state.items() if n.startswith(DINO) and "register" not in n}
    folder = saved(tmp_path, {"state_dict": own}).parent
    merged = merge(tiny, folder / "detany3d.pth", saved(folder, sam, SAM_FILE), saved(folder, dino, DINO_FILE))
    assert set(merged.counts()) == {"DINOv2", "SAM", "copy of SAM's transformer", "DetAny3D", "zeros (read by nothing)"}
    name = "sam.mask_decoder.transformer{}.layers.0.norm1.weight"
    assert torch.equal(merged.state[name.format(2)], state[name.format("")])
    assert merged.sources[DINO + "register_tokens"] == "zeros (read by nothing)"


def test_the_detector_file_wins_over_the_public_ones(tmp_path, state, tiny):
    own = {n: t for n, t in state.items() if not n.startswith(DINO + "blocks.")}
    dino = {n.removeprefix(DINO): t + 1 for n, t in state.items() if n.startswith(DINO)}
    merged = merge(tiny, saved(tmp_path, {"state_dict": own}), dino=saved(tmp_path, dino, DINO_FILE))
    assert torch.equal(merged.state[DINO + "norm.weight"], state[DINO + "norm.weight"])
    assert torch.equal(merged.state[DINO + "blocks.0.ls1.gamma"], state[DINO + "blocks.0.ls1.gamma"] + 1)


@pytest.mark.parametrize("cut", [0, 100, -1000])
def test_a_truncated_file_says_so(tmp_path, cut):
    path = saved(tmp_path, {"state_dict": {"sam.a": torch.zeros(1000)}})
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(CheckpointError, match=r"not readable as weights .* cut short"):
        read_state(path)


def test_a_file_that_holds_code_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return print, ("executed",)

    torch.save({"state_dict": Evil()}, tmp_path / "evil.pth")
    with pytest.raises(CheckpointError, match="more than tensors"):
        read_state(tmp_path / "evil.pth")


def test_something_else_than_weights_is_described(tmp_path):
    with pytest.raises(CheckpointError, match="a dictionary with words"):
        read_state(saved(tmp_path, {"words": "hello"}))


def test_a_converted_file_loads_the_same_network(tmp_path, state, tiny, boxes_only):
    path = tmp_path / "cache" / "weights.safetensors"
    digest = convert(merge(tiny, saved(tmp_path, {"state_dict": state})), path, {"detany3d.pth": "x"}, progress=False)
    network, found = load_network(path, tiny)
    assert found == digest
    assert not network.training
    expected = boxes_only.state_dict()
    assert network.state_dict().keys() == expected.keys()
    assert all(torch.equal(tensor, expected[name]) for name, tensor in network.state_dict().items())
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_converted_file_of_other_sizes_is_refused_by_name(tmp_path, state, tiny):
    path = tmp_path / "weights.safetensors"
    convert(merge(tiny, saved(tmp_path, {"state_dict": state})), path, {}, progress=False)
    content = load_file(path)
    content["sam.image_encoder.cls_token"] = torch.zeros(1, 1, 8)
    del content["sam.image_encoder.level_embed"]
    save_file(content, path, metadata={"format": "gsi-bench-detany3d-1", "sha256": "0"})
    with pytest.raises(CheckpointError, match=r"(?s)cls_token: expected shape \[1, 1, 64\], found \[1, 1, 8\]") as caught:
        load_network(path, tiny)
    assert "missing sam.image_encoder.level_embed" in str(caught.value)


def test_a_safetensors_file_that_was_not_converted_is_refused(tmp_path, tiny):
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match="not a file that `gsi-bench weights detany3d` wrote"):
        load_network(tmp_path / "other.safetensors", tiny)


def test_a_converted_file_that_was_cut_short_is_refused(tmp_path, state, tiny):
    path = tmp_path / "weights.safetensors"
    convert(merge(tiny, saved(tmp_path, {"state_dict": state})), path, {}, progress=False)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="damaged"):
        load_network(path, tiny)


def test_preparing_a_folder_converts_it_into_the_cache(tmp_path, state, tiny, monkeypatch):
    monkeypatch.setenv("GSI_BENCH_CACHE", str(tmp_path / "cache"))
    saved(tmp_path / "downloads", {"state_dict": state}, "any_name.pth")
    ready = prepare(tmp_path / "downloads", config=tiny, progress=False)
    assert ready.path == tmp_path / "cache" / "detany3d.safetensors"
    assert ready.counts == {"DetAny3D": len(state)}
    assert load_network(ready.path, tiny)[1] == ready.sha256
    from safetensors import safe_open  # noqa: PLC0415

    with safe_open(ready.path, "pt") as stream:
        assert set(json.loads(stream.metadata()["files"])) == {"any_name.pth"}


def test_another_hash_than_the_publisher_names_is_refused(tmp_path, state, tiny):
    saved(tmp_path, {"state_dict": state})
    with pytest.raises(CheckpointError, match="expected 00"):
        prepare(tmp_path, "00" * 32, config=tiny, progress=False)


@pytest.mark.parametrize("names", [(), ("a.pth", "b.pth")])
def test_a_folder_without_one_checkpoint_explains_the_steps(tmp_path, names):
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(CheckpointError, match=r"(?s)expected one DetAny3D checkpoint.*OpenDriveLab/DetAny3D"):
        prepare(tmp_path, progress=False)


def test_a_failed_download_says_how_to_go_on(monkeypatch, capsys):
    import huggingface_hub  # noqa: PLC0415
    from huggingface_hub.errors import LocalEntryNotFoundError  # noqa: PLC0415

    def unreachable(*_, **__):
        raise LocalEntryNotFoundError("no connection\nand a long story")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", unreachable)
    asked = ["weights", "detany3d", "--accept-licence", "--repo", "a/b", "--file", "c.pth"]
    assert main(asked) == 2
    shown = capsys.readouterr().err
    assert "c.pth of a/b cannot be fetched from the Hub (no connection)" in shown
    assert "--from" in shown


def test_weights_from_the_hub_are_converted_like_local_ones(tmp_path, state, tiny, monkeypatch, capsys):
    import huggingface_hub  # noqa: PLC0415

    path = saved(tmp_path / "hub", {"state_dict": state}, "c.pth")
    monkeypatch.setenv("GSI_BENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", lambda repo, file, revision: path)
    monkeypatch.setattr(weights, "Config", lambda: tiny)
    asked = ["weights", "detany3d", "--accept-licence", "--no-text", "--repo", "a/b", "--file", "c.pth"]
    assert main(asked) == 0
    assert f"{len(state)} from DetAny3D" in capsys.readouterr().out
    assert load_network(tmp_path / "cache" / "detany3d.safetensors", tiny)[0].config == tiny
