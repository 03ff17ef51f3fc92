"""A model behind any OpenAI-compatible server, asked with the official client by many requests at a time.

The client repeats what met a fault that may pass (429, 5xx, lost connections, time-outs), with growing jittered pauses or as
long as the server's Retry-After says. What is left is sorted here: faults that stop the run with a remedy (no key, wrong
model, a server that is gone), refusals, and single requests that failed, which the next run asks for again. The key goes to the
client and nowhere else; should a server repeat it, it is taken out of the text. A reply is bounded in time and size.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import queue
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gsi_bench_dataset.safety.keys import clean
from gsi_bench_dataset.safety.parameters import declines, refused_parameters, said_by
from gsi_bench_dataset.safety.proxies import proxy_problem
from gsi_bench_dataset.safety.replies import MAX_TEXT_BYTES, ReplyProblemError, limited_client
from gsi_bench_metric.imaging.images import ImageError
from gsi_bench_metric.judges.asking import ModelJudge, Query, Reply
from gsi_bench_metric.judges.base import Judge, JudgeError
from gsi_bench_metric.judges.encoding import Encoder
from gsi_bench_metric.judges.options import JudgeOptions
from gsi_bench_metric.judges.prompt import View

__all__ = ["OpenAIServer"]

_ROUNDS_AT_ONCE = 8  # edits at a time, in rounds of requests: the end of one piece of work leaves few connections idle
_GARBLED_AGAIN = 2  # how often a request is repeated whose answer is no completion; the client does not do that
_IN_A_ROW = 8  # failures, after the client's own retries, after which the server is taken for gone
_GREETING_SECONDS, _GREETING_RETRIES = 15.0, 2
# What the client raises on an answer of another form: it builds its objects without a check. RuntimeError: nested without end.
_ODD = (ValueError, AttributeError, TypeError, LookupError, RuntimeError)
_NEEDED = {"model", "messages"}  # every other parameter may be left out
_LEFT_OUT = {
    "response_format": "it does not hold replies to a JSON schema; they are read as they come",
    "temperature": "replies are made at the server's own temperature, and may differ the next time",
    "seed": "replies may differ the next time",
}


class OpenAIServer:
    """Answers queries over HTTP."""

    name = "openai"

    def __init__(self, options: JudgeOptions):
        """Opens no connection.

        Raises:
            JudgeError: no client installed, no model named, or no key for OpenAI's own server.
        """
        try:
            import openai  # noqa: F401, PLC0415 - an extra
        except ImportError as error:
            raise JudgeError(f"judge 'openai' needs the client: pip install 'gsi-bench[judge]' ({error})") from error
        if not options.model:
            raise JudgeError("judge 'openai' needs --judge-model: the model's name at the server")
        self._access = options.access()
        problem = proxy_problem(self._access.url)
        if problem is not None:
            raise JudgeError(f"judge 'openai' cannot reach {self._access.url}: {problem}")
        if self._access.note:
            sys.stderr.write(f"note: {self._access.note}\n")
        self._options, self._model, self._url = options, options.model, self._access.url
        self._encoder = Encoder(options.max_side)
        self._served: list[str] = []  # models that the server names
        self._greeted = self._succeeded = False
        self._limit_name = "max_tokens"
        self._left_out: list[str] = []  # parameters that the server does not take
        self._failed_in_a_row = 0
        self.at_once = _ROUNDS_AT_ONCE * options.concurrency

    def settings(self) -> dict[str, Any]:
        """Model, decoding, images. The address is no part of it: the same model elsewhere gives the same replies."""
        return {
            "model": self._model,
            "temperature": self._options.heat,
            "max_tokens": self._options.max_tokens,
            "pictures": self._encoder.describe(),
        }

    def describe(self) -> dict[str, Any]:
        """The server, and how it is asked."""
        options = self._options
        return {"url": self._url, "concurrency": options.concurrency, "timeout": options.timeout, "retries": options.retries}

    def answer(self, queries: Sequence[Query]) -> Iterator[tuple[int, Reply]]:
        """(index, reply) as replies arrive. The first Ctrl-C lets what is under way arrive, for it is paid for.

        Raises:
            JudgeError: the server cannot be used.
        """
        arrived: queue.SimpleQueue[tuple[int, Reply] | BaseException | None] = queue.SimpleQueue()
        # A thread with a loop of its own: callers may have a loop running, notebooks do.
        correspondence = _Correspondence(self, queries, arrived)
        correspondence.start()
        interrupt: KeyboardInterrupt | None = None
        try:
            while True:
                try:
                    found = arrived.get()
                except KeyboardInterrupt as error:
                    if interrupt is not None:
                        raise
                    interrupt = error
                    correspondence.stopping.set()
                    sys.stderr.write("waiting for the replies that are under way; Ctrl-C again to drop them\n")
                    continue
                if found is None:
                    break
                if isinstance(found, BaseException):
                    raise found
                yield found
        finally:
            correspondence.end()
        if interrupt is not None:
            raise interrupt

    async def exchange(self, queries: Sequence[Query], arrived: queue.SimpleQueue[Any], stopping: threading.Event) -> None:
        """Asks all queries, `concurrency` at a time."""
        import openai  # noqa: PLC0415

        options, todo = self._options, iter(enumerate(queries))

        async def work() -> None:
            for i, query in todo:
                if stopping.is_set():
                    return
                arrived.put((i, self._counted(await self._ask(client, query))))

        with self._access.alone():
            asking = openai.AsyncOpenAI(
                api_key=self._access.key or "none",
                base_url=self._url,
                max_retries=options.retries,
                timeout=options.timeout,
                http_client=limited_client(
                    openai.DefaultAsyncHttpxClient, self._url, seconds=options.timeout, most=MAX_TEXT_BYTES
                ),
            )
        async with asking as client:
            if not self._greeted:
                await self._greet(client)
                self._greeted = True
            async with asyncio.TaskGroup() as group:
                for _ in range(min(options.concurrency, len(queries))):
                    group.create_task(work())

    def _counted(self, reply: Reply) -> Reply:
        """The reply, unless it is one failure too many."""
        self._failed_in_a_row = 0 if reply.failure is None else self._failed_in_a_row + 1
        self._succeeded = self._succeeded or reply.failure is None
        if self._failed_in_a_row >= max(_IN_A_ROW, self._options.concurrency):
            raise JudgeError(
                f"{self._failed_in_a_row} requests to {self._url} failed one after the other, the last one so: {reply.failure}"
                ". What was judged is kept: mend the server, then run the same command again"
            )
        return reply

    async def _greet(self, client: Any) -> None:
        """Finds out early whether anybody is there. Servers need not have the list of models that is asked for."""
        import openai  # noqa: PLC0415

        try:
            with self._access.alone():  # a client of its own, that looks into the environment anew
                patient = client.with_options(timeout=_GREETING_SECONDS, max_retries=_GREETING_RETRIES)
            async with asyncio.timeout(_GREETING_SECONDS * (_GREETING_RETRIES + 1)):
                self._served = [clean(str(model.id))[:200] for model in (await patient.models.list()).data][:20]
        except TimeoutError:
            return  # it drips; the requests will tell
        except openai.AuthenticationError as error:
            raise self._no_entry(error) from error
        except openai.APITimeoutError:
            return  # busy, perhaps with loading; the requests are given more time
        except openai.APIConnectionError as error:
            raise JudgeError(
                f"no server answers at {self._url} ({_cause(error)}); start one (`gsi-bench serve-judge` shows how) or mend "
                "--judge-url"
            ) from error
        except (openai.OpenAIError, *_ODD):
            return

    async def _ask(self, client: Any, query: Query) -> Reply:
        """One query, until there is a reply or a failure."""
        import openai  # noqa: PLC0415

        problem, garbled = "", 0
        while garbled <= _GARBLED_AGAIN:
            request: dict[str, Any] = {}
            try:
                request = await asyncio.to_thread(self._request, query)
                # As extra_body the client sends it as it is; as arguments it would walk through every message, which takes
                # a quarter of what a request costs.
                completion = await client.chat.completions.create(model=self._model, messages=(), extra_body=request)
                return self._reply(completion, request)
            except ImageError as error:
                return Reply(failure=str(error))
            except openai.APIStatusError as error:
                reply = self._of_status(error, request)
                if reply is not None:
                    return reply
            except openai.APITimeoutError:
                return Reply(
                    failure=f"no reply within {self._options.timeout:g} s; a slow server needs a higher --judge-timeout"
                )
            except openai.APIConnectionError as error:
                return Reply(failure=f"the connection broke ({_cause(error)})")
            except ReplyProblemError as error:
                return Reply(failure=clean(str(error)))
            except (openai.OpenAIError, *_ODD) as error:
                problem = f"{type(error).__name__}: {clean(str(error))[:200]}"
                garbled += 1
        return Reply(failure=f"the server's answer is no chat completion ({problem})")

    def _of_status(self, error: Any, request: Mapping[str, Any]) -> Reply | None:
        """What an HTTP error comes to; None: ask again, the request has changed.

        Raises:
            JudgeError: it would meet every request.
        """
        words, status = self._words(error), error.status_code
        if status in (401, 403):
            raise self._no_entry(error) from error
        if status == 404:
            raise JudgeError(
                f"{self._url} knows no model {self._model!r}, or has no chat completions there: {words}; check --judge-model, "
                f"and that --judge-url ends in /v1{self._models()}"
            ) from error
        if "insufficient_quota" in words:
            raise JudgeError(f"{self._url}: the account's quota is used up: {words}") from error
        if status in (400, 422):
            if self._adapt(error, request):
                return None
            if declines(words):
                return Reply(refusal=words)
            if not self._succeeded:
                raise JudgeError(f"{self._url} does not take the request: {words}{self._models()}") from error
        return Reply(failure=words)

    def _request(self, query: Query) -> dict[str, Any]:
        options, prompt = self._options, query.prompt
        messages: list[dict[str, Any]] = [{"role": "system", "content": prompt.system}] if prompt.system else []
        messages.append({"role": "user", "content": [self._part(part, query) for part in prompt.parts]})
        if query.retort:
            said, words = query.retort
            messages += [{"role": "assistant", "content": said or "(nothing)"}, {"role": "user", "content": words}]
        request: dict[str, Any] = {
            "model": self._model,
            "messages": messages,
            "temperature": options.heat,
            "seed": query.seed,
            self._limit_name: options.max_tokens,
        }
        if prompt.schema is not None:
            schema = {"name": "judgement", "strict": True, "schema": prompt.schema}
            request["response_format"] = {"type": "json_schema", "json_schema": schema}
        return {name: value for name, value in request.items() if name not in self._left_out}

    def _part(self, part: str | View, query: Query) -> dict[str, Any]:
        if isinstance(part, str):
            return {"type": "text", "text": part}
        picture = query.item.source if part is View.SOURCE else query.item.edited
        if picture is None:
            raise JudgeError(f"{query.item.sample.id}: no image to show")
        data = base64.b64encode(self._encoder.jpeg(picture)).decode("ascii")
        return {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{data}"}}

    def _reply(self, completion: Any, request: Mapping[str, Any]) -> Reply:
        """What a completion says to a request.

        Raises:
            ValueError, AttributeError, TypeError, LookupError, RuntimeError: it is none.
        """
        choice = completion.choices[0]
        message, usage = choice.message, completion.usage
        text, refusal = message.content or "", getattr(message, "refusal", None)
        if not isinstance(text, str):
            raise TypeError(f"the reply's content is {type(text).__name__}, not text")
        if refusal is None and choice.finish_reason == "content_filter":
            refusal = f"stopped by the server's content filter: {text}"
        return Reply(
            text=clean(text),
            refusal=None if refusal is None else clean(str(refusal)),
            cut=choice.finish_reason == "length",
            model=None if completion.model is None else clean(str(completion.model)),
            structured="response_format" in request,
            left_out=tuple(name for name in self._left_out if name not in request),
            tokens_in=_count(usage, "prompt_tokens"),
            tokens_out=_count(usage, "completion_tokens"),
        )

    def _adapt(self, error: Any, request: Mapping[str, Any]) -> bool:
        """Whether the request can be put in another way that the server takes. What was done is said, and kept with replies."""
        body, words = said_by(error)
        if "max_completion_tokens" in words and "max_tokens" in request and not declines(words):
            self._limit_name = "max_completion_tokens"
            return True
        names = refused_parameters(body, words, request.keys() - _NEEDED)
        for name in names:
            if name not in self._left_out:  # else another request found it out at the same time
                self._left_out.append(name)
                meaning = _LEFT_OUT.get(name, "the server's own setting holds")
                sys.stderr.write(f"note: {self._url} does not take {name!r}; it is left out: {meaning}\n")
        return bool(names)

    def _no_entry(self, error: Any) -> JudgeError:
        variable = self._access.variable
        remedy = f"check the key in ${variable}" if variable else "name the variable that holds its key by --judge-key-env"
        return JudgeError(f"{self._url} does not let us in: {self._words(error)}; {remedy}")

    def _models(self) -> str:
        return f". It serves: {', '.join(self._served)}" if self._served else ""

    def _words(self, error: Any) -> str:
        """What a server says of an error."""
        return clean(said_by(error)[1])[:500]


class _Correspondence:
    """A thread that runs an exchange, and passes on what comes: replies, an error, None at the end."""

    def __init__(self, server: OpenAIServer, queries: Sequence[Query], arrived: queue.SimpleQueue[Any]):
        self.stopping = threading.Event()
        self._server, self._queries, self._arrived = server, queries, arrived
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="judge", daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def end(self) -> None:
        """Drops what is still under way."""
        self.stopping.set()
        if self._loop is not None and self._task is not None and self._thread.is_alive():
            with contextlib.suppress(RuntimeError):  # its loop has just closed: nothing is under way
                self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(timeout=5)

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except asyncio.CancelledError:
            pass  # `end` asked for it; nobody waits for answers any more
        except BaseExceptionGroup as errors:  # the workers' errors; the first one is why the others were stopped
            self._arrived.put(errors.exceptions[0])
        except BaseException as error:  # noqa: BLE001 - raised again by the one who waits
            self._arrived.put(error)
        self._arrived.put(None)

    async def _main(self) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        await self._server.exchange(self._queries, self._arrived, self.stopping)


def _count(usage: Any, name: str) -> int | None:
    """A number of tokens; None where the server gives none."""
    value = getattr(usage, name, None)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None


def _cause(error: BaseException) -> str:
    """The innermost words: the client's own say only "Connection error."."""
    while error.__cause__ is not None:
        error = error.__cause__
    return clean(f"{type(error).__name__}: {error}")[:200]


def make(options: JudgeOptions) -> Judge:
    """The judge that asks a server.

    Raises:
        JudgeError: it lacks something.
    """
    return ModelJudge(OpenAIServer(options), options.make_question(), options.samples, options.seed, options.price)
