"""How long a visitor of the Space waits: start, first score, later ones, at 512² and on the samples that come with it.

python benchmarks/space.py            on an idle machine; about two minutes
"""

import dataclasses
import io
import statistics
import subprocess
import sys
import time

import numpy as np
from PIL import Image

from gsi_bench_dataset.records import EncodedImage, Sample
from gsi_bench_metric.detectors.registry import make_detector
from gsi_bench_metric.imaging.images import load_numbers, load_rgb
from gsi_bench_space.hardware import leave_a_core
from gsi_bench_space.scoring.bench import Bench
from gsi_bench_space.scoring.findings import findings_of
from gsi_bench_space.shelf import Shelf

SIDE = 512
IMPORTS = "import time; t = time.perf_counter(); import gsi_bench_space.launch; print(time.perf_counter() - t)"


def main() -> None:
    imports = float(subprocess.run([sys.executable, "-c", IMPORTS], capture_output=True, text=True, check=True).stdout)
    leave_a_core()
    start = time.perf_counter()
    shelf = Shelf.read()
    bench = Bench(make_detector("tracker"))
    built = time.perf_counter() - start
    print(f"imports {imports:.1f} s; samples and networks {built:.1f} s")
    ids = list(shelf.samples)
    large = [enlarged(shelf.samples[i]) for i in ids]
    report(f"first score at {SIDE}²", [timed(bench, large[0], large[0].edited_image)])
    for title, samples in ((f"{SIDE}², enlarged", large), ("as they are", [shelf.samples[i] for i in ids])):
        waits = [timed(bench, sample, sample.edited_image) for sample in samples]
        report(f"later scores, right edits, {title}, source seen for the first time", waits)
        waits = [timed(bench, sample, altered(sample.edited_image)) for sample in samples]
        report(f"later scores, right edits, {title}, source known", waits)
    result = bench.score(large[2], large[2].edited_image)
    start = time.perf_counter()
    findings_of(result)
    bench.compared(result)
    print(f"what See why draws from, {SIDE}²: {time.perf_counter() - start:.2f} s")


def timed(bench: Bench, sample: Sample, picture: EncodedImage | None) -> tuple[float, float]:
    """Seconds of waiting and of computing; on a busy machine the latter tells more."""
    start, used = time.perf_counter(), time.process_time()
    bench.score(sample, picture or sample.image)
    return time.perf_counter() - start, time.process_time() - used


def report(title: str, seconds: list[tuple[float, float]]) -> None:
    for what, values in zip(("waiting", "CPU"), zip(*seconds, strict=True), strict=True):
        print(f"{title}: {what} median {statistics.median(values):.2f} s, longest {max(values):.2f} s of {len(values)}")


def enlarged(sample: Sample) -> Sample:
    """The sample with pictures and camera of 512²; numbers are repeated, colours interpolated."""
    factor = SIDE / load_rgb(sample.image).shape[1]
    k = np.array(sample.camera_intrinsics) * [[factor], [factor], [1]]
    numbers = {name: getattr(sample, name) for name in ("depth", "instance_mask", "instance_mask_after")}
    return dataclasses.replace(
        sample,
        image=resized(load_rgb(sample.image)),
        edited_image=resized(load_rgb(sample.edited_image or sample.image)),
        camera_intrinsics=tuple(tuple(row) for row in k.tolist()),
        **{name: repeated(load_numbers(p)) if p is not None else None for name, p in numbers.items()},
    )


def resized(rgb: np.ndarray) -> EncodedImage:
    return png(Image.fromarray(rgb).resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def repeated(numbers: np.ndarray) -> EncodedImage:
    side = np.arange(SIDE) * len(numbers) // SIDE
    return png(Image.fromarray(numbers[side][:, side].astype(np.uint16)))


def altered(picture: EncodedImage | None) -> EncodedImage:
    """Other bytes that show the same, so that nothing is remembered of it."""
    rgb = load_rgb(picture).copy()
    rgb[0, 0] ^= 1
    return png(Image.fromarray(rgb))


def png(image: Image.Image) -> EncodedImage:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return EncodedImage(stream.getvalue(), "picture.png")


if __name__ == "__main__":
    main()
