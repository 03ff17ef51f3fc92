"""Text prompts: caption, image size, thresholds and phrases, on a small GroundingDINO with random numbers."""

import numpy as np
import pytest
import torch

transformers = pytest.importorskip("transformers")

from gsi_bench_metric.detectors.detany3d.errors import DetAny3DError
from gsi_bench_metric.detectors.detany3d.grounding import GroundingDino, caption_of, input_size

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "mug", "red", "table", "lamp", "?"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model folder as the Hub has it, small and made on the spot."""
    from transformers.models.grounding_dino.image_processing_pil_grounding_dino import (  # noqa: PLC0415
        GroundingDinoImageProcessorPil,
    )

    path = tmp_path_factory.mktemp("grounding")
    (path / "vocab.txt").write_text("\n".join(WORDS))
    transformers.BertTokenizer(str(path / "vocab.txt")).save_pretrained(path)
    GroundingDinoImageProcessorPil().save_pretrained(path)
    config = transformers.GroundingDinoConfig(
        backbone_config=transformers.SwinConfig(
            embed_dim=8, depths=[1, 1, 1, 1], num_heads=[1, 1, 1, 1], out_features=["stage2", "stage3", "stage4"]
        ),
        text_config=transformers.BertConfig(
            vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
        ),
        d_model=32,
        num_queries=9,
        encoder_layers=1,
        decoder_layers=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
    )
    torch.manual_seed(0)
    transformers.GroundingDinoForObjectDetection(config).save_pretrained(path)
    return path


@pytest.fixture
def rgb():
    return np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def test_boxes_are_source_pixels_and_phrases_words_of_the_prompt(folder, rgb):
    found = GroundingDino(str(folder), None, box_threshold=0.0, text_threshold=0.0).find(rgb, "Red mug")
    assert found.boxes.shape == (9, 4)
    centres = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
    assert (centres >= 0).all()
    assert (centres <= [64, 48]).all()
    # At a threshold of zero all tokens but the first are words: the full stop goes, the end mark stays, as in the original.
    assert set(found.phrases) == {"red mug [SEP]"}


def test_no_box_over_the_threshold_is_an_empty_answer(folder, rgb):
    found = GroundingDino(str(folder), None, box_threshold=1.0).find(rgb, "mug")
    assert found.boxes.shape == (0, 4)
    assert found.phrases == ()


def test_the_key_names_model_and_thresholds(folder):
    keys = {GroundingDino(str(folder), None, box_threshold=t).key for t in (0.47, 0.3)}
    assert len(keys) == 2


@pytest.mark.parametrize(("prompt", "caption"), [("Mug", "mug."), (" mug. ", "mug."), ("Red Mug", "red mug.")])
def test_captions_are_lower_case_with_one_full_stop(prompt, caption):
    assert caption_of(prompt) == caption


@pytest.mark.parametrize(
    ("size", "expected"),
    [((480, 640), (800, 1066)), ((640, 480), (1066, 800)), ((1080, 1920), (750, 1333)), ((500, 500), (800, 800))],
)
def test_pictures_are_brought_to_800_by_at_most_1333(size, expected):
    assert input_size(*size) == expected


def test_a_model_that_is_not_there_says_what_to_do(tmp_path, rgb):
    with pytest.raises(DetAny3DError, match=r"cannot be loaded .*gsi-bench weights detany3d"):
        GroundingDino(str(tmp_path), None).find(rgb, "mug")
