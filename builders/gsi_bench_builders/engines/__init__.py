"""Adapters that draw scenes: one folder an engine, imported only where it is used."""
