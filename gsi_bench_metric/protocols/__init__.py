"""Protocols: what the detections, pictures and judgements of an edit are worth."""
