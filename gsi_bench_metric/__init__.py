"""GSI-Bench scores: what a number means, from images and records to the row of an editor.

These names are what the package offers: scoring a whole run or one edit, the rules of the strict protocol, its thresholds and
sentences, the measures on boxes and images, detectors, judges, editors, reports. They are listed with their signatures in
docs/api.md and stay when modules move. Everything else in the package is private by convention.

Importing the package writes nothing and loads none of them; each comes when it is first used. `gsi-bench register` makes
`evaluate.load("gsi_bench")` work; `gsi_bench_metric.hf.load()` gives the same metric without it.
"""

from typing import TYPE_CHECKING

from gsi_bench_dataset.lazy import lazy_names

if TYPE_CHECKING:
    from gsi_bench_metric.detectors.registry import make_detector
    from gsi_bench_metric.editors.base import EditorOptions
    from gsi_bench_metric.editors.registry import make_editor
    from gsi_bench_metric.geometry.boxes import box_iou_3d
    from gsi_bench_metric.geometry.motion import Motion
    from gsi_bench_metric.geometry.poses import Pose
    from gsi_bench_metric.hf.evaluate_module import GsiBench
    from gsi_bench_metric.hf.register import register
    from gsi_bench_metric.imaging.locality import ssim
    from gsi_bench_metric.imaging.perceptual import LpipsAlex, masked_lpips
    from gsi_bench_metric.judges.options import JudgeOptions
    from gsi_bench_metric.judges.registry import make_judge
    from gsi_bench_metric.protocols.strict.rules.base import Finding
    from gsi_bench_metric.protocols.strict.rules.move import move
    from gsi_bench_metric.protocols.strict.rules.place import place
    from gsi_bench_metric.protocols.strict.rules.remove import remove
    from gsi_bench_metric.protocols.strict.rules.rotate import rotate
    from gsi_bench_metric.protocols.strict.rules.scale import scale
    from gsi_bench_metric.protocols.strict.rules.view import view
    from gsi_bench_metric.protocols.strict.thresholds import STRICT, Thresholds
    from gsi_bench_metric.protocols.text import explanation, reason_text, say
    from gsi_bench_metric.report.official_json import write_official_json
    from gsi_bench_metric.report.write import write_report
    from gsi_bench_metric.results.aggregate import aggregate
    from gsi_bench_metric.results.compare import Comparison, compare, load_side
    from gsi_bench_metric.reward.spatial import SpatialReward
    from gsi_bench_metric.run.folder import Run, RunError, load_run
    from gsi_bench_metric.run.pipeline import Request, evaluate
    from gsi_bench_metric.run.score_files import read_scores
    from gsi_bench_metric.run.scoring import ScoringError

__all__ = [
    "STRICT",
    "Comparison",
    "EditorOptions",
    "Finding",
    "GsiBench",
    "JudgeOptions",
    "LpipsAlex",
    "Motion",
    "Pose",
    "Request",
    "Run",
    "RunError",
    "ScoringError",
    "SpatialReward",
    "Thresholds",
    "aggregate",
    "box_iou_3d",
    "compare",
    "evaluate",
    "explanation",
    "load_run",
    "load_side",
    "make_detector",
    "make_editor",
    "make_judge",
    "masked_lpips",
    "move",
    "place",
    "read_scores",
    "reason_text",
    "register",
    "remove",
    "rotate",
    "say",
    "scale",
    "ssim",
    "view",
    "write_official_json",
    "write_report",
]

_WHERE = {
    "run.pipeline": ("Request", "evaluate"),
    "run.folder": ("Run", "RunError", "load_run"),
    "run.scoring": ("ScoringError",),
    "run.score_files": ("read_scores",),
    "hf.evaluate_module": ("GsiBench",),
    "hf.register": ("register",),
    "results.aggregate": ("aggregate",),
    "results.compare": ("Comparison", "compare", "load_side"),
    "protocols.strict.thresholds": ("STRICT", "Thresholds"),
    "protocols.strict.rules.base": ("Finding",),
    "protocols.strict.rules.move": ("move",),
    "protocols.strict.rules.place": ("place",),
    "protocols.strict.rules.rotate": ("rotate",),
    "protocols.strict.rules.scale": ("scale",),
    "protocols.strict.rules.remove": ("remove",),
    "protocols.strict.rules.view": ("view",),
    "geometry.poses": ("Pose",),
    "geometry.motion": ("Motion",),
    "geometry.boxes": ("box_iou_3d",),
    "protocols.text": ("explanation", "reason_text", "say"),
    "imaging.locality": ("ssim",),
    "imaging.perceptual": ("LpipsAlex", "masked_lpips"),
    "detectors.registry": ("make_detector",),
    "judges.options": ("JudgeOptions",),
    "judges.registry": ("make_judge",),
    "editors.base": ("EditorOptions",),
    "editors.registry": ("make_editor",),
    "report.write": ("write_report",),
    "reward.spatial": ("SpatialReward",),
    "report.official_json": ("write_official_json",),
}

if not TYPE_CHECKING:  # a type checker reads the imports above, and then knows which names there are not
    __getattr__, __dir__ = lazy_names(__name__, _WHERE)
