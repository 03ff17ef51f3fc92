"""A server of the OpenAI protocol that does nothing but wait: every request gets the same reply after `--latency` seconds.

python benchmarks/judge_stub.py --port 8123 --latency 0.05
"""

from __future__ import annotations

import argparse
import asyncio
import json

REPLY = '||V^=^V||{"score": 8, "reasoning": "stub"}||V^=^V||'


def answer(path: str) -> bytes:
    """The body of a reply."""
    if path.endswith("/models"):
        return json.dumps({"object": "list", "data": [{"id": "stub", "object": "model", "owned_by": "x"}]}).encode()
    message = {"role": "assistant", "content": REPLY}
    usage = {"prompt_tokens": 1000, "completion_tokens": 20, "total_tokens": 1020}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    completion = {"id": "x", "object": "chat.completion", "created": 0, "model": "stub", "choices": choices, "usage": usage}
    return json.dumps(completion).encode()


async def main(port: int, latency: float) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode("latin-1").split("\r\n")
                headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
                await reader.readexactly(int(headers.get("content-length", 0)))
                path = lines[0].split()[1]
                if path.endswith("/completions"):
                    await asyncio.sleep(latency)
                body = answer(path)
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port, limit=1 << 26)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--latency", type=float, default=0.05)
    args = parser.parse_args()
    asyncio.run(main(args.port, args.latency))
