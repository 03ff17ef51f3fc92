"""What a user may say about a judge, checked together before anything is asked."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path

from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.safety.keys import Access, KeyProblemError, access, address_problems
from gsi_bench_metric.judges.base import JudgeError
from gsi_bench_metric.judges.prompt import Question
from gsi_bench_metric.registry import Registry

__all__ = ["DEFAULT_QUESTION", "QUESTIONS", "WITH_OWN_TEXT", "JudgeOptions"]

QUESTIONS: Registry[Callable[[], Question]] = Registry(
    "question of a judge",
    {
        "official": "gsi_bench_metric.judges.official_question:OfficialQuestion",
        "strict": "gsi_bench_metric.judges.strict_question:StrictQuestion",
    },
    JudgeError,
)
DEFAULT_QUESTION = "strict"  # where no protocol says which
WITH_OWN_TEXT = "official"  # the question of which a user may give the text: the paper's text is not free
# Least and most of the whole numbers. A server's seed has 63 bits; more of the others is a slip of the finger.
_WHOLE = {
    "samples": (1, 1000),
    "max_tokens": (1, 1_000_000),
    "concurrency": (1, 1024),
    "seed": (-(2**63), 2**63 - 1001),
    "retries": (0, 100),
    "max_side": (28, 65_536),
    "batch_size": (1, 4096),
}
_DAY = 86_400
_WARM = 0.7  # temperature of several askings: at 0 they would all be the same


@dataclasses.dataclass(frozen=True)
class JudgeOptions:
    """Options of judges; each judge reads its own.

    Attributes:
        model: name at the server (`openai`), or folder or Hub repository (`local`).
        url: of an OpenAI-compatible server, ending in /v1; None: that of OpenAI.
        key_env: the environment variable that holds the server's key; None: OPENAI_API_KEY for the server of
            OPENAI_BASE_URL, else OpenAI's, and none for others, so that no key goes to a server that it was not meant for.
        revision: of a Hub repository.
        question: one of `QUESTIONS`; None: as the protocol.
        prompt: file with the text of the official question, sent as it is.
        samples: askings of an edit, whose median counts.
        temperature: None: 0 for one asking, else 0.7.
        seed: of the first asking; the others count on.
        max_tokens: of a reply.
        max_side: images are shrunk until their longer side has this many pixels; None: sent at their own size.
        concurrency: requests at a time.
        timeout: seconds until a request is taken for lost.
        retries: of a request that met a fault which may pass.
        price: of a million tokens in and out, for the bill.
        device, batch_size: of `local` and `embedded`.
    """

    judgements: Path | None = None
    model: str | None = None
    url: str | None = None
    key_env: str | None = None
    revision: str | None = None
    question: str | None = None
    prompt: Path | None = None
    samples: int = 1
    temperature: float | None = None
    seed: int = 0
    max_tokens: int = 1024
    max_side: int | None = None
    concurrency: int = 16
    timeout: float = 120.0
    retries: int = 6
    price: tuple[float, float] | None = None
    device: str | None = None
    batch_size: int | None = None

    @property
    def heat(self) -> float:
        """The temperature, the default filled in."""
        return self.temperature if self.temperature is not None else (0.0 if self.samples == 1 else _WARM)

    def access(self) -> Access:
        """The server and the key that goes to it.

        Raises:
            JudgeError: no address, or a key that is not set or cannot be one.
        """
        try:
            return access(self.url, self.key_env, option="--judge-url", key_option="--judge-key-env")
        except KeyProblemError as error:
            raise JudgeError(f"judge 'openai': {error}") from error

    def require_sound(self) -> None:
        """Does nothing for options that fit together.

        Raises:
            JudgeError: names every one that does not.
        """
        problems = [
            f"--judge-{name.replace('_', '-')}: expected {least} or more, at most {most}, found {value}"
            for name, (least, most) in _WHOLE.items()
            if (value := getattr(self, name)) is not None and not least <= value <= most
        ]
        if self.question is not None and self.question not in QUESTIONS:
            problems.append(f"--judge-question: expected {QUESTIONS.expected()}, found {self.question!r}")
        if self.prompt is not None and self.question not in (None, WITH_OWN_TEXT):
            problems.append(f"--judge-prompt is the text of the {WITH_OWN_TEXT} question; add --judge-question {WITH_OWN_TEXT}")
        if self.samples > 1 and self.heat <= 0:
            problems.append("--judge-temperature 0 gives the same reply every time; leave it out, or --judge-samples")
        if not 0 <= self.heat <= 2:
            problems.append(f"--judge-temperature: expected 0 to 2, found {self.heat}")
        if not 0 < self.timeout <= _DAY:
            problems.append(f"--judge-timeout: expected seconds above 0, at most {_DAY} (a day), found {self.timeout}")
        if self.price is not None and not all(math.isfinite(price) and price >= 0 for price in self.price):
            problems.append(f"--judge-price: expected two numbers of 0 or more, found {' '.join(map(str, self.price))}")
        if self.url is not None:
            problems += address_problems(self.url, "--judge-url")
        if problems:
            raise JudgeError(summary_of("the judge's options do not fit together", problems))

    def make_question(self) -> Question:
        """The question that is asked: of that name, or with the user's text; the default own default where nothing is said.

        Raises:
            JudgeError: no such question, or a text that cannot be read.
        """
        if self.prompt is not None:
            from gsi_bench_metric.judges.official_question import OfficialQuestion  # noqa: PLC0415 - loads when asked for

            return OfficialQuestion.from_file(self.prompt)
        return QUESTIONS[self.question or DEFAULT_QUESTION]()
