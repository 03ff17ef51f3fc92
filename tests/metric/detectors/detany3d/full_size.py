"""Run by `test_full_size.py` in a process of its own: the released sizes on made weights; prints differences and memory."""

import importlib.util
import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import torch

from gsi_bench_metric.detectors.detany3d.config import Config
from gsi_bench_metric.detectors.detany3d.network.decoding import decode_boxes, select
from gsi_bench_metric.detectors.detany3d.network.model import Network, Prompts
from gsi_bench_metric.detectors.detany3d.preprocessing import preprocess


def made_network(config: Config, folder: Path) -> Network:
    found = importlib.util.spec_from_file_location("detany3d_recipe", folder / "recipe.py")
    recipe = importlib.util.module_from_spec(found)
    found.loader.exec_module(recipe)
    with torch.device("meta"):
        network = Network(config)
    shapes = {name: tuple(t.shape) for name, t in network.state_dict().items()}
    state = {name: torch.from_numpy(np.asarray(recipe.value("sam." + name, shape))) for name, shape in shapes.items()}
    network.load_state_dict(state, strict=True, assign=True)
    return network.eval().requires_grad_(False)


def main(folder: Path, lean: bool) -> dict:
    network = made_network(Config(depth_map=not lean, masks=not lean), folder)
    with np.load(folder / "full_size.npz") as arrays:
        reference = dict(arrays)
    started = time.process_time()
    with torch.inference_mode():
        sam, dino, frame = preprocess(reference["in.image"], network.config)
        (encoding,) = network.encode(sam, dino)
        raw, masks = network.decode(encoding, Prompts(torch.from_numpy(frame.boxes(reference["in.boxes"]))))
    seconds = time.process_time() - started
    chosen = select(raw)
    boxes = decode_boxes(chosen, encoding.K[0].double().numpy(), 896)
    found = {
        "out.image_embeddings.subsampled": encoding.embedding[:, ::8, ::4, ::4],
        "out.depth_features.subsampled": encoding.depth[:, ::4, ::4, ::8],
        "out.metric_features": encoding.metric,
        "out.camera_features": encoding.camera,
        "out.pred_K": encoding.K,
        "out.pred_box_ious": raw.iou,
        "out.pred_bbox_2d_tensor_all": raw.boxes,
        "out.pred_bbox_3d_depth_tensor_all": raw.depth,
        "out.pred_bbox_3d_dims_tensor_all": raw.size,
        "out.pred_bbox_3d_alpha_cls_tensor_all": raw.heading,
        "out.pred_pose_6d_tensor_all": raw.pose,
        "decoded.pred_K.boxes_3d": boxes.boxes_3d,
        "decoded.rotation_matrix": boxes.rotations,
        "decoded.boxes_2d_xyxy": boxes.boxes_2d,
    }
    if not lean:
        found["out.depth_maps.subsampled"] = encoding.depth_map.depth[:, ::16, ::16]
        found["out.confidence.subsampled"] = encoding.depth_map.confidence[:, :, ::16, ::16]
        found["out.masks.subsampled"] = masks.logits[:, :, ::8, ::8][:, :, ::4, ::4]
        found["out.iou_predictions"] = masks.iou

    def differs(name: str) -> float:
        a, b = np.asarray(found[name], dtype=np.float64), reference[name].astype(np.float64)
        return float(np.abs(a - b).max() / max(1.0, np.abs(b).max())) if a.shape == b.shape else float("inf")

    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"differences": {name: differs(name) for name in found}, "gib": memory, "cpu_seconds": seconds}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), sys.argv[2] == "lean")) + "\n")
