"""The transforms: functions in, derivatives out, on plain numbers, arrays and containers of them."""

import numpy as np
import pytest

import autograd
from autograd import (
    Tensor,
    Value,
    elementwise_grad,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    no_grad,
    value_and_grad,
    vjp,
)

RNG = np.random.default_rng(5)
A = RNG.normal(size=(3, 4))
X = RNG.normal(size=4)


def f(x):
    """R^4 -> R^3, its Jacobian is cos(A x)[:, None] * A."""
    return np.sin(np.dot(A, x))


def rosenbrock(p):
    return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2


def rosenbrock_hessian(x, y):
    return np.array([[2 - 400 * y + 1200 * x * x, -400 * x], [-400 * x, 200.0]])


def test_grad_of_a_function():
    slope = grad(lambda x: x**3)(2.0)
    assert slope == 12.0 and type(slope) is float
    np.testing.assert_allclose(grad(lambda x: np.sum(x**2))(X), 2 * X)
    assert grad(lambda x, y: x * y, 1)(2.0, 3.0) == 2.0
    assert grad(lambda x, y: x * y, argnum=-1)(2.0, 3.0) == 2.0
    assert grad(lambda x, y: x * y, (0, 1))(2.0, 3.0) == (3.0, 2.0)
    assert grad(lambda x, *, k: k * x)(2.0, k=5.0) == 5.0
    assert grad(lambda x: 3.0)(2.0) == 0.0
    assert value_and_grad(lambda x: x**2)(3.0) == (9.0, 6.0)


def test_grad_keeps_the_name_of_its_function():
    assert grad(rosenbrock).__name__ == "rosenbrock"


def test_containers_in_and_out():
    params = {"W": A, "b": [np.ones(3), 2.0]}

    def loss(p):
        return np.sum((np.dot(p["W"], X) + p["b"][0]) * p["b"][1])

    g = grad(loss)(params)
    np.testing.assert_allclose(g["W"], 2.0 * np.outer(np.ones(3), X))
    np.testing.assert_allclose(g["b"][0], 2.0)
    assert isinstance(g["b"], list) and type(g["b"][1]) is float
    assert np.isclose(g["b"][1], np.sum(A @ X + 1))


def test_grad_of_a_node():
    x, y, unused = Value(2.0), Value(3.0), Value(1.0)
    z = x * x * y
    assert grad(z, [x, y, unused]) == [12.0, 4.0, 0.0]
    assert grad(z, {"x": x}) == {"x": 12.0}
    assert x.grad is None
    first = grad(z, x, create_graph=True)
    assert grad(grad(first, x, create_graph=True), y) == 2.0
    t = Tensor([1.0, 2.0])
    np.testing.assert_array_equal(grad(t * t, t, seed=[1.0, 10.0]), [2.0, 40.0])
    np.testing.assert_array_equal(grad((t * 2).sum(), Tensor([5.0, 5.0])), [0.0, 0.0])


@pytest.mark.parametrize("order", range(1, 6))
def test_any_order(order):
    derivative = np.sin
    for _ in range(order):
        derivative = grad(derivative)
    assert np.isclose(derivative(0.3), np.sin(0.3 + order * np.pi / 2), rtol=1e-13)


def test_nested_derivatives_are_not_confused():
    assert grad(lambda x: x * grad(lambda y: x * y)(x))(2.0) == 4.0
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(2.0) == 1.0
    assert grad(lambda x: grad(lambda y: x * y)(1.0))(3.0) == 1.0
    assert grad(lambda x: grad(lambda y: y**2)(3.0) * x)(2.0) == 6.0
    assert np.isclose(grad(lambda x: jacobian(lambda y: x * y**2)(np.array([1.0, 2.0])).sum())(3.0), 6.0)


def test_jacobian():
    expected = np.cos(A @ X)[:, None] * A
    np.testing.assert_allclose(jacobian(f)(X), expected)
    np.testing.assert_allclose(jacobian(lambda x: {"f": f(x), "n": np.sum(x)})(X)["f"], expected)
    by_argument = jacobian(lambda x, y: x * y, (0, 1))(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    np.testing.assert_array_equal(by_argument[0], np.diag([3.0, 4.0]))
    assert jacobian(lambda x: x[:0])(X).shape == (0, 4)
    assert jacobian(lambda x: np.outer(x, x))(X).shape == (4, 4, 4)
    assert jacobian(lambda x: x**2)(3.0) == 6.0
    np.testing.assert_array_equal(jacobian(lambda x: np.ones(2))(X), np.zeros((2, 4)))


def test_hessian_and_its_product():
    p, v = np.array([-1.2, 1.0]), np.array([0.5, -2.0])
    expected = rosenbrock_hessian(*p)
    np.testing.assert_allclose(hessian(rosenbrock)(p), expected)
    np.testing.assert_allclose(hvp(rosenbrock)(p, v), expected @ v)
    assert np.isclose(hessian(np.exp)(0.5), np.exp(0.5))


def test_products_with_the_jacobian():
    jacobian_of_f = np.cos(A @ X)[:, None] * A
    v, g = RNG.normal(size=4), RNG.normal(size=3)
    np.testing.assert_allclose(jvp(f)(X, v), jacobian_of_f @ v)
    np.testing.assert_allclose(vjp(f)(X, g), g @ jacobian_of_f)
    np.testing.assert_allclose(jvp(lambda y, x: f(x), 1)(0.0, X, v), jacobian_of_f @ v)
    assert jvp(lambda x: 3.0)(2.0, 1.0) == 0.0
    np.testing.assert_array_equal(
        jvp(lambda x: autograd.where(x > 0, x * x, 0.0))(np.array([2.0, -1.0]), np.ones(2)), [4, 0]
    )


def test_elementwise_grad():
    np.testing.assert_allclose(elementwise_grad(np.tanh)(X), 1 / np.cosh(X) ** 2)
    np.testing.assert_allclose(elementwise_grad(elementwise_grad(np.sin))(X), -np.sin(X))


def test_float32_stays_float32():
    x = X.astype(np.float32)
    assert grad(lambda x: np.sum(np.exp(x) * 2))(x).dtype == np.float32
    assert jacobian(lambda x: x * x)(x).dtype == np.float32
    assert hvp(lambda x: np.sum(x**3))(x, np.ones(4, np.float32)).dtype == np.float32


def test_a_transform_records_also_under_no_grad():
    with no_grad():
        assert grad(lambda x: x**2)(3.0) == 6.0
        assert grad(grad(lambda x: x**3))(2.0) == 12.0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: grad(f)(X), ValueError, r"single number.*shape \(3,\).*jacobian"),
        (lambda: grad(lambda x: None)(1.0), TypeError, "returned None.*lack a return"),
        (lambda: jacobian(lambda x: "a")(1.0), TypeError, "returned str"),
        (lambda: grad(lambda x: [x])(1.0), ValueError, "returned list"),
        (lambda: grad(lambda x: x, 1)(1.0), ValueError, "argnum 1 names no argument"),
        (lambda: grad(lambda x, y: x, (0, -2))(1.0, 2.0), ValueError, "names an argument twice"),
        (lambda: grad(3.0), TypeError, "a node or a function first"),
        (lambda: grad(np.sin, seed=1.0), TypeError, "belong to grad of a node"),
        (lambda: grad(Value(1.0) * 2, 3.0), TypeError, "inputs must be nodes"),
        (lambda: grad(Value(1.0) * 2, Value(1.0, "c", requires_grad=False)), ValueError, "'c' .*does not require"),
        (lambda: vjp(f)(X, np.ones(4)), ValueError, r"vector has shape \(4,\).*\(3,\)"),
        (lambda: grad(lambda x: x)("a"), TypeError, "real numbers"),
    ],
)
def test_clear_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()
