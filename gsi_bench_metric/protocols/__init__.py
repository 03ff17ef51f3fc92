"""Protocols: what the detections, images and judgements of an edit are worth."""
