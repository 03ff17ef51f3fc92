"""Drawings: one list of shapes in two forms; no text can break out of its place."""

import io
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from gsi_bench_metric.pages.charts import interval_mark, mark, series_colour, series_key, within
from gsi_bench_metric.pages.svg import Circle, Drawing, Line, Polygon, Text, element, points_of
from gsi_bench_metric.pages.tables import Cell

EVIL = '"><script>x</script>'


def names(svg):
    return [e.tag for e in ElementTree.fromstring(str(svg)).iter()]


def test_a_drawing_has_one_size_in_both_forms_and_escapes_words():
    shapes = [Polygon.box(0, 0, 5, 5, "#ff0000"), Line([(0, 0), (9, 9)], "#000000", dashed=True), Text(1, 2, "<&>", "#000000")]
    drawing = Drawing("a<b", "x", 40, 30, shapes)
    assert "<b" not in str(drawing.svg()).replace("<b>", "")
    assert "&lt;&amp;&gt;" in drawing.svg()
    assert drawing.png()[16:24] == (80).to_bytes(4, "big") + (60).to_bytes(4, "big")


@pytest.mark.parametrize(
    ("shape", "tag"),
    [
        (Circle(20, 15, 6, "#ff0000"), "circle"),
        (Polygon.box(14, 9, 12, 12, "#ff0000"), "polygon"),
        (Line([(10, 15), (30, 15)], "#ff0000", 6), "line"),
        (Line([(10, 15), (20, 15), (30, 15)], "#ff0000", 6), "polyline"),
    ],
)
def test_every_shape_is_drawn_in_both_forms_at_its_place(shape, tag):
    drawing = Drawing("t", "w", 40, 30, [shape])
    assert names(drawing.svg())[-1] == tag
    pixels = np.asarray(Image.open(io.BytesIO(drawing.png())))
    assert pixels[30, 40].tolist() == [255, 0, 0]
    assert pixels[2, 2].tolist() == [255, 255, 255]


def test_an_element_escapes_values_and_texts():
    made = element("text", EVIL, class_=EVIL, x=1.25, stroke_width=None)
    (found,) = ElementTree.fromstring(str(made)).iter()
    assert (found.text, found.attrib) == (EVIL, {"class": EVIL, "x": "1.2"})
    assert points_of([(0, 1.26), (2.0, 3)]) == "0.0,1.3 2.0,3.0"


def test_every_series_has_a_shape_of_its_own():
    outlines = {str(mark(i, 0, 0).svg()).replace(series_colour(i), "") for i in range(5)}
    assert len(outlines) == 5
    assert names(series_key(0)) == ["svg", "circle"]


def test_an_interval_mark_stays_on_its_line():
    assert (within(-3.0), within(50.0), within(120.0)) == (0.0, 50.0, 100.0)
    whiskers = interval_mark(Cell("x", value=120.0, low=-5.0, high=140.0))
    assert 'x1="0.0"' in whiskers and 'x2="100.0"' in whiskers and 'cx="100.0"' in whiskers
    assert interval_mark(Cell("x", value=float("nan"))) == ""
