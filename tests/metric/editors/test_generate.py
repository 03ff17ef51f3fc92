"""`gsi-bench generate`: functions, a tiny random diffusion pipeline, and an endpoint that misbehaves."""

import hashlib
import io
import json
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from edit_stand_in import KEY, EditServer
from mutated import mutated
from PIL import Image, ImageOps

from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.reads import UndeclaredReadError
from gsi_bench_dataset.records import EncodedImage
from gsi_bench_dataset.storage.predictions import read_predictions
from gsi_bench_dataset.storage.shards import read_dataset, write_dataset
from gsi_bench_metric.editors.generating import Wanted, seed_of
from gsi_bench_metric.editors.generating import generate as generate_images

IDS = [f"{letter}_edit_0" for letter in "abcdef"]


@pytest.fixture
def data(make_sample, make_image, tmp_path):
    """Six samples of 64×48."""
    folder = tmp_path / "data"
    samples = [
        make_sample(letter, image=EncodedImage(make_image(seed=i), f"{letter}.png"), prompt=f"Move the mug {i + 1} cm left.")
        for i, letter in enumerate("abcdef")
    ]
    write_dataset({"fine": samples}, folder)
    return folder


@pytest.fixture
def generate(data, tmp_path, monkeypatch, capsys):
    """`generate(editor, *options) -> (status, out, err)`, from a folder of the test's own."""
    monkeypatch.chdir(tmp_path)

    def run(editor, *options):
        capsys.readouterr()
        words = [
            "generate",
            "--editor",
            editor,
            "--data",
            data,
            "--split",
            "fine",
            "--out",
            tmp_path / "eval",
            "--quiet",
            *options,
        ]
        return main([str(word) for word in words]), *capsys.readouterr()

    return run


@pytest.fixture
def module(tmp_path, monkeypatch):
    """`module(source) -> name` of a module with that source, gone after the test."""
    made = []

    def make(source):
        name = f"hook_{len(made)}_{hashlib.sha256(str(tmp_path).encode()).hexdigest()[:8]}"
        (tmp_path / f"{name}.py").write_text(source)
        made.append(name)
        return name

    monkeypatch.syspath_prepend(tmp_path)
    return make


def pictures(folder):
    return {path.stem: path.read_bytes() for path in sorted(folder.glob("*.png"))}


MIRROR = """
from PIL import ImageOps
calls = []
def edit(image, prompt, seed):
    calls.append((prompt, seed))
    return ImageOps.mirror(image)
"""


def test_a_function_edits_with_own_seeds_and_evaluate_reads_it(generate, module, data, tmp_path):
    name = module(MIRROR)
    status, out, _ = generate(f"{name}:edit")
    folder = tmp_path / f"eval/{name}-edit/generated_images_fine"
    assert status == 0 and f"{folder}: 6 images made, 0 were there" in out
    found = read_predictions(folder)
    assert list(found.predictions) == IDS and found.editor == f"{name}-edit"
    for sample in read_dataset(data, "fine"):
        wanted = ImageOps.mirror(Image.open(io.BytesIO(sample.image.bytes)))
        assert np.array_equal(Image.open(folder / f"{sample.id}.png"), wanted)
    notes = json.loads((folder.parent / "generation_fine/pictures.json").read_text())
    assert [(n["id"], n["seed"], n["native_size"]) for n in notes] == [(i, seed_of(0, i), [64, 48]) for i in IDS]
    assert len({n["seed"] for n in notes}) == 6


def test_a_second_run_makes_only_a_lost_image_again(generate, module, tmp_path):
    name = module(MIRROR)
    generate(f"{name}:edit", "--limit", "4")
    folder = tmp_path / f"eval/{name}-edit/generated_images_fine"
    assert len(pictures(folder)) == 4
    assert "2 images made, 4 were there" in generate(f"{name}:edit")[1]
    before = pictures(folder)
    (folder / "a_edit_0.png").unlink()
    (folder / "b_edit_0.png").write_bytes(b"half a pict")
    assert "2 images made, 4 were there" in generate(f"{name}:edit")[1]
    assert pictures(folder) == before


def test_pictures_of_other_settings_are_not_mixed(generate, module, tmp_path):
    name = module("def edit(image, strength=1): return image.point(lambda v: int(v * strength))")
    generate(f"{name}:edit")
    status, _, err = generate(f"{name}:edit", "--set", "strength=0.5", "--seed", "3")
    assert status == 2 and "holds images of other settings" in err and "seed: 0 there, 3 here" in err
    assert "6 images made" in generate(f"{name}:edit", "--set", "strength=0.5", "--overwrite")[1]
    assert "6 images made" in generate(f"{name}:edit", "--name", "other")[1]
    assert "expected the name of one folder" in generate(f"{name}:edit", "--name", "a/b")[2]
    (tmp_path / "eval/theirs/generated_images_fine").mkdir(parents=True)
    (tmp_path / "eval/theirs/generated_images_fine/x.png").write_bytes(b"")
    assert "that generate did not make" in generate(f"{name}:edit", "--name", "theirs")[2]


def test_the_native_size_is_kept_and_recorded(generate, module, tmp_path):
    name = module("import numpy as np\ndef edit(prompt): return np.zeros((30, 50, 3), np.uint8)")
    status, out, _ = generate(f"{name}:edit")
    assert status == 0 and "6 are not of their source's size" in out
    folder = tmp_path / f"eval/{name}-edit"
    assert Image.open(folder / "generated_images_fine/a_edit_0.png").size == (50, 30)
    note = json.loads((folder / "generation_fine/pictures.json").read_text())[0]
    assert (note["source_size"], note["native_size"]) == ([64, 48], [50, 30])


def test_whoever_takes_a_picture_away_gets_another_one(generate, module, tmp_path):
    name = module("import numpy as np\ndef edit(): return np.random.default_rng().integers(0, 255, (4, 4, 3), dtype=np.uint8)")
    generate(f"{name}:edit")
    folder = tmp_path / f"eval/{name}-edit/generated_images_fine"
    before = pictures(folder)
    (folder / "c_edit_0.png").unlink()
    assert "1 images made, 5 were there" in generate(f"{name}:edit")[1]
    assert [i for i, content in pictures(folder).items() if content != before[i]] == ["c_edit_0"]
    assert "0 images made, 6 were there" in generate(f"{name}:edit")[1]


def test_edits_that_fail_are_named_and_the_others_are_kept(generate, module, tmp_path):
    source = """
def edit(image, sample):
    if sample.id == "b_edit_0":
        raise RuntimeError("no mug in sight")
    return None if sample.id == "d_edit_0" else image
"""
    name = module(source)
    status, _, err = generate(f"{name}:edit")
    assert status == 2 and "4 images are there, 2 could not be made" in err
    assert "b_edit_0: " in err and "raised RuntimeError: no mug in sight" in err and "found NoneType" in err
    assert len(pictures(tmp_path / f"eval/{name}-edit/generated_images_fine")) == 4


def test_no_picture_of_former_settings_stays_where_an_edit_fails(generate, module, tmp_path):
    source = """
def edit(image, sample, fail=False):
    if fail and sample.id == "b_edit_0":
        raise RuntimeError("no")
    return image
"""
    name = module(source)
    generate(f"{name}:edit")
    assert generate(f"{name}:edit", "--set", "fail=true", "--overwrite")[0] == 2
    left = pictures(tmp_path / f"eval/{name}-edit/generated_images_fine")
    assert list(left) == [i for i in IDS if i != "b_edit_0"]


def test_an_editor_that_fails_every_time_is_stopped(generate, module):
    name = module("calls = []\ndef edit(image):\n    calls.append(1)\n    raise KeyError('x')")
    status, _, err = generate(f"{name}:edit")
    assert status == 2 and "stopped, the last 5 edits all failed" in err


@pytest.mark.parametrize(
    ("editor", "options", "words"),
    [
        ("magic", (), "no editor 'magic'; expected diffusers, openai, or a Python function"),
        ("no_such_module_x:edit", (), "cannot be imported"),
        ("json:edit", (), "has no function 'edit'"),
        ("json:loads", (), "needs s; it is given"),
        ("diffusers", (), "needs --model"),
        ("openai", (), "needs --model"),
        ("openai", ("--model", "m"), "needs OPENAI_API_KEY in the environment"),
        ("json:dumps", ("--set", "x"), "expected NAME=VALUE"),
    ],
)
def test_what_cannot_edit_is_one_error(generate, monkeypatch, editor, options, words):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    if editor == "openai" and options:
        pytest.importorskip("openai")
    status, _, err = generate(editor, *options)
    assert status == 2 and words in err


@pytest.fixture
def server(monkeypatch):
    pytest.importorskip("openai", reason="the editors' extra is not installed: pip install 'gsi-bench[editors]'")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with EditServer() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def endpoint(generate, server, monkeypatch):
    """`endpoint(*options)`: generate with the stand-in; the client does not wait between tries."""
    import openai._base_client as client  # noqa: PLC0415

    monkeypatch.setattr(client.BaseClient, "_calculate_retry_timeout", lambda *a, **k: 0.0)
    return lambda *options: generate(
        "openai", "--model", "painter-1", "--base-url", server.url, "--key-env", "OPENAI_API_KEY", *options
    )


def test_an_endpoint_gets_image_and_text_and_images_are_kept(endpoint, server, data, tmp_path):
    status, out, err = endpoint("--set", "size=auto", "seed={seed}", "--concurrency", "3")
    assert status == 0 and "6 images made" in out, err
    assert sorted(form["prompt"].decode() for form in server.requests) == sorted(s.prompt for s in read_dataset(data, "fine"))
    form = server.requests[0]
    assert (form["model"], form["size"]) == (b"painter-1", b"auto") and form["authorization"] == f"Bearer {KEY}"
    seeds = {form["prompt"].decode(): int(form["seed"]) for form in server.requests}
    assert seeds == {s.prompt: seed_of(0, s.id) for s in read_dataset(data, "fine")}
    for sample in read_dataset(data, "fine"):
        wanted = ImageOps.mirror(Image.open(io.BytesIO(sample.image.bytes)))
        assert np.array_equal(Image.open(tmp_path / f"eval/painter-1/generated_images_fine/{sample.id}.png"), wanted)
    kept = b"".join(path.read_bytes() for path in tmp_path.joinpath("eval").rglob("*") if path.is_file())
    assert KEY.encode() not in kept
    settings = json.loads((tmp_path / "eval/painter-1/generation_fine/settings.json").read_text())
    assert settings["endpoint"].startswith("http://127.0.0.1") and settings["seed_sent"] is True


def test_the_endpoint_works_on_as_many_edits_as_asked_at_a_time(endpoint, server):
    server.seconds = 0.2
    endpoint("--concurrency", "3")
    assert 2 <= server.most_busy <= 3


def test_passing_trouble_of_the_endpoint_is_tried_again(endpoint, server):
    server.plan = ["429", "500", "429", "ok", "slow", "url"]
    status, out, err = endpoint("--concurrency", "1", "--timeout", "0.7")
    assert status == 0 and "6 images made" in out, err
    assert len(server.requests) == 6 + 4


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ("refusal", "rejected by the safety system"),
        ("cut", "cut off or no base64"),
        ("garbage", "no readable image"),
        ("nothing", "holds no image"),
        ("no json", "the endpoint"),
    ],
)
def test_one_bad_answer_costs_one_edit_asked_again_next_run(endpoint, server, trouble, words):
    server.plan = ["ok", trouble]
    status, _, err = endpoint("--concurrency", "1")
    assert status == 2 and "5 images are there, 1 could not be made" in err and words in err and "b_edit_0" in err
    server.requests.clear()
    assert "1 images made, 5 were there" in endpoint("--concurrency", "1")[1]
    assert len(server.requests) == 1


@pytest.mark.parametrize(("trouble", "words"), [("bad key", "refuses the key (401)"), ("bad model", "no model 'painter-1'")])
def test_what_no_edit_can_mend_stops_at_once(endpoint, server, trouble, words):
    server.plan = [trouble] * 20
    status, _, err = endpoint("--concurrency", "1")
    assert status == 2 and words in err and len(server.requests) == 1 and KEY not in err


def test_a_dead_endpoint_is_one_error(endpoint, server):
    status, _, err = endpoint("--base-url", "http://127.0.0.1:9/v1", "--concurrency", "1")
    assert status == 2 and "stopped, the last 5 edits all failed" in err and "Connection error" in err


@pytest.fixture(scope="session")
def tiny_pipeline(tmp_path_factory):
    """An InstructPix2Pix pipeline of some thousand random weights, saved as a repository looks."""
    pytest.importorskip("diffusers", reason="the editors' extra is not installed: pip install 'gsi-bench[editors]'")
    import torch  # noqa: PLC0415
    from diffusers import (  # noqa: PLC0415
        AutoencoderKL,
        DDIMScheduler,
        StableDiffusionInstructPix2PixPipeline,
        UNet2DConditionModel,
    )
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("pipeline")
    letters = [chr(c) for c in range(33, 127)]
    words = [*letters, *(f"{c}</w>" for c in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=77)
    torch.manual_seed(0)
    text = CLIPTextConfig(
        vocab_size=len(words), hidden_size=32, intermediate_size=37, num_hidden_layers=1, num_attention_heads=2,
        bos_token_id=len(words) - 2, eos_token_id=len(words) - 1, pad_token_id=len(words) - 1,
    )  # fmt: skip
    pipeline = StableDiffusionInstructPix2PixPipeline(
        vae=AutoencoderKL(
            block_out_channels=[8, 8], norm_num_groups=4, latent_channels=4,
            down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2,
        ),
        text_encoder=CLIPTextModel(text),
        tokenizer=tokenizer,
        unet=UNet2DConditionModel(
            block_out_channels=(8, 16), norm_num_groups=4, layers_per_block=1, sample_size=16, in_channels=8, out_channels=4,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            cross_attention_dim=32, attention_head_dim=4,
        ),
        scheduler=DDIMScheduler(),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    pipeline.save_pretrained(folder / "tiny-pix2pix")
    return folder / "tiny-pix2pix"


def test_a_diffusers_pipeline_edits_as_its_seed_says(generate, tiny_pipeline, tmp_path):
    options = ("--model", tiny_pipeline, "--device", "cpu", "--set", "num_inference_steps=2", "guidance_scale=1.5")
    status, out, err = generate("diffusers", *options, "--limit", "2")
    folder = tmp_path / "eval/tiny-pix2pix/generated_images_fine"
    assert status == 0 and f"{folder}: 2 images made" in out, err
    first = pictures(folder)
    assert list(first) == IDS[:2] and Image.open(folder / f"{IDS[0]}.png").size == (64, 48)
    settings = json.loads((folder.parent / "generation_fine/settings.json").read_text())
    assert settings["pipeline"] == "StableDiffusionInstructPix2PixPipeline" and settings["dtype"] == "float32"
    (folder / f"{IDS[1]}.png").unlink()
    generate("diffusers", *options, "--limit", "2")
    assert pictures(folder) == first  # alone, it comes out as it did after another
    generate("diffusers", *options, "--limit", "2", "--seed", "1", "--name", "other")
    other = pictures(tmp_path / "eval/other/generated_images_fine")
    assert all(other[i] != first[i] for i in IDS[:2])


def test_pipelines_that_cannot_edit_and_wrong_options_refused(generate, tiny_pipeline, tmp_path):
    config = json.loads((tiny_pipeline / "model_index.json").read_text())
    assert "does not take it; it takes" in generate("diffusers", "--model", tiny_pipeline, "--set", "steps=3")[2]
    assert "given by generate itself" in generate("diffusers", "--model", tiny_pipeline, "--set", "output_type=pil")[2]
    assert "expected one of float32" in generate("diffusers", "--model", tiny_pipeline, "--dtype", "int8")[2]
    other = tmp_path / "generator"
    other.mkdir()
    for path in tiny_pipeline.iterdir():
        (other / path.name).symlink_to(path)
    (other / "model_index.json").unlink()
    (other / "model_index.json").write_text(json.dumps(config | {"_class_name": "StableDiffusionPipeline"}))
    assert "StableDiffusionPipeline takes no image" in generate("diffusers", "--model", other)[2]
    assert "no pipeline can be loaded from there" in generate("diffusers", "--model", tmp_path / "eval")[2]


def test_a_killed_run_goes_on_and_makes_each_picture_once(data, tmp_path, module):
    name = module(
        "import time\nfrom pathlib import Path\n"
        "def edit(image, sample):\n"
        "    with Path('calls.txt').open('a') as log:\n"
        "        log.write(sample.id + '\\n')\n"
        "    if sample.id == 'd_edit_0' and not Path('second').exists():\n"
        "        Path('waiting').touch()\n"
        "        time.sleep(60)\n"
        "    return image\n"
    )
    words = [sys.executable, "-m", "gsi_bench_dataset.cli.main", "generate", "--editor", f"{name}:edit", "--data", data]
    words += ["--split", "fine", "--out", tmp_path / "eval", "--quiet"]
    process = subprocess.Popen(words, cwd=tmp_path)
    deadline = time.monotonic() + 60
    while not (tmp_path / "waiting").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.wait()
    (tmp_path / "second").touch()
    subprocess.run(words, cwd=tmp_path, check=True, capture_output=True)
    calls = (tmp_path / "calls.txt").read_text().split()
    assert calls == [*IDS[:4], *IDS[3:]]  # the one that was under way is made again, no other
    assert list(pictures(tmp_path / f"eval/{name}-edit/generated_images_fine")) == IDS


@pytest.mark.parametrize("name", ["target", "new_bbox_3d", "depth", "edited_image", "attribution"])
@pytest.mark.parametrize("how", [("image", 0), ("image, prompt, seed", 0), ("image, sample", 1)])
def test_an_editor_that_reads_samples_edits_changed_ones_anew(generate, module, data, name, how):
    takes, made = how
    function = module(f"def edit({takes}): return image")
    generate(f"{function}:edit")
    first, *others = read_dataset(data, "fine")
    write_dataset({"fine": [mutated(first, name), *others]}, data)
    assert f"{made} images made, {6 - made} were there" in generate(f"{function}:edit")[1]


def test_a_sample_has_what_the_editor_names_and_no_more(make_sample, tmp_path):
    class Curious:
        name, concurrency, settings, reads = "curious", 1, {}, frozenset({"target"})

        def edit(self, request):
            assert request.sample.target == "mug"
            return request.sample.up

    with pytest.raises(UndeclaredReadError, match="`up`"):
        list(generate_images(Curious(), [make_sample()], tmp_path, Wanted("fine", "x"), progress=False))
