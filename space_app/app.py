"""Starts the Space. The same app from the command line: `gsi-bench space`."""

from gsi_bench_space.launch import serve

if __name__ == "__main__":
    serve()
