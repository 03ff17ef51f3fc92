"""Starts the Space. The same app from the command line: `gsi-bench space`."""

import os

from gsi_bench_dataset.safety.proxies import without_proxies

with without_proxies():  # Gradio opens the proxies when it is imported, those too that cannot be opened
    from gsi_bench_space.launch import Settings, serve

if __name__ == "__main__":
    data = os.environ.get("SPACE_DATA")
    serve(Settings(data=data) if data else Settings())
