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


CUBES = {
    "grad": lambda x: grad(lambda x: np.sum(x**3))(x),
    "grad of grad": lambda x: grad(lambda x: np.sum(grad(lambda x: np.sum(x**4) / 4)(x)))(x),
    "value_and_grad": lambda x: value_and_grad(lambda x: np.sum(x**3))(x)[1],
    "elementwise_grad": lambda x: elementwise_grad(lambda x: x**3)(x),
    "jacobian": lambda x: jacobian(lambda x: x**3)(x) @ np.ones(2),
    "hessian": lambda x: hessian(lambda x: np.sum(x**4) / 4)(x) @ np.ones(2),
    "vjp": lambda x: vjp(lambda x: x**3)(x, np.ones(2)),
    "jvp": lambda x: jvp(lambda x: x**3)(x, np.ones(2)),
    "hvp": lambda x: hvp(lambda x: np.sum(x**4) / 4)(x, np.ones(2)),
}
AT = [1.0, -2.0]
KINDS = {
    "array": np.array(AT),
    "Tensor": Tensor(AT),
    "constant Tensor": Tensor(AT, requires_grad=False),
    "result": Tensor(AT) * 1,
}


@pytest.mark.parametrize("under_no_grad", [False, True])
@pytest.mark.parametrize("x", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("transform", CUBES.values(), ids=CUBES)
def test_a_transform_differentiates_whatever_its_argument_is_and_also_under_no_grad(transform, x, under_no_grad):
    result = no_grad()(lambda: transform(x))() if under_no_grad else transform(x)
    assert isinstance(result, Tensor) is isinstance(x, Tensor)
    np.testing.assert_allclose(autograd.read(result) if not isinstance(result, Tensor) else result.numpy(), [3.0, 12.0])
    if isinstance(result, Tensor):
        assert result.requires_grad is not under_no_grad


def test_a_transform_differentiates_a_value_that_is_a_constant():
    assert grad(lambda x: x**2)(Value(3.0, requires_grad=False)).data == 6.0


def test_what_a_transform_gives_under_no_grad_is_a_constant_for_those_around_it():
    assert grad(lambda x: x * no_grad()(lambda: grad(lambda y: x * y)(1.0))())(3.0) == 3.0


TRANSFORMS = {
    "grad": lambda f: grad(f)(2.0),
    "grad of two": lambda f: grad(lambda x, y: f(x), (0, 1))(2.0, 3.0),
    "grad of a container": lambda f: grad(lambda p: f(p["x"]))({"x": 2.0, "y": X}),
    "float32": lambda f: grad(f)(np.float32(2.0)),
    "a large number": lambda f: grad(f)(1e30),
    "value_and_grad": lambda f: value_and_grad(f)(2.0),
    "elementwise_grad": lambda f: elementwise_grad(f)(2.0),
    "jacobian": lambda f: jacobian(f)(2.0),
    "hessian": lambda f: hessian(f)(2.0),
    "vjp": lambda f: vjp(f)(2.0, 1.0),
    "jvp": lambda f: jvp(f)(2.0, 1.0),
    "hvp": lambda f: hvp(f)(2.0, 1.0),
    "under no_grad": lambda f: no_grad()(lambda: grad(f)(2.0))(),
    "nested": lambda f: grad(lambda x: x * grad(f)(x))(2.0),
    "nested on a Value": lambda f: grad(f)(Value(2.0)),
}
LEAVES = {
    "item": lambda x: x.item() ** 2,
    "data": lambda x: float(x.data) ** 2,
    "numpy": lambda x: np.log1p(np.abs(x.data)),
    "a number beside the graph": lambda x: (x * 2).item(),
    "a new Tensor": lambda x: autograd.sum(Tensor(x.data) * Tensor(3.0)),
}


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
@pytest.mark.parametrize("leave", LEAVES.values(), ids=LEAVES)
def test_a_function_that_leaves_the_graph_is_refused(transform, leave):
    with pytest.raises(RuntimeError, match=r"changes with its argument, but no recorded operation .*\.item\(\)"):
        transform(leave)


W = Tensor([1.0, 2.0])
COUNTER = iter(range(1, 10**6))
CONSTANT = {
    "a number": lambda x: 3.0,
    "a parameter": lambda x: np.sum(W),
    "a new parameter": lambda x: Tensor(3.0) * 2,
    "a comparison": lambda x: float(x > 0),
    "a step, taken at its edge": lambda x: float(x.data > 2.0) + float(np.sign(x.data - 2.0)),
    "chance": lambda x: next(COUNTER) * 0.5,
    "detached": lambda x: x.detach() ** 2,
    "under no_grad": no_grad()(lambda x: x * x),
    "not defined near by": lambda x: x.item() if x.item() in (2.0, 1e30) else 1 / 0,
    "times 0": lambda x: x * 0,
    "a branch not taken": lambda x: autograd.where(x > 1e31, x, 1.0),
}


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
@pytest.mark.parametrize("f", CONSTANT.values(), ids=CONSTANT)
def test_a_constant_function_has_a_derivative_of_zero(transform, f):
    result = transform(f)
    slopes = result[1:] if transform is TRANSFORMS["value_and_grad"] else [result]
    assert all(np.all(autograd.read(slope) == 0.0) for slope in autograd.containers.leaves(list(slopes)))


def test_a_constant_function_is_asked_only_twice():
    asked = []
    grad(lambda x: asked.append(x) or 3.0)(2.0)
    assert len(asked) == 2
    asked.clear()
    jacobian(lambda x: asked.append(x) or np.zeros(5))(X)
    assert len(asked) == 2
    asked.clear()
    jvp(lambda x: asked.append(x) or x * np.arange(3.0))(2.0, 1.0)
    assert len(asked) == 1


def test_numbers_beside_an_output_that_is_connected_are_constants():
    found = jacobian(lambda x: {"loss": x * x, "reported": (x * x).item()})(3.0)
    assert found == {"loss": 6.0, "reported": 0.0}


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
        (lambda: vjp(f)(X), TypeError, r"the vector is missing.*vjp\(f\)\(x, g\)"),
        (lambda: jvp(f)(X), TypeError, r"the vector is missing.*jvp\(f\)\(x, v\)"),
        (lambda: hvp(rosenbrock)(X), TypeError, r"the vector is missing.*hvp\(f\)\(x, v\)"),
    ],
)
def test_clear_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()
