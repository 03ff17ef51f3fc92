"""Each form is called as the trainer's own code calls it."""

import asyncio
import inspect
import json
import sys
import types
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from PIL import Image
from reward_cases import all_victims, shared

from gsi_bench_metric.reward import RewardError
from gsi_bench_metric.reward.trainers import flow_factory, flow_grpo, naming, verl_omni
from gsi_bench_metric.reward.trainers.naming import id_in


@pytest.fixture(autouse=True)
def one_reward(monkeypatch):
    for module in (flow_grpo, verl_omni, flow_factory):
        monkeypatch.setattr(module, "shared_reward", lambda dataset, device=None: shared())


def case():
    return all_victims()["move"]


def images(*names):
    return [case().variants.get(name, case().source) for name in names]


def _multi_score(device, score_functions, score_dict):
    """As flow_grpo makes and calls its scores."""
    made = {}
    for name in score_dict:
        factory = score_functions[name]
        made[name] = factory(device) if "device" in factory.__code__.co_varnames else factory()

    def score(images, prompts, metadata, ref_images=None, only_strict=True):
        details, totals = {}, []
        for name, weight in score_dict.items():
            scores, _ = made[name](images, prompts, metadata)
            details[name] = scores
            weighted = [weight * one for one in scores]
            totals = [a + b for a, b in zip(totals, weighted, strict=True)] if totals else weighted
        return details | {"avg": totals}, {}

    return score


def test_flow_grpo_calls_it_in_its_thread_pool():
    score = _multi_score(torch.device("cpu"), {"gsi": flow_grpo.gsi_score}, {"gsi": 0.5})
    batch = torch.from_numpy(np.stack(images("grade100", "grade000"))).permute(0, 3, 1, 2).float() / 255
    rows = [{"prompt": "x", "image": "a.png", "gsi_id": case().sample.id}] * 2
    with ThreadPoolExecutor(4) as pool:
        found, _ = pool.submit(score, batch, ["x"] * 2, rows, ref_images=None, only_strict=True).result()
    assert len(found["gsi"]) == 2 and found["gsi"][0] > 0.9 and found["gsi"][1] == 0
    assert found["avg"] == [0.5 * one for one in found["gsi"]]


def test_flow_grpo_hands_squares_as_uint8_and_prompts():
    squares = [np.asarray(Image.fromarray(rgb).resize((192, 192))) for rgb in images("grade100")]
    scores, rest = flow_grpo.gsi_score("cpu")(np.stack(squares), [case().sample.prompt], [{}])
    assert scores[0] > 0.6 and rest == {}


def test_flow_grpo_rows_must_name_a_known_sample():
    score = flow_grpo.gsi_score("cpu")
    batch = np.stack(images("grade000"))
    with pytest.raises(RewardError, match="no sample of the dataset has the prompt"):
        score(batch, ["Do something else."], [{}])
    with pytest.raises(RewardError, match="a prompt and a metadata row an image"):
        score(batch, ["a", "b"], [{}])


def test_verl_omni_calls_by_keyword_with_uint8_chw():
    chw = np.moveaxis(images("grade100")[0], 2, 0)
    found = verl_omni.compute_score(
        data_source="gsi",
        solution_image=chw,
        ground_truth=case().sample.id,
        extra_info={"split": "train"},
        dataset="GSI-Bench/GSI-Bench",
        reward_router_address=None,
    )
    assert found["score"] > 0.9 and all(isinstance(value, float) for value in found.values())
    assert next(iter(found)) == "score" and not asyncio.iscoroutinefunction(verl_omni.compute_score)


def test_verl_omni_letterboxes_to_white_squares():
    canvas = Image.new("RGB", (320, 320), "white")
    canvas.paste(Image.fromarray(images("grade000")[0]).resize((320, 320)))
    found = verl_omni.compute_score(solution_image=np.asarray(canvas), ground_truth=case().sample.id)
    assert found["score"] <= 0.05 and found["scored"] == 1.0


def test_flow_factory_calls_with_lists_of_pil():
    config = types.SimpleNamespace(device=torch.device("cpu"), dtype=torch.float32, dataset="x", batch_size=2)
    model = flow_factory.GsiReward(config, types.SimpleNamespace(device=torch.device("cpu")))
    pictures = [Image.fromarray(rgb) for rgb in images("grade100", "grade000")]
    given = {"prompt": [case().sample.prompt] * 2, "image": pictures, "condition_images": [[pictures[1]]] * 2}
    assert set(model.required_fields) == set(given) and not model.use_tensor_inputs
    found = model(**given).rewards
    assert found.shape == (2,) and found[0] > 0.9 and found[1] == 0
    named = model(**given | {"prompt": ["?"] * 2, "metadata": [json.dumps({"gsi_id": case().sample.id})] * 2, "audio": None})
    assert torch.equal(named.rewards, found)


def test_flow_factory_takes_the_trainers_own_base_class(monkeypatch):
    class Base:
        def __init__(self, config, accelerator):
            self.config, self.device, self.from_trainer = config, accelerator.device, True

    class Output(dict):
        def __init__(self, rewards, extra_info=None):
            super().__init__(rewards=rewards)

    package = {name: types.ModuleType(name) for name in ("flow_factory", "flow_factory.rewards", "flow_factory.rewards.abc")}
    package["flow_factory.rewards.abc"].PointwiseRewardModel = Base
    package["flow_factory.rewards.abc"].RewardModelOutput = Output
    for name, module in package.items():
        monkeypatch.setitem(sys.modules, name, module)
    source = inspect.getsource(flow_factory)
    fresh = types.ModuleType("fresh")
    exec(compile(source, "fresh.py", "exec"), fresh.__dict__)
    monkeypatch.setattr(fresh, "shared_reward", lambda *_: shared())
    model = fresh.GsiReward(types.SimpleNamespace(), types.SimpleNamespace(device=torch.device("cpu")))
    found = model(prompt=[case().sample.id], image=[Image.fromarray(case().source)], condition_images=None)
    assert model.from_trainer and isinstance(found, Output) and found["rewards"].tolist() == [0.0]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"gsi_id": "a", "sample_id": "b"}, "a"),
        ('{"sample_id": "b"}', "b"),
        ("{broken", None),
        ("words", None),
        ({"gsi_id": 3}, None),
        (None, None),
        ("[" * 100_000, None),
    ],
)
def test_a_rows_id_is_found_in_any_form(row, found):
    assert id_in(row) == found


def test_without_a_dataset_the_error_says_how_to_name_one(monkeypatch):
    monkeypatch.delenv(naming.DATA_VARIABLE, raising=False)
    with pytest.raises(RewardError, match="GSI_REWARD_DATA"):
        naming.shared_reward(None)
