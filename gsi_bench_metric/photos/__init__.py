"""Photographs whose outcome is known: read, asked about, scored and shown; public ones fetched, own ones made from markers."""
