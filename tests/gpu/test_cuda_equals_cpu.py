"""CPU and CUDA give the same scores. Run where a CUDA device is: `pytest -m gpu`, or benchmarks/gpu.sh."""

from pathlib import Path

import pytest
import torch

from gsi_bench_dataset.layout.official import read_official
from gsi_bench_dataset.storage.predictions import read_predictions
from gsi_bench_metric.detectors import make_detector
from gsi_bench_metric.geometry.boxes import box_iou_3d, projected_box_2d, rotation_angle
from gsi_bench_metric.run.planning import make_plan
from gsi_bench_metric.run.scoring import make_scorer, score

DATA = Path(__file__).parents[1] / "data"
RECORDED = DATA / "eval" / "recorded-editor"

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine; see benchmarks/gpu.sh"),
]


@pytest.fixture(scope="module")
def scores():
    samples = list(read_official(DATA / "official" / "fine_dataset", "fine", origin="demo"))
    plan = make_plan(samples, read_predictions(RECORDED / "generated_images_fine"))
    detector = make_detector("recorded", RECORDED / "fine_eval" / "infer_cache.json")
    scorers = {device: make_scorer("official", device) for device in ("cpu", "cuda")}
    return {device: score(plan, samples, scorer, detector, progress=False) for device, scorer in scorers.items()}


def test_decisions_on_cuda_equal_those_on_cpu(scores):
    for cpu, cuda in zip(scores["cpu"], scores["cuda"], strict=True):
        assert cpu.sample_id == cuda.sample_id
        assert cpu.locality_passed == cuda.locality_passed
        assert cpu.same_viewpoint == cuda.same_viewpoint
        if cpu.operation != "view":  # of view edits IC is a similarity, not a decision
            assert cpu.ic == cuda.ic


@pytest.mark.parametrize(("measure", "limit"), [("lpips", 1e-4), ("ssim", 1e-4), ("ic", 1e-4), ("sa", 1e-4)])
def test_measures_on_cuda_agree_with_cpu(scores, measure, limit):
    for cpu, cuda in zip(scores["cpu"], scores["cuda"], strict=True):
        assert getattr(cuda, measure) == pytest.approx(getattr(cpu, measure), abs=limit), cpu.sample_id


def test_mse_on_cuda_agrees_with_cpu(scores):
    for cpu, cuda in zip(scores["cpu"], scores["cuda"], strict=True):
        assert cuda.mse == pytest.approx(cpu.mse, rel=1e-4), cpu.sample_id


def test_box_geometry_on_cuda_agrees_with_cpu():
    generator = torch.Generator().manual_seed(0)
    a, b = torch.rand(2, 500, 7, dtype=torch.float64, generator=generator)
    rotations = torch.linalg.qr(torch.rand(500, 3, 3, dtype=torch.float64, generator=generator)).Q
    intrinsics = torch.tensor([[700.0, 0, 448], [0, 700, 336], [0, 0, 1]], dtype=torch.float64)
    a[:, 2] += 2
    # Identical, touching and nested pairs beside random ones: where rounding could flip a corner in or out.
    b[:100] = a[:100]
    b[100:200] = a[100:200]
    b[100:200, 0] += a[100:200, 3]
    b[200:300] = a[200:300] * torch.tensor([1, 1, 1, 0.5, 0.5, 0.5, 1])
    torch.testing.assert_close(box_iou_3d(a.cuda(), b.cuda()).cpu(), box_iou_3d(a, b), rtol=0, atol=1e-9)
    on_cuda = projected_box_2d(a.cuda(), rotations.cuda(), intrinsics.cuda()).cpu()
    torch.testing.assert_close(on_cuda, projected_box_2d(a, rotations, intrinsics), rtol=1e-12, atol=1e-9)
    turned = rotations.roll(1, 0)
    torch.testing.assert_close(
        rotation_angle(rotations.cuda(), turned.cuda()).cpu(), rotation_angle(rotations, turned), rtol=0, atol=1e-9
    )
