"""The embedded judge: a proxy for appearance that needs no trained language model."""
