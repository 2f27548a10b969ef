"""Our own layout: boxes stand apart, wires pass between them, arguments arrive in order, little crosses."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd.readers.layout import place


@st.composite
def acyclic_graphs(draw):
    sizes = draw(st.lists(st.tuples(st.integers(5, 200), st.integers(5, 100)), min_size=1, max_size=14))
    pairs = [(tail, head) for head in range(len(sizes)) for tail in range(head)]
    edges = draw(st.lists(st.sampled_from(pairs), max_size=20)) if pairs else []
    return sizes, sorted(edges, key=lambda edge: edge[1])


def along(points, steps=12):
    """Points on a curve as it is drawn: level to the second of each pair, then a cubic to the first of the next."""
    for i in range(0, len(points), 2):
        (x0, y0), (x1, y1) = points[i : i + 2]
        assert y0 == y1 and x0 <= x1 + 1e-6
        yield from ((x0 + (x1 - x0) * t / steps, y0) for t in range(steps + 1))
        if i + 2 < len(points):
            x2, y2 = points[i + 2]
            for t in (step / steps for step in range(steps + 1)):
                a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3
                yield (a * x1 + (b + c) * (x1 + x2) / 2 + d * x2, (a + b) * y1 + (c + d) * y2)


@given(acyclic_graphs())
@settings(max_examples=80, deadline=None)
def test_boxes_stand_apart_and_wires_pass_between_them(graph):
    sizes, edges = graph
    layout = place(sizes, edges)
    boxes = [(x, y, x + width, y + height) for (x, y), (width, height) in zip(layout.corners, sizes, strict=True)]
    for i, (left, top, right, bottom) in enumerate(boxes):
        assert left >= -1e-6 and top >= -1e-6
        assert right <= layout.width + 1e-6 and bottom <= layout.height + 1e-6
        for other in boxes[:i]:
            apart = left >= other[2] + 10 or other[0] >= right + 10 or top >= other[3] + 10 or other[1] >= bottom + 10
            assert apart, "two boxes overlap or touch"
    assert len(layout.curves) == len(edges)
    for (tail, head), points in zip(edges, layout.curves, strict=True):
        assert points[0] == pytest.approx((boxes[tail][2], (boxes[tail][1] + boxes[tail][3]) / 2))
        assert points[-1][0] == pytest.approx(boxes[head][0])
        assert boxes[head][1] < points[-1][1] < boxes[head][3]
        assert all(-1e-6 <= y <= layout.height + 1e-6 for _, y in points)
        for x, y in along(points):
            for left, top, right, bottom in boxes:
                inside = left + 1e-6 < x < right - 1e-6 and top < y < bottom
                assert not inside, "a wire runs through a box"
    for head in range(len(sizes)):
        arrivals = [points[-1][1] for (_, end), points in zip(edges, layout.curves, strict=True) if end == head]
        assert arrivals == sorted(set(arrivals)), "arguments must enter from top to bottom"


def test_wires_that_need_not_cross_do_not():
    # Kept in the order given, the wires of box 0 to boxes 2 and 4 would cross that of box 1 to box 3.
    (_, (_, y1), (_, y2), (_, y3), (_, y4)) = place([(40.0, 20.0)] * 5, [(0, 2), (1, 3), (0, 4)]).corners
    assert not y2 < y3 < y4 and not y4 < y3 < y2
    assert y1 == y3


def test_arguments_stand_in_order():
    edges = [(0, 6), (3, 6), (1, 7), (4, 7), (2, 8), (5, 8), (6, 9), (7, 9), (9, 10), (8, 10)]
    corners = place([(40.0, 20.0)] * 11, edges).corners
    assert [i for _, i in sorted((corners[i][1], i) for i in (0, 3, 1, 4))] == [0, 3, 1, 4]
    assert corners[9][1] < corners[8][1]


def test_a_result_stands_where_its_wires_are_short():
    # Box 1 uses box 0 twice and is used once, much later: two short wires and a long one, not the reverse.
    corners = place([(40.0, 20.0)] * 5, [(0, 1), (0, 1), (0, 2), (2, 3), (3, 4), (1, 4)]).corners
    assert corners[1][0] == corners[2][0] < corners[3][0]
