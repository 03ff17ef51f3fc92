"""What a file is by its first bytes, in words, so that a refusal says what was found and not only what was expected."""

from __future__ import annotations

import codecs

__all__ = ["HEAD_BYTES", "kind_of"]

HEAD_BYTES = 512

# At the very beginning; the longer of two that begin alike stands first.
_MARKS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"%!PS", "PostScript"),
    (b"\x04%!PS", "PostScript"),
    (b"\xc5\xd0\xd3\xc6", "PostScript (EPS)"),
    (b"%PDF", "PDF"),
    (b"\xd7\xcd\xc6\x9a", "WMF"),
    (b"\x01\0\x09\0", "WMF"),
    (b"\x01\0\0\0", "EMF"),
    (b"SIMPLE  =", "FITS"),
    (b"\0\0\x01\0", "ICO"),
    (b"\0\0\x02\0", "CUR"),
    (b"8BPS", "PSD"),
    (b"8BIM", "IPTC"),
    (b"icns", "ICNS"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"v/1\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"DDS ", "DDS"),
    (b"qoif", "QOI"),
    (b"\x59\xa6\x6a\x95", "Sun raster"),
    (b"\x01\xda", "SGI"),
    (b"\x89HDF\r\n\x1a\n", "HDF5"),
    (b"GRIB", "GRIB"),
    (b"BUFR", "BUFR"),
    (b"BLP1", "BLP"),
    (b"BLP2", "BLP"),
    (b"DanM", "MSP"),
    (b"LinS", "MSP"),
    (b"gimp xcf", "XCF"),
    (b"/* XPM */", "XPM"),
    (b"#define", "XBM"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an OLE file, such as FPX or MIC"),
    (b"\x1aE\xdf\xa3", "Matroska video"),
    (b"\0\0\x01\xb3", "MPEG video"),
    (b"\0\0\x01\xba", "MPEG video"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"PAR1", "parquet"),
    (b"ARROW1", "Arrow"),
    (b"PK\x03\x04", "a zip file"),
    (b"PK\x05\x06", "an empty zip file"),
    (b"\x1f\x8b", "a gzip file"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\0", "an xz file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z file"),
    (b"Rar!", "a RAR file"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"version https://git-lfs", "a Git LFS pointer; fetch the file itself"),
    (b"#!", "a script"),
    (b"BM", "BMP"),
)
_RIFF = {b"WEBP": "WebP", b"AVI ": "AVI video", b"WAVE": "sound"}
_BRANDS = {b"avif": "AVIF", b"avis": "AVIF", b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIF", b"msf1": "HEIF"}
_TEXTS = ((b"<svg", "SVG"), (b"<!doctype html", "a web page"), (b"<html", "a web page"), (b"<?xml", "XML"), (b"{", "JSON"))
_NETPBM = b"1234567fF"


def kind_of(head: bytes) -> str:
    """What the first bytes of a file (`HEAD_BYTES` suffice) look like.

    >>> kind_of(b"%!PS-Adobe-3.0 EPSF-3.0"), kind_of(b"")
    ('PostScript', 'an empty file')
    """
    if not head:
        return "an empty file"
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], "a RIFF file")
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "a video")
    found = next((name for mark, name in _MARKS if head.startswith(mark)), None)
    if found is None and len(head) > 2 and head[:1] == b"P" and head[1] in _NETPBM and head[2:3].isspace():
        found = "PPM"
    return found or _text_kind(head) or ("zeros alone" if not head.strip(b"\0") else "bytes of another kind")


def _text_kind(head: bytes) -> str | None:
    start = head.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    for mark, name in _TEXTS:
        if start.startswith(mark):
            return "SVG" if name == "XML" and b"<svg" in start else name
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)  # the last character may be cut
    except UnicodeDecodeError:
        return None
    return "text" if all(mark.isprintable() or mark.isspace() for mark in text) else None
