"""Detectors find the known objects of a sample in a picture. One protocol, one registry."""

from gsi_bench_metric.detectors.base import DETECTORS, DetectionItem, Detector, make_detector

__all__ = ["DETECTORS", "DetectionItem", "Detector", "make_detector"]
