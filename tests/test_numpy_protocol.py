"""NumPy's own functions record on nodes: article code runs as it is written, on Tensors and one scalar at a time."""

import numpy as np
import pytest

import autograd
from autograd import Tensor, Value, primitive, read, scalars, tape
from autograd.primitive import numpy_functions

RNG = np.random.default_rng(3)


def operations(root):
    return [node.primitive.name for node in tape(root) if node.primitive is not None]


# --- functions, operators and methods all record ----------------------------------------------------------------------

X = RNG.normal(size=(4, 3))
M = RNG.normal(size=(3, 3)) + 3 * np.eye(3)

EXPRESSIONS = {
    "np.exp(t)": (np.exp, np.exp),
    "np.dot(X, t)": (lambda t: np.dot(X, t), lambda m: np.dot(X, m)),
    "np.dot(t, t)": (lambda t: np.dot(t, t), lambda m: np.dot(m, m)),
    "X @ t": (lambda t: X @ t, lambda m: X @ m),
    "t @ X.T": (lambda t: t @ X.T, lambda m: m @ X.T),
    "np.mean((t - M)**2)": (lambda t: np.mean((t - M) ** 2), lambda m: np.mean((m - M) ** 2)),
    "ndarray * t": (lambda t: M * t, lambda m: M * m),
    "ndarray - t": (lambda t: M - t, lambda m: M - m),
    "ndarray / t": (lambda t: M / t, lambda m: M / m),
    "ndarray ** t": (lambda t: np.abs(M) ** t, lambda m: np.abs(M) ** m),
    "list + t": (lambda t: [1.0, 2.0, 3.0] + t, lambda m: [1.0, 2.0, 3.0] + m),  # noqa: RUF005
    "np.float64 * t": (lambda t: np.float64(2) * t, lambda m: np.float64(2) * m),
    "np.float64 / t": (lambda t: np.float64(2) / t, lambda m: np.float64(2) / m),
    "np.float64 ** t": (lambda t: np.float64(2) ** t, lambda m: np.float64(2) ** m),
    "np.int64 - t": (lambda t: np.int64(2) - t, lambda m: np.int64(2) - m),
    "np.sum axis": (lambda t: np.sum(t, axis=0), lambda m: np.sum(m, axis=0)),
    "np.sum keepdims": (lambda t: np.sum(t, axis=(0, 1), keepdims=True), lambda m: np.sum(m, keepdims=True)),
    "np.sum by name": (lambda t: np.sum(a=t, axis=1), lambda m: np.sum(a=m, axis=1)),
    "np.mean positional": (lambda t: np.mean(t, 1), lambda m: np.mean(m, 1)),
    "np.mean dtype None": (lambda t: np.mean(t, 0, None), lambda m: np.mean(m, 0, None)),
    "np.amax positional": (lambda t: np.amax(t, 1, None, True), lambda m: np.amax(m, 1, None, True)),
    "np.trace positional": (lambda t: np.trace(t, 1, 0, 1, None), lambda m: np.trace(m, 1, 0, 1, None)),
    "np.take positional": (lambda t: np.take(t, [0, 2], 1, None), lambda m: np.take(m, [0, 2], 1, None)),
    "np.linalg.norm positional": (lambda t: np.linalg.norm(t, 3, 0, True), lambda m: np.linalg.norm(m, 3, 0, True)),
    "np.concatenate": (lambda t: np.concatenate([t, X], axis=0), lambda m: np.concatenate([m, X], axis=0)),
    "np.stack": (lambda t: np.stack([M, t, t], axis=1), lambda m: np.stack([M, m, m], axis=1)),
    "np.where": (lambda t: np.where(M > 0, t, 2.0), lambda m: np.where(M > 0, m, 2.0)),
    "np.where on t": (lambda t: np.where(t > 0, t, 0), lambda m: np.where(m > 0, m, 0)),
    "np.clip": (lambda t: np.clip(t, -1, 1), lambda m: np.clip(m, -1, 1)),
    "np.clip by name": (lambda t: np.clip(t, a_min=-1, a_max=1), lambda m: np.clip(m, a_min=-1, a_max=1)),
    "np.maximum": (lambda t: np.maximum(0, t), lambda m: np.maximum(0, m)),
    "np.linalg.inv": (np.linalg.inv, np.linalg.inv),
    "np.linalg.norm": (np.linalg.norm, np.linalg.norm),
    "np.linalg.solve": (lambda t: np.linalg.solve(t, X.T), lambda m: np.linalg.solve(m, X.T)),
    "np.einsum": (lambda t: np.einsum("ij,kj->ik", t, X), lambda m: np.einsum("ij,kj->ik", m, X)),
    "np.einsum optimize": (
        lambda t: np.einsum("ij,jk,lk->il", t, t, X, optimize=True),
        lambda m: np.einsum("ij,jk,lk->il", m, m, X),
    ),
    "np.transpose": (lambda t: np.transpose(t, (1, 0)), lambda m: m.T),
    "np.reshape": (lambda t: np.reshape(t, (1, 9)), lambda m: m.reshape(1, 9)),
    "np.add.reduce": (lambda t: np.add.reduce(t, axis=1), lambda m: m.sum(axis=1)),
    "t.sum(axis=0)": (lambda t: t.sum(axis=0), lambda m: m.sum(axis=0)),
    "t.mean()": (lambda t: t.mean(), lambda m: m.mean()),
    "t.T": (lambda t: t.T, lambda m: m.T),
    "t[...]": (lambda t: t[1:, [0, 0]], lambda m: m[1:, [0, 0]]),
}


@pytest.mark.parametrize(("on_tensor", "on_array"), EXPRESSIONS.values(), ids=EXPRESSIONS.keys())
def test_numpy_records_on_a_tensor(on_tensor, on_array):
    t = Tensor(M)
    out = on_tensor(t)
    assert isinstance(out, Tensor) and out.requires_grad and any(node is t for node in tape(out))
    np.testing.assert_allclose(out.data, on_array(M), rtol=1e-13)
    seed, direction = RNG.normal(size=out.shape), RNG.normal(size=M.shape)
    out.backward(seed)
    h = 1e-6
    difference = (on_array(M + h * direction) - on_array(M - h * direction)) / (2 * h)
    np.testing.assert_allclose(np.sum(t.grad * direction), np.sum(seed * difference), rtol=1e-6, atol=1e-8)


def test_numpy_functions_make_values_of_values():
    v = Value(0.5)
    for out in (np.exp(v), np.sin(v), np.maximum(v, 0), np.float64(2) * v, np.array(2.0) * v, np.dot(v, 3), np.abs(v)):
        assert type(out) is Value and out.requires_grad and type(out.data) is float
    y = np.sqrt(np.exp(v)) + np.where(v > 0, v, 0.0)
    y.backward()
    assert v.grad == pytest.approx(0.5 * np.exp(0.25) + 1, rel=1e-14)


def test_questions_without_a_gradient_get_plain_answers():
    t = Tensor([[3.0, 1.0, 2.0]])
    assert np.shape(t) == (1, 3) and np.ndim(t) == 2 and np.size(t) == 3
    assert np.argmax(t) == 0 and np.argsort(t).tolist() == [[1, 2, 0]]
    assert np.allclose(t, [[3, 1, 2]]) and np.array_equal(t, t) and not np.any(np.isnan(t)) and np.isfinite(t).all()
    assert np.zeros_like(t).tolist() == [[0.0, 0.0, 0.0]] and type(np.ones_like(t)) is np.ndarray
    assert type(np.greater(t, 1.5)) is np.ndarray and np.greater(t, 1.5).tolist() == [[True, False, True]]


# --- object arrays of Values ------------------------------------------------------------------------------------------


def test_scalars_makes_labelled_values_and_read_gives_arrays_back():
    W = scalars([[1, 2], [3, 4]], label="W1")
    assert W.shape == (2, 2) and W.dtype == object and all(type(w) is Value for w in W.flat)
    assert [w.label for w in W.flat] == ["W1[0,0]", "W1[0,1]", "W1[1,0]", "W1[1,1]"]
    assert read(W).tolist() == [[1.0, 2.0], [3.0, 4.0]] and read(W).dtype == np.float64
    (W[0, 1] * 5).backward()
    assert read(W, "grad").tolist() == [[0.0, 5.0], [0.0, 0.0]]
    assert scalars([1.0])[0].label is None and scalars(2.0, "b")[()].label == "b"
    assert not scalars([1.0], requires_grad=False)[0].requires_grad
    assert read([W[0, 0], 7]).tolist() == [1.0, 7.0] and read(W[0, 0]).tolist() == 1.0
    with pytest.raises(ValueError, match="what must be 'data' or 'grad', got 'gradient'"):
        read(W, "gradient")


A, B, V = RNG.normal(size=(2, 3)), RNG.normal(size=(3, 4)), RNG.normal(size=3)

ON_OBJECTS = {
    "np.dot": (lambda a, b, v: np.dot(a, b), lambda a, b, v: np.dot(a, b)),
    "np.dot with numbers": (lambda a, b, v: np.dot(A, b), lambda a, b, v: A @ b),
    "@": (lambda a, b, v: a @ b, lambda a, b, v: a @ b),
    "@ a vector": (lambda a, b, v: a @ v, lambda a, b, v: a @ v),
    "+": (lambda a, b, v: a + v + 1, lambda a, b, v: a + v + 1),
    "- with numbers": (lambda a, b, v: A - a, lambda a, b, v: A - a),
    "*": (lambda a, b, v: a * v * A, lambda a, b, v: a * v * A),
    "/": (lambda a, b, v: a / np.exp(v), lambda a, b, v: a / np.exp(v)),
    "**": (lambda a, b, v: a**2, lambda a, b, v: a**2),
    "np.exp": (lambda a, b, v: np.exp(-a), lambda a, b, v: np.exp(-a)),
    "np.tanh": (lambda a, b, v: np.tanh(a), lambda a, b, v: np.tanh(a)),
    "np.log": (lambda a, b, v: np.log(a * a), lambda a, b, v: np.log(a * a)),
    "np.sum": (lambda a, b, v: np.sum(b), lambda a, b, v: np.sum(b)),
    "np.sum axis": (lambda a, b, v: np.sum(b * b, axis=0), lambda a, b, v: np.sum(b * b, axis=0)),
    "np.mean": (lambda a, b, v: np.mean(b), lambda a, b, v: np.mean(b)),
    "np.mean axis": (lambda a, b, v: np.mean(b, axis=1), lambda a, b, v: np.mean(b, axis=1)),
    "np.maximum": (lambda a, b, v: np.maximum(a, 0.0), lambda a, b, v: np.maximum(a, 0.0)),
    "sigmoid": (lambda a, b, v: autograd.sigmoid(a), lambda a, b, v: 1 / (1 + np.exp(-a))),
    "a Value on the right": (lambda a, b, v: a * v[0] + v[1], lambda a, b, v: a * v[0] + v[1]),
    "a Value on the left": (lambda a, b, v: v[0] * a, lambda a, b, v: v[0] * a),
    "a Value plus": (lambda a, b, v: v[0] + a, lambda a, b, v: v[0] + a),
    "a Value minus": (lambda a, b, v: v[0] - a, lambda a, b, v: v[0] - a),
    "a Value over": (lambda a, b, v: v[0] / np.exp(a), lambda a, b, v: v[0] / np.exp(a)),
    "a Value and numbers": (lambda a, b, v: v[0] * A - A * v[1], lambda a, b, v: v[0] * A - A * v[1]),
    "np.dot with a Value": (lambda a, b, v: np.dot(a, v[0]) + np.dot(v[1], A), lambda a, b, v: a * v[0] + v[1] * A),
    ".T and []": (lambda a, b, v: a.T[1:] * v[0], lambda a, b, v: a.T[1:] * v[0]),
    "np.var and np.std": (lambda a, b, v: np.var(a) + np.std(a, 0), lambda a, b, v: np.var(a) + np.std(a, 0)),
}


@pytest.mark.parametrize(("on_values", "on_tensors"), ON_OBJECTS.values(), ids=ON_OBJECTS.keys())
def test_object_arrays_of_values_do_what_tensors_do(on_values, on_tensors):
    values, tensors = [scalars(x) for x in (A, B, V)], [Tensor(x) for x in (A, B, V)]
    out, expected = on_values(*values), on_tensors(*tensors)
    np.testing.assert_allclose(read(out), expected.data, rtol=1e-14)
    assert np.shape(out) == expected.shape
    seed = RNG.normal(size=expected.shape)
    np.sum(out * seed).backward()
    expected.backward(seed)
    for ours, theirs in zip(values, tensors, strict=True):
        theirs = np.zeros(theirs.shape) if theirs.grad is None else theirs.grad
        np.testing.assert_allclose(read(ours, "grad"), theirs, rtol=1e-12, atol=1e-14)


# --- both articles, as they are written -------------------------------------------------------------------------------


def article_of_rows(X, Y, W1, b1, W2, b2):
    """A: rows are examples; half the sum of squares."""
    h = 1 / (1 + np.exp(-(np.dot(X, W1) + b1)))
    o = 1 / (1 + np.exp(-(np.dot(h, W2) + b2)))
    return 0.5 * np.sum((o - Y) ** 2), np.mean((o - Y) ** 2)


def article_of_columns(X, Y, W1, b1, W2, b2):
    """B: columns are examples; binary cross-entropy."""
    A1 = 1 / (1 + np.exp(-(np.dot(W1, X) + b1)))
    A2 = 1 / (1 + np.exp(-(np.dot(W2, A1) + b2)))
    m = Y.shape[1]
    cost = (-1 / m) * (np.dot(np.log(A2), Y.T) + np.dot(np.log(1 - A2), (1 - Y).T))
    return (np.squeeze(cost) if isinstance(cost, Tensor) else cost[0, 0],)


XOR_X = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 1], [0, 0, 1]])
XOR_Y = np.array([[1], [1], [0], [0]])


def initial(*shapes):
    random = np.random.RandomState(1)
    return [random.randn(*shape) for shape in shapes]


ARTICLES = {
    "rows": (article_of_rows, XOR_X, XOR_Y, initial((3, 4), (4,), (4, 1), (1,))),
    "columns": (article_of_columns, XOR_X[:, :2].T, XOR_Y.T, initial((4, 2), (4, 1), (1, 4), (1, 1))),
}


@pytest.mark.parametrize(("forward", "X", "Y", "start"), ARTICLES.values(), ids=ARTICLES.keys())
def test_an_article_runs_on_tensors_and_one_scalar_at_a_time(forward, X, Y, start):
    for which in range(len(forward(X, Y, *map(Tensor, start)))):
        tensors = [Tensor(p) for p in start]
        values = [scalars(p, label) for p, label in zip(start, ("W1", "b1", "W2", "b2"), strict=True)]
        loss, scalar_loss = forward(X, Y, *tensors)[which], forward(X, Y, *values)[which]
        assert type(scalar_loss) is Value and abs(scalar_loss.data - loss.item()) <= 1e-12
        loss.backward()
        scalar_loss.backward()
        for tensor, box in zip(tensors, values, strict=True):
            np.testing.assert_allclose(read(box, "grad"), tensor.grad, rtol=0, atol=1e-12)
            assert np.abs(tensor.grad).max() > 1e-3


def test_the_gradient_of_the_rows_article_is_the_one_derived_by_hand():
    W1, b1, W2, b2 = tensors = [Tensor(p) for p in ARTICLES["rows"][3]]
    article_of_rows(XOR_X, XOR_Y, *tensors)[0].backward()
    h = 1 / (1 + np.exp(-(XOR_X @ W1.data + b1.data)))
    o = 1 / (1 + np.exp(-(h @ W2.data + b2.data)))
    d_out = (o - XOR_Y) * o * (1 - o)
    d_hid = d_out @ W2.data.T * h * (1 - h)
    by_hand = [XOR_X.T @ d_hid, d_hid.sum(axis=0), h.T @ d_out, d_out.sum(axis=0)]
    for tensor, gradient in zip(tensors, by_hand, strict=True):
        np.testing.assert_allclose(tensor.grad, gradient, rtol=1e-12)


def test_the_gradient_of_the_columns_article_is_the_one_derived_by_hand():
    W1, b1, W2, b2 = tensors = [Tensor(p) for p in ARTICLES["columns"][3]]
    X, Y = ARTICLES["columns"][1:3]
    article_of_columns(X, Y, *tensors)[0].backward()
    A1 = 1 / (1 + np.exp(-(W1.data @ X + b1.data)))
    A2 = 1 / (1 + np.exp(-(W2.data @ A1 + b2.data)))
    dZ2 = (A2 - Y) / 4
    dZ1 = W2.data.T @ dZ2 * A1 * (1 - A1)
    by_hand = [dZ1 @ X.T, dZ1.sum(axis=1, keepdims=True), dZ2 @ A1.T, dZ2.sum(axis=1, keepdims=True)]
    for tensor, gradient in zip(tensors, by_hand, strict=True):
        np.testing.assert_allclose(tensor.grad, gradient, rtol=1e-11)


# --- functions without a rule, and how to give them one ---------------------------------------------------------------


@pytest.fixture
def register():
    """Registration that is undone after the test."""
    before = dict(numpy_functions)
    yield primitive
    numpy_functions.clear()
    numpy_functions.update(before)


UNRULED = [np.median, np.fft.fft, np.linalg.svd, np.floor, np.heaviside, np.divmod, np.unique, np.interp, np.atleast_3d]


@pytest.mark.parametrize("function", UNRULED, ids=lambda function: function.__name__)
@pytest.mark.parametrize("x", [Tensor([[1.0, 2.0]]), Value(1.0)], ids=["Tensor", "Value"])
def test_a_function_without_a_rule_says_its_name_and_how_to_register_one(function, x):
    with pytest.raises(TypeError) as caught:
        function(x, x, x) if function in (np.heaviside, np.divmod, np.interp) else function(x)
    message = str(caught.value)
    module = {np.fft.fft: "np.fft.", np.linalg.svd: "np.linalg."}.get(function, "np.")
    assert message.startswith(f"{module}{function.__name__} has no derivative rule")
    assert "@autograd.primitive(" in message and f"numpy={module}{function.__name__})" in message


def test_the_advice_of_the_message_works(register):
    @register(lambda g, out, x: g * np.pi / 180, numpy=np.deg2rad)
    def deg2rad(x):
        return np.deg2rad(x)

    t, v = Tensor([90.0, 180.0]), Value(90.0)
    np.deg2rad(t).sum().backward()
    np.deg2rad(v).backward()
    np.testing.assert_allclose([*t.grad, v.grad], np.pi / 180, rtol=1e-15)
    assert operations(np.deg2rad(t)) == ["deg2rad"] and np.deg2rad(90.0) == np.pi / 2


def test_a_registered_function_of_two_arguments_with_metadata_and_second_derivatives(register):
    def spaced(g, y, dx):
        ends = np.ones(y.shape)
        ends[[0, -1]] = 0.5
        return g * ends * dx

    @register(
        lambda g, out, y, *, dx=1.0: spaced(g, y, dx) * 2 * y,
        numpy=np.trapezoid,
        arrays_only=True,
    )
    def area_of_squares(y, *, dx=1.0):
        return np.trapezoid(y**2, dx=dx)

    y = Tensor([1.0, 2.0, 4.0])
    out = np.trapezoid(y, dx=0.5)
    assert out.item() == 0.5 * (0.5 * 1 + 4 + 0.5 * 16)
    (slope,) = autograd.grad(out, [y], create_graph=True)
    assert slope.data.tolist() == [0.5, 2.0, 2.0]
    slope.sum().backward()
    assert y.grad.tolist() == [0.5, 1.0, 0.5]


def test_a_registered_function_of_any_number_of_arguments(register):
    @register(every=lambda i, g, out, *xs: g * out / xs[i], symbol="×")
    def product_of_all(*xs):
        out = xs[0]
        for x in xs[1:]:
            out = out * x
        return out

    a, b, c = Value(2.0), Value(3.0), Value(5.0)
    product_of_all(a, b, c, 2.0).backward()
    assert (a.grad, b.grad, c.grad) == (30.0, 20.0, 12.0)
