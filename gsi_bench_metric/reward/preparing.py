"""The source-side work of a sample, done once: GRPO asks for 8 to 24 images of each prompt."""

from __future__ import annotations

import dataclasses

from gsi_bench_dataset.records import Detection, Reason, Sample
from gsi_bench_metric.detectors import Detector
from gsi_bench_metric.imaging.images import ImageError
from gsi_bench_metric.imaging.pictures import Picture
from gsi_bench_metric.protocols.base import Edit, Look, Measurement
from gsi_bench_metric.protocols.official.source import Source
from gsi_bench_metric.protocols.strict.scoring import StrictScorer
from gsi_bench_metric.protocols.strict.thresholds import STRICT
from gsi_bench_metric.protocols.strict.verdict import Outcome
from gsi_bench_metric.reward.config import RewardConfig
from gsi_bench_metric.reward.grading import Rated, Traces, grade, unscored, worthless
from gsi_bench_metric.reward.traces import Background, background_of, newcomer, rest_left
from gsi_bench_metric.run.keys import detection_item, measured_sample, scored_sample

__all__ = ["Prepared", "prepare", "rate"]


@dataclasses.dataclass(frozen=True)
class Prepared:
    """A sample with what was found in its own image.

    Attributes:
        scored, measured: the sample as the protocol's steps read it.
        found: detections in the source.
        problem: why no edit of it is scored; None: every one is.
        background: what the target hides; None: not known.
        usual: how new the right edit itself looks elsewhere (a reflection that goes), 0–1.
    """

    sample: Sample
    source: Source
    scored: Sample
    measured: Sample
    found: list[Detection] | None = None
    problem: Rated | None = None
    background: Background | None = None
    usual: float = 0.0


def prepare(sample: Sample, scorer: StrictScorer, detector: Detector, config: RewardConfig) -> Prepared:
    """The source-side work. Not scored: a sample with damaged images, and one whose untouched source is worth something."""
    source = scorer.sources.get(sample.image)
    made = Prepared(sample, source, scored_sample(scorer, sample), measured_sample(scorer, sample))
    try:
        (found,) = detector.detect([detection_item(detector, sample, "source", source.picture)])
        made = dataclasses.replace(made, found=found)
        problem = scorer.unscored(made.scored, found)
        if problem is not None:
            return dataclasses.replace(made, problem=unscored(problem, config))
        made = dataclasses.replace(made, background=background_of(sample, source.rgb, config))
        return _tested(made, scorer, detector, config)
    except ImageError as error:
        return dataclasses.replace(made, problem=unscored(Reason("source_unreadable", str(error)), config))


def _tested(made: Prepared, scorer: StrictScorer, detector: Detector, config: RewardConfig) -> Prepared:
    """With the two edits whose worth is known: nothing done, and the right edit where the sample has it."""
    sample = made.sample
    nothing = rate(made, Picture(sample.image), scorer, detector, config)
    if nothing.reward > config.no_op:
        why = f"no_goal: the untouched source is worth {nothing.reward:.2f} already, over {config.no_op:g}"
        return dataclasses.replace(made, problem=unscored(why, config))
    if sample.edited_image is None or sample.variant is not None:
        return made
    found, traces = _looked(made, Picture(sample.edited_image), scorer, detector, config)
    made = dataclasses.replace(made, usual=traces.newcomer)
    worth = _worth(made, found, traces, scorer, config)
    if worth.reward < config.least_right:
        why = f"unobservable: the right edit itself is worth {worth.reward:.2f}, under {config.least_right:g} ({worth.reason})"
        return dataclasses.replace(made, problem=unscored(why, config))
    return made


def rate(made: Prepared, edited: Picture, scorer: StrictScorer, detector: Detector, config: RewardConfig) -> Rated:
    """The reward of one edited image of a prepared sample.

    Raises:
        ImageError: an image of the sample itself cannot be read.
    """
    if made.problem is not None:
        return made.problem
    return _worth(made, *_looked(made, edited, scorer, detector, config), scorer, config)


def _worth(
    made: Prepared, found: Rated | tuple[Outcome, Measurement], traces: Traces, scorer: StrictScorer, config: RewardConfig
) -> Rated:
    if isinstance(found, Rated):
        return found
    outcome, measured = found
    traces = dataclasses.replace(traces, newcomer=max(0.0, traces.newcomer - made.usual))
    return grade(outcome, measured, scorer.operation(made.sample), traces, config)


def _looked(
    made: Prepared, edited: Picture, scorer: StrictScorer, detector: Detector, config: RewardConfig
) -> tuple[Rated | tuple[Outcome, Measurement], Traces]:
    """What protocol and pixels say of an edited image; or what it is worth without them."""
    operation = scorer.operation(made.sample)
    pictures = scorer.open(made.measured, operation, made.source, edited)
    if isinstance(pictures, Reason):
        if pictures.name == "source_unreadable":
            raise ImageError(pictures.text)
        return worthless(f"{pictures.name}: {pictures.text}", "no_image"), Traces()
    if pictures.edited.std((0, 1)).max() < STRICT.blank:  # nothing is looked for in it
        return worthless("blank: the image shows nothing", "blank"), Traces()
    (found,) = detector.detect([detection_item(detector, made.sample, "edited", edited)])
    edit = Edit(made.scored, "reward", made.found, found)
    (place,) = scorer.places([edit])
    measured, pair = scorer.look(Look(made.measured, operation, scorer.settings(made.sample), place, pictures))
    outcome = scorer.outcome(edit, measured)
    if outcome is None:
        return worthless("blank: the image shows nothing", "blank"), Traces()
    if isinstance(outcome, Reason):
        return unscored(outcome, config), Traces()
    background, traces = made.background, Traces()
    if background is not None and pair is not None and pair.alignment is not None:
        still = pair.alignment.to_source(pictures.edited)
        rest = rest_left(background, still, pictures.known, scorer.outlines(edit), config)
        new = newcomer(pair.expected, pair.edited, pair.counts, float(background.mask.sum()), config)
        traces = Traces(rest, new)
    return (outcome, measured), traces
