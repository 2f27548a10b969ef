"""Our own layout: boxes stand apart, wires pass between them, arguments arrive in order, little crosses."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd.readers import layout
from autograd.readers.halves import place_halves
from autograd.readers.layout import place
from autograd.readers.nested import Frame, place_nested


@st.composite
def acyclic_graphs(draw, least=1, most=14):
    sizes = draw(st.lists(st.tuples(st.integers(5, 200), st.integers(5, 100)), min_size=least, max_size=most))
    pairs = [(tail, head) for head in range(len(sizes)) for tail in range(head)]
    edges = draw(st.lists(st.sampled_from(pairs), min_size=least - 1, max_size=20 * most // 14)) if pairs else []
    return sizes, sorted(edges, key=lambda edge: edge[1])


def along(points, steps=12):
    """Points on a curve as it is drawn: level to the second of each pair, then a cubic to the first of the next."""
    for i in range(0, len(points), 2):
        (x0, y0), (x1, y1) = points[i : i + 2]
        assert y0 == y1
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
    placed = place(sizes, edges)
    boxes = [(x, y, x + width, y + height) for (x, y), (width, height) in zip(placed.corners, sizes, strict=True)]
    for i, (left, top, right, bottom) in enumerate(boxes):
        assert left >= -1e-6 and top >= -1e-6
        assert right <= placed.width + 1e-6 and bottom <= placed.height + 1e-6
        for other in boxes[:i]:
            apart = left >= other[2] + 10 or other[0] >= right + 10 or top >= other[3] + 10 or other[1] >= bottom + 10
            assert apart, "two boxes overlap or touch"
    assert len(placed.curves) == len(edges)
    for (tail, head), points in zip(edges, placed.curves, strict=True):
        assert points[0] == pytest.approx((boxes[tail][2], (boxes[tail][1] + boxes[tail][3]) / 2))
        assert points[-1][0] == pytest.approx(boxes[head][0])
        assert boxes[head][1] < points[-1][1] < boxes[head][3]
        assert all(-1e-6 <= y <= placed.height + 1e-6 for _, y in points)
        for x, y in along(points):
            for left, top, right, bottom in boxes:
                inside = left + 1e-6 < x < right - 1e-6 and top < y < bottom
                assert not inside, "a wire runs through a box"
    for head in range(len(sizes)):
        arrivals = [points[-1][1] for (_, end), points in zip(edges, placed.curves, strict=True) if end == head]
        assert arrivals == sorted(set(arrivals)), "arguments must enter from top to bottom"


def test_wires_that_need_not_cross_do_not():
    # Kept in the order given, the wires of box 0 to boxes 2 and 4 would cross that of box 1 to box 3.
    (_, (_, y1), (_, y2), (_, y3), (_, y4)) = place([(40.0, 20.0)] * 5, [(0, 2), (1, 3), (0, 4)]).corners
    assert not y2 < y3 < y4 and not y4 < y3 < y2
    assert y1 == y3


@given(acyclic_graphs(20, 30))
@settings(max_examples=40, deadline=None)
def test_no_exchange_of_neighbours_would_remove_a_crossing(graph):
    sizes, edges = graph
    boxes = [layout.Item(*size) for size in sizes]
    column_of = layout._columns(len(boxes), edges, (), ())
    columns = [[] for _ in range(max(column_of) + 1)]
    layout._route(boxes, edges, column_of, columns, [layout.MIDDLE] * len(edges))
    layout._order(columns)

    def crossings(upper, lower):
        return sum(below < above for ends in (tails, heads) for above in ends(upper) for below in ends(lower))

    def tails(item):
        return [wire.tail.place + wire.out for wire in item.left]

    def heads(item):
        return [wire.head.place + wire.port for wire in item.right]

    for column in columns:
        assert [item.place for item in column] == list(range(len(column)))
        for upper, lower in pairwise(column):
            assert crossings(upper, lower) <= crossings(lower, upper)


def test_arguments_stand_in_order():
    edges = [(0, 6), (3, 6), (1, 7), (4, 7), (2, 8), (5, 8), (6, 9), (7, 9), (9, 10), (8, 10)]
    corners = place([(40.0, 20.0)] * 11, edges).corners
    assert [i for _, i in sorted((corners[i][1], i) for i in (0, 3, 1, 4))] == [0, 3, 1, 4]
    assert corners[9][1] < corners[8][1]


def test_what_is_too_much_for_one_column_stands_in_several():
    sizes, edges = [(40.0, 20.0)] * 13, [(i, 12) for i in range(12)]
    assert len({x for x, _ in place(sizes, edges).corners}) == 2
    corners = place(sizes, edges, tallest=160.0).corners
    columns = sorted({x for x, _ in corners})
    assert [sum(x == column for x, _ in corners) for column in columns] == [4, 4, 4, 1]
    assert corners[12][0] == columns[-1]
    assert place(sizes, edges, tallest=1.0).corners[11][0] < place(sizes, edges, tallest=1.0).corners[12][0]


def test_a_result_stands_where_its_wires_are_short():
    # Box 1 uses box 0 twice and is used once, much later: two short wires and a long one, not the reverse.
    corners = place([(40.0, 20.0)] * 5, [(0, 1), (0, 1), (0, 2), (2, 3), (3, 4), (1, 4)]).corners
    assert corners[1][0] == corners[2][0] < corners[3][0]


# --- lines ------------------------------------------------------------------------------------------------------------


def chain(count, width=50.0):
    return [(width, 20.0)] * count, [(i, i + 1) for i in range(count - 1)]


def test_what_is_too_wide_is_broken_into_even_lines():
    sizes, edges = chain(12)
    placed = place(sizes, edges, widest=500.0)
    rows = sorted({y for _, y in placed.corners})
    assert [sum(y == row for _, y in placed.corners) for row in rows] == [6, 6]
    assert placed.width < 550 < place(sizes, edges).width
    order = sorted(range(12), key=lambda i: placed.corners[i][::-1])
    assert order == list(range(12))


def test_a_wire_turns_back_between_the_lines():
    sizes, edges = chain(4)
    placed = place(sizes, edges, widest=200.0)
    (_, _, turn, back, *_), top, bottom = placed.curves[1], placed.corners[1][1] + 20, placed.corners[2][1]
    assert top < turn[1] == back[1] < bottom and back[0] < turn[0]
    levels = [(a, b) for points in placed.curves for a, b in zip(points[::2], points[1::2], strict=True)]
    assert sum(b[0] < a[0] for a, b in levels) == 1


def test_wires_that_turn_back_have_lanes_of_their_own():
    sizes = [(50.0, 20.0)] * 6
    placed = place(sizes, [(0, 3), (1, 4), (2, 5)], widest=60.0)
    lanes = [points[2][1] for points in placed.curves]
    assert len(set(lanes)) == 3
    first, last = (sorted(range(3), key=lambda i: placed.corners[j + i][1]) for j in (0, 3))
    assert first == last, "and come out in the order in which they went in"
    assert sorted(range(3), key=lambda i: -lanes[i]) == first, "the wire from the top turns around the others"


def test_a_leaf_stands_in_the_line_of_its_user():
    # 2 and 3 are the arguments of 4, but only 2 has come a long way.
    sizes = [(50.0, 20.0)] * 6
    placed = place(sizes, [(0, 1), (1, 2), (2, 4), (3, 4), (4, 5)], widest=260.0)
    ((_, y2), (_, y3), (x4, y4)), x3 = placed.corners[2:5], placed.corners[3][0]
    assert y2 + 20 < min(y3, y4) and x3 + 50 < x4


@given(acyclic_graphs(), st.floats(60, 600))
@settings(max_examples=80, deadline=None)
def test_in_lines_too_boxes_stand_apart_and_wires_pass_between_them(graph, widest):
    sizes, edges = graph
    placed = place(sizes, edges, widest=widest)
    boxes = [(x, y, x + width, y + height) for (x, y), (width, height) in zip(placed.corners, sizes, strict=True)]
    for i, (left, top, right, bottom) in enumerate(boxes):
        assert left >= -1e-6 and top >= -1e-6
        assert right <= placed.width + 1e-6 and bottom <= placed.height + 1e-6
        for other in boxes[:i]:
            apart = left >= other[2] + 10 or other[0] >= right + 10 or top >= other[3] + 10 or other[1] >= bottom + 10
            assert apart, "two boxes overlap or touch"
    for (tail, head), points in zip(edges, placed.curves, strict=True):
        assert points[0] == pytest.approx((boxes[tail][2], (boxes[tail][1] + boxes[tail][3]) / 2))
        assert points[-1][0] == pytest.approx(boxes[head][0])
        assert boxes[head][1] < points[-1][1] < boxes[head][3]
        for (x0, y), (x1, _) in zip(points[::2], points[1::2], strict=True):
            for left, top, right, bottom in boxes:
                crossed = top < y < bottom and max(min(x0, x1), left + 1e-6) < min(max(x0, x1), right - 1e-6)
                assert not crossed, "a level wire runs through a box"


# --- frames -----------------------------------------------------------------------------------------------------------


@st.composite
def framed_graphs(draw):
    """Boxes whose order is that of recording, and frames around stretches of it: nothing leaves one and comes back."""
    sizes, edges = draw(acyclic_graphs())
    frames, homes = [], [-1] * len(sizes)
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(sizes) - 1))
        stop = draw(st.integers(start + 1, len(sizes)))
        if len(set(homes[start:stop])) == 1:
            frames.append(Frame(homes[start], draw(st.floats(0, 200))))
            homes[start:stop] = [len(frames) - 1] * (stop - start)
    return sizes, edges, homes, frames


@given(framed_graphs(), st.sampled_from([float("inf"), 400.0]))
@settings(max_examples=80, deadline=None)
def test_frames_hold_what_is_theirs_and_nothing_else(graph, widest):
    sizes, edges, homes, frames = graph
    nested = place_nested(sizes, edges, homes, frames, widest=widest)
    boxes = [(x, y, x + width, y + height) for (x, y), (width, height) in zip(nested.corners, sizes, strict=True)]
    drawn = [(x, y, x + width, y + height) for x, y, width, height in nested.frames]

    def around(frame):
        while frame >= 0:
            yield frame
            frame = frames[frame].parent

    def within(inner, outer):
        return (
            outer[0] - 1e-6 <= inner[0]
            and outer[1] + 20 <= inner[1] + 1e-6
            and inner[2] <= outer[2] + 1e-6
            and inner[3] <= outer[3] + 1e-6
        )

    def apart(a, b):
        return a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]

    for box, home in zip(boxes, homes, strict=True):
        for i, frame in enumerate(drawn):
            assert within(box, frame) if i in around(home) else apart(box, frame)
    for i, frame in enumerate(drawn):
        assert frame[2] - frame[0] >= frames[i].title
        for j, other in enumerate(drawn[:i]):
            assert within(frame, other) if j in around(frames[i].parent) else apart(frame, other)
    for (tail, head), points in zip(edges, nested.curves, strict=True):
        assert points[0][0] == pytest.approx(boxes[tail][2]) and boxes[tail][1] < points[0][1] < boxes[tail][3]
        assert points[-1][0] == pytest.approx(boxes[head][0]) and boxes[head][1] < points[-1][1] < boxes[head][3]
        assert len(points) % 2 == 0 and all(
            a[1] == pytest.approx(b[1]) for a, b in zip(points[::2], points[1::2], strict=True)
        )


def test_wires_from_one_box_share_the_way_into_a_frame():
    nested = place_nested([(50.0, 20.0)] * 3, [(0, 1), (0, 2)], [-1, 0, 0], [Frame(-1, 10.0)])
    first, second = nested.curves
    border = nested.frames[0][0]
    assert [p for p in first if p[0] <= border] == [p for p in second if p[0] <= border]


def test_a_circle_through_a_frame_is_refused():
    with pytest.raises(ValueError, match="in a circle through a frame"):
        place_nested([(50.0, 20.0)] * 3, [(0, 1), (1, 2)], [0, -1, 0], [Frame(-1, 10.0)])


def test_a_leaf_of_the_next_line_stands_beside_its_user_whatever_stood_above_it():
    # A tall box feeds the next line together with a leaf that stood below it.
    sizes = [(50.0, 20.0), (50.0, 900.0), (50.0, 20.0), (50.0, 40.0)]
    placed = place(sizes, [(0, 1), (1, 3), (2, 3)], widest=190.0)
    (_, y1), (_, y2), (_, y3) = placed.corners[1:]
    assert y1 + 900 < min(y2, y3) and abs(y2 - y3) < 60
    assert placed.height < 1100


# --- halves -----------------------------------------------------------------------------------------------------------


@st.composite
def halves(draw):
    """Two framed graphs, and for what stands in the second a box of the first that it wants to be level with."""
    (sizes, edges, homes, frames), (more, wires, places, inner) = draw(framed_graphs()), draw(framed_graphs())
    second = 1 + len(frames)
    frames = [Frame(-1, 50.0), *(Frame(frame.parent + 1, frame.title) for frame in frames), Frame(-1, 60.0)]
    frames += [Frame(frame.parent + 1 + second, frame.title) for frame in inner]
    homes = [home + 1 for home in homes] + [home + 1 + second for home in places]
    edges = edges + [(tail + len(sizes), head + len(sizes)) for tail, head in wires]
    through = [-1] * len(sizes) + [draw(st.integers(-1, len(sizes) - 1)) for _ in more]
    return sizes + more, edges, homes, frames, through, second


def along_upright(points, steps=12):
    """As `along`, for a curve that runs down or up."""
    for y, x in along([(y, round(x, 6)) for x, y in points], steps):
        yield x, y


@given(halves(), st.sampled_from([float("inf"), 250.0]))
@settings(max_examples=80, deadline=None)
def test_halves_stand_side_by_side_and_nothing_overlaps(graph, widest):
    sizes, edges, homes, frames, through, second = graph
    nested = place_halves(sizes, edges, homes, frames, through, [0.0] * len(edges), widest)
    boxes = [(x, y, x + width, y + height) for (x, y), (width, height) in zip(nested.corners, sizes, strict=True)]
    drawn = [(x, y, x + width, y + height) for x, y, width, height in nested.frames]
    assert drawn[0][2] < drawn[second][0] and drawn[0][1::2] == drawn[second][1::2]

    def around(frame):
        while frame >= 0:
            yield frame
            frame = frames[frame].parent

    def within(inner, outer):
        return (
            outer[0] - 1e-6 <= inner[0]
            and outer[1] + 20 <= inner[1] + 1e-6
            and inner[2] <= outer[2] + 1e-6
            and inner[3] <= outer[3] + 1e-6
        )

    def apart(a, b):
        return a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]

    for number, (box, home) in enumerate(zip(boxes, homes, strict=True)):
        assert all(apart(box, other) for other in boxes[:number])
        for i, frame in enumerate(drawn):
            assert within(box, frame) if i in around(home) else apart(box, frame)
    for i, frame in enumerate(drawn):
        assert frame[2] - frame[0] >= frames[i].title
        for j, other in enumerate(drawn[:i]):
            assert within(frame, other) if j in around(frames[i].parent) else apart(frame, other)
    for (tail, head), points in zip(edges, nested.curves, strict=True):
        backward = homes[tail] >= second
        out, into = (boxes[tail][1], boxes[head][3]) if backward else (boxes[tail][3], boxes[head][1])
        assert points[0][1] == pytest.approx(out) and boxes[tail][0] < points[0][0] < boxes[tail][2]
        assert points[-1][1] == pytest.approx(into) and boxes[head][0] < points[-1][0] < boxes[head][2]
        way = [y for _, y in along_upright(points)]
        assert all((b <= a + 1e-6 if backward else a <= b + 1e-6) for a, b in pairwise(way)), "it turns back"
        for x, y in along_upright(points):
            for left, top, right, bottom in boxes:
                inside = left < x < right and top + 1e-6 < y < bottom - 1e-6
                assert not inside, "a wire runs through a box"


def test_rows_are_opened_until_what_belongs_together_is_level():
    # The second half is three times as high: the first follows it, box by box.
    sizes = [(50.0, 20.0)] * 3 + [(50.0, 90.0)] * 3
    frames = [Frame(-1, 10.0), Frame(-1, 10.0)]
    corners = place_halves(
        sizes, [(0, 1), (1, 2), (3, 4), (4, 5)], [0] * 3 + [1] * 3, frames, [-1] * 3 + [2, 1, 0], [0.0] * 4
    ).corners
    for low, high in ((0, 5), (1, 4), (2, 3)):
        assert corners[high][1] - 1e-6 <= corners[low][1] + 10 <= corners[high][1] + 90 + 1e-6
    assert corners[0][1] < corners[1][1] < corners[2][1]


def test_pairs_that_would_have_to_cross_are_not_forced():
    sizes, frames = [(50.0, 20.0)] * 4, [Frame(-1, 10.0), Frame(-1, 10.0)]
    crossed = place_halves(sizes, [(0, 1), (2, 3)], [0, 0, 1, 1], frames, [-1, -1, 0, 1], [0.0] * 2)
    assert crossed.height < 200


def test_a_row_is_opened_once():
    # 0 and 1 stand in one row; what belongs beside 0 lies lower than what belongs beside 1.
    sizes = [(50.0, 20.0), (50.0, 26.0), (50.0, 20.0)] + [(50.0, 100.0)] * 3
    corners = place_halves(
        sizes,
        [(0, 2), (1, 2), (3, 4), (4, 5)],
        [0] * 3 + [1] * 3,
        [Frame(-1, 10.0), Frame(-1, 10.0)],
        [-1, -1, -1, -1, 0, 1],
        [0.0] * 4,
    ).corners
    assert corners[5][1] - 1e-6 <= corners[1][1] + 13 <= corners[5][1] + 100 + 1e-6
