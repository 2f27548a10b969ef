"""chainrule's engine: automatic differentiation that you can see through, on NumPy.

An expression on `Value`s (numbers) or `Tensor`s (arrays) records a graph; `backward` and `grad` sweep it.
"""

from typing import TYPE_CHECKING, Any

from autograd.graph import Constant, Node, tape
from autograd.primitive import Primitive, no_grad, primitive
from autograd.primitives.elementwise import (
    abs,
    acos,
    acosh,
    add,
    asin,
    asinh,
    astype,
    atan,
    atan2,
    atanh,
    cbrt,
    clip,
    cos,
    cosh,
    div,
    elu,
    erf,
    exp,
    exp2,
    expm1,
    gelu,
    hypot,
    leaky_relu,
    log,
    log1p,
    log2,
    log10,
    logaddexp,
    logsigmoid,
    maximum,
    minimum,
    mul,
    neg,
    positive,
    pow,
    reciprocal,
    relu,
    sigmoid,
    sign,
    silu,
    sin,
    sinh,
    softplus,
    sqrt,
    square,
    sub,
    tan,
    tanh,
    where,
)
from autograd.primitives.indexing import diag, diagonal, sort, take, take_along_axis, tril, triu
from autograd.primitives.linear_algebra import (
    cholesky,
    det,
    dot,
    einsum,
    inner,
    inv,
    matmul,
    outer,
    slogdet,
    solve,
    tensordot,
    trace,
    vdot,
)
from autograd.primitives.movement import (
    broadcast_to,
    concatenate,
    expand_dims,
    flip,
    hstack,
    matrix_transpose,
    moveaxis,
    pad,
    ravel,
    repeat,
    reshape,
    roll,
    split,
    squeeze,
    stack,
    swapaxes,
    tile,
    transpose,
    vstack,
)
from autograd.primitives.reductions import (
    cumsum,
    log_softmax,
    logsumexp,
    max,
    mean,
    min,
    norm,
    prod,
    softmax,
    std,
    sum,
    var,
)
from autograd.sweep import sweep
from autograd.tensor import Tensor
from autograd.transforms import (
    elementwise_grad,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    value_and_grad,
    vjp,
)
from autograd.value import Value, read, scalars

if TYPE_CHECKING:
    from autograd.readers.picture import Picture, draw

__version__ = "0.1.0"

__distribution__ = "chainrule"
"""Says whose `autograd` this is: HIPS autograd installs under the same name, and pip overwrites without a word."""

_READERS = {"draw": "autograd.readers.picture", "Picture": "autograd.readers.picture"}


def __getattr__(name: str) -> Any:
    """Import a reader when it is first used: drawing needs graphviz, and differentiating does not."""
    if name not in _READERS:
        raise AttributeError(f"module 'autograd' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_READERS[name]), name)
