"""The tabs of the app, but for *Your own image*."""
