"""Names of judges, as `--judge` takes them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

from gsi_bench_metric.judges.base import Judge, JudgeError
from gsi_bench_metric.judges.options import JudgeOptions
from gsi_bench_metric.judges.prompt import Question

__all__ = ["JUDGES", "JudgeError", "make_judge"]


def _recorded(options: JudgeOptions) -> Judge:
    from gsi_bench_metric.judges.recorded import RecordedJudge  # noqa: PLC0415 - a judge loads when asked for

    if options.judgements is None:
        raise JudgeError("judge 'recorded' needs --judgements: the reference's predictions_*.json")
    return RecordedJudge.from_file(options.judgements)


def _openai(options: JudgeOptions) -> Judge:
    from gsi_bench_metric.judges.asking import ModelJudge  # noqa: PLC0415
    from gsi_bench_metric.judges.openai_server import OpenAIServer  # noqa: PLC0415

    return ModelJudge(OpenAIServer(options), _question(options), options.samples, options.seed, options.price)


def _local(options: JudgeOptions) -> Judge:
    from gsi_bench_metric.judges.asking import ModelJudge  # noqa: PLC0415
    from gsi_bench_metric.judges.local_model import LocalModel  # noqa: PLC0415

    return ModelJudge(LocalModel(options), _question(options), options.samples, options.seed, options.price)


def _embedded(options: JudgeOptions) -> Judge:
    from gsi_bench_metric.judges.embedded.judge import EmbeddedJudge  # noqa: PLC0415

    return EmbeddedJudge(options.device)


def _question(options: JudgeOptions) -> Question:
    from gsi_bench_metric.judges.official_question import OfficialQuestion  # noqa: PLC0415
    from gsi_bench_metric.judges.strict_question import StrictQuestion  # noqa: PLC0415

    if options.prompt is not None:
        return OfficialQuestion.from_file(options.prompt)
    return OfficialQuestion() if options.question == "official" else StrictQuestion()


JUDGES: dict[str, Callable[[JudgeOptions], Judge]] = {
    "recorded": _recorded,
    "openai": _openai,
    "local": _local,
    "embedded": _embedded,
}


def make_judge(name: str, judgements: Path | None = None, options: JudgeOptions | None = None) -> Judge:
    """The judge of that name. `judgements`: the file of `recorded`.

    Raises:
        JudgeError: unknown, lacking something, or with options that do not fit together.
    """
    if name not in JUDGES:
        raise JudgeError(f"no judge {name!r}; expected one of {', '.join(sorted(JUDGES))}")
    if name != "recorded" and judgements is not None:
        raise JudgeError(f"judge {name!r} judges by itself; leave --judgements out")
    options = dataclasses.replace(options or JudgeOptions(), judgements=judgements)
    options.require_sound()
    return JUDGES[name](options)
