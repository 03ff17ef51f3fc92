"""What a user may say about a judge, checked together before anything is asked."""

from __future__ import annotations

import dataclasses
import os
import urllib.parse
from pathlib import Path

from gsi_bench_dataset.problems import summary_of
from gsi_bench_metric.judges.base import JudgeError

__all__ = ["QUESTIONS", "JudgeOptions"]

QUESTIONS = ("official", "strict")
_WARM = 0.7  # temperature of several askings: at 0 they would all be the same


@dataclasses.dataclass(frozen=True)
class JudgeOptions:
    """Options of judges; each judge reads its own.

    Attributes:
        model: name at the server (`openai`), or folder or Hub repository (`local`).
        url: of an OpenAI-compatible server, ending in /v1; None: that of OpenAI.
        key_env: the environment variable that holds the server's key; None: OPENAI_API_KEY for OpenAI's server, and none for
            others, so that no key goes to a server that it was not meant for.
        revision: of a Hub repository.
        question: "official" or "strict"; None: as the protocol.
        prompt: file with the text of the official question, sent as it is.
        samples: askings of an edit, whose median counts.
        temperature: None: 0 for one asking, else 0.7.
        seed: of the first asking; the others count on.
        max_tokens: of a reply.
        max_side: pictures are shrunk until their longer side has so many pixels; None: sent at their own size.
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

    @property
    def key_variable(self) -> str | None:
        """The environment variable that holds the key."""
        return self.key_env or ("OPENAI_API_KEY" if self.url is None else None)

    def key(self) -> str | None:
        """The server's key. It goes to the client and nowhere else."""
        return os.environ.get(self.key_variable) or None if self.key_variable else None

    def require_sound(self) -> None:
        """Does nothing for options that fit together.

        Raises:
            JudgeError: names every one that does not.
        """
        problems = [
            f"--judge-{name.replace('_', '-')}: expected 1 or more, found {getattr(self, name)}"
            for name in ("samples", "max_tokens", "concurrency")
            if getattr(self, name) < 1
        ]
        if self.question is not None and self.question not in QUESTIONS:
            problems.append(f"--judge-question: expected one of {', '.join(QUESTIONS)}, found {self.question!r}")
        if self.prompt is not None and self.question == "strict":
            problems.append("--judge-prompt is the text of the official question; add --judge-question official")
        if self.samples > 1 and self.heat <= 0:
            problems.append("--judge-temperature 0 gives the same reply every time; leave it out, or --judge-samples")
        if not 0 <= self.heat <= 2:
            problems.append(f"--judge-temperature: expected 0 to 2, found {self.heat}")
        if self.timeout <= 0:
            problems.append(f"--judge-timeout: expected seconds above 0, found {self.timeout}")
        if self.retries < 0:
            problems.append(f"--judge-retries: expected 0 or more, found {self.retries}")
        if self.max_side is not None and self.max_side < 28:
            problems.append(f"--judge-max-side: expected 28 pixels or more, found {self.max_side}")
        if self.url is not None:
            problems += _url_problems(self.url)
        if problems:
            raise JudgeError(summary_of("the judge's options do not fit together", problems))


def _url_problems(url: str) -> list[str]:
    """A server's address is written into run folders, so it must hold no secret."""
    parts = urllib.parse.urlsplit(url)
    if parts.username or parts.password or parts.query or parts.fragment:
        secret = "--judge-url must hold no user, password or query, for it is kept in the run folder"
        return [f"{secret}; put the key into an environment variable and name it by --judge-key-env"]
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return [f"--judge-url: expected http://HOST:PORT/v1, found {url!r}"]
    return []
