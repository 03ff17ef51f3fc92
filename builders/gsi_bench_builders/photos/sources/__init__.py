"""Where photographs with boxes come from: one module a source; `registry` has them by name."""
