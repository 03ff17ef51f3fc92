"""Detectors find the known objects of a sample in an image. One protocol, one registry."""

from gsi_bench_metric.detectors.base import DetectionItem, Detector
from gsi_bench_metric.detectors.registry import DETECTORS, DetectorError, make_detector

__all__ = ["DETECTORS", "DetectionItem", "Detector", "DetectorError", "make_detector"]
