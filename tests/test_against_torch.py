"""The table of cases against PyTorch: values, first and second derivatives, in float64."""

import math
import operator

import numpy as np
import pytest
from cases import CASES
from checker import cotangents, first, raw, second, weights

import autograd
from autograd import Tensor
from autograd.primitives.movement import sum_to

torch = pytest.importorskip("torch")
functional = torch.nn.functional


def plain(arg):
    """Metadata as torch wants it: index and mask arrays are tensors, bare numbers stay, or become Python's."""
    if isinstance(arg, np.ndarray) and arg.dtype.kind in "iub":
        return torch.from_numpy(arg.astype(arg.dtype if arg.dtype == bool else np.int64))
    if isinstance(arg, np.integer):
        return int(arg)
    return type(arg)(map(plain, arg)) if isinstance(arg, (list, tuple)) else arg


def doubles(f):
    """f, which takes no bare numbers, on numbers too."""
    return lambda *xs: f(*(x if isinstance(x, torch.Tensor) else torch.tensor(float(x)).double() for x in xs))


def axes_of(x, axis):
    """The axes that NumPy means, positive: torch reads an empty tuple as all of them, and a number has none."""
    axes = range(x.ndim) if axis is None or x.ndim == 0 else axis if isinstance(axis, tuple) else (axis,)
    return [i % x.ndim for i in axes]


def flattened(x, axes):
    """x with the axes moved to the end and made one."""
    last = x.movedim(axes, list(range(x.ndim - len(axes), x.ndim)))
    return last, last.reshape(*last.shape[: x.ndim - len(axes)], math.prod(x.shape[i] for i in axes))


def reducing(f):
    """A reduction of the last axis as one over any axes, with keepdims."""

    def reduce(x, axis=None, *, keepdims=False, **metadata):
        axes = axes_of(x, axis)
        out = f(flattened(x, axes)[1], **metadata)
        return out.reshape([1 if i in axes else n for i, n in enumerate(x.shape)]) if keepdims else out

    return reduce


def along(f):
    """A function of the last axis that keeps its length, over any axes."""

    def apply(x, axis=-1):
        axes = axes_of(x, axis)
        last, flat = flattened(x, axes)
        return f(flat, -1).reshape(last.shape).movedim(list(range(x.ndim - len(axes), x.ndim)), axes)

    return apply


def norm(x, ord=None, axis=None, *, keepdims=False):
    if ord is not None and len(axes_of(x, axis)) == 2:
        return torch.linalg.matrix_norm(x, ord, dim=axes_of(x, axis), keepdim=keepdims)
    return torch.linalg.vector_norm(x, 2 if ord is None else ord, dim=axis, keepdim=keepdims)


def dot(x, y):
    if not isinstance(x, torch.Tensor) or x.ndim == 0 or y.ndim == 0:
        return x * y
    return torch.tensordot(x, y, dims=([-1], [max(y.ndim - 2, 0)]))


def tensordot(x, y, axes=2):
    return torch.tensordot(
        x, y, dims=axes if isinstance(axes, int) else [[a] if isinstance(a, int) else a for a in axes]
    )


def take(x, indices, axis=None):
    if axis is None:
        return torch.take(x, torch.as_tensor(indices))
    return x[(*[slice(None)] * (axis % x.ndim), torch.as_tensor(indices))]


def split(x, indices_or_sections, axis=0):
    cut = indices_or_sections
    return torch.tensor_split(x, cut if isinstance(cut, int) else list(cut), dim=axis)


def append(x, values, axis=None):
    parts = [x, torch.as_tensor(values, dtype=x.dtype)]
    return torch.cat([part.ravel() for part in parts] if axis is None else parts, axis or 0)


def average(x, axis=None, weights=None, *, keepdims=False):
    if weights is None:
        return x.mean(axis, keepdim=keepdims)
    if weights.ndim < x.ndim:
        weights = weights.reshape([-1 if i == axis else 1 for i in range(x.ndim)]).expand(x.shape)
    return (x * weights).sum(axis, keepdim=keepdims) / weights.sum(axis, keepdim=keepdims)


def cross(x, y, axis=-1):
    return torch.linalg.cross(*torch.broadcast_tensors(x, y), dim=axis)


def roll(x, shift, axis=None):
    return torch.roll(x, (shift,) * len(axis) if isinstance(axis, tuple) and isinstance(shift, int) else shift, axis)


def pad(x, pad_width, mode="constant", *, constant_values=0.0):
    widths = np.broadcast_to(pad_width, (x.ndim, 2))
    return functional.pad(x, widths[::-1].ravel().tolist(), mode, constant_values)


def repeat(x, repeats, axis=None):
    return torch.repeat_interleave(x, repeats if isinstance(repeats, int) else torch.tensor(repeats), dim=axis)


TORCH = {
    autograd.add: operator.add, autograd.sub: operator.sub, autograd.mul: operator.mul, autograd.div: operator.truediv,
    autograd.pow: operator.pow, autograd.neg: torch.neg, autograd.positive: torch.positive, autograd.abs: torch.abs,
    autograd.sign: torch.sign, autograd.square: torch.square, autograd.reciprocal: torch.reciprocal,
    autograd.sqrt: torch.sqrt, autograd.cbrt: lambda x: torch.sign(x) * torch.abs(x) ** (1 / 3),
    autograd.exp: torch.exp, autograd.expm1: torch.expm1, autograd.exp2: torch.exp2, autograd.log: torch.log,
    autograd.log1p: torch.log1p, autograd.log2: torch.log2, autograd.log10: torch.log10,
    autograd.logaddexp: doubles(torch.logaddexp), autograd.sin: torch.sin, autograd.cos: torch.cos,
    autograd.tan: torch.tan, autograd.asin: torch.asin, autograd.acos: torch.acos, autograd.atan: torch.atan,
    autograd.atan2: doubles(torch.atan2), autograd.sinh: torch.sinh, autograd.cosh: torch.cosh,
    autograd.tanh: torch.tanh, autograd.asinh: torch.asinh, autograd.acosh: torch.acosh, autograd.atanh: torch.atanh,
    autograd.sigmoid: torch.sigmoid, autograd.logsigmoid: functional.logsigmoid,
    autograd.softplus: functional.softplus, autograd.relu: torch.relu, autograd.leaky_relu: functional.leaky_relu,
    autograd.elu: functional.elu, autograd.silu: functional.silu, autograd.gelu: functional.gelu,
    autograd.erf: torch.erf, autograd.erfc: torch.erfc, autograd.maximum: doubles(torch.maximum),
    autograd.minimum: doubles(torch.minimum),
    autograd.clip: lambda x, *ends: torch.clamp(x, *(None if end is None else torch.as_tensor(end) for end in ends)),
    autograd.where: lambda condition, x, y: torch.where(torch.as_tensor(condition), x, y),
    autograd.hypot: doubles(torch.hypot), autograd.astype: lambda x, dtype: x.double(),
    autograd.sum: reducing(lambda x: x.sum(-1)), autograd.mean: reducing(lambda x: x.mean(-1)),
    autograd.var: reducing(lambda x, ddof=0: torch.var(x, -1, correction=ddof)),
    autograd.std: reducing(lambda x, ddof=0: torch.std(x, -1, correction=ddof)),
    autograd.prod: reducing(lambda x: x.prod(-1)), autograd.max: reducing(lambda x: x.amax(-1)),
    autograd.min: reducing(lambda x: x.amin(-1)), autograd.logsumexp: reducing(lambda x: x.logsumexp(-1)),
    autograd.cumsum: lambda x, axis=None: x.ravel().cumsum(0) if axis is None else x.cumsum(axis),
    autograd.softmax: along(torch.softmax), autograd.log_softmax: along(torch.log_softmax), autograd.norm: norm,
    autograd.reshape: lambda x, shape: x.reshape(shape), autograd.ravel: torch.ravel,
    autograd.transpose: lambda x, axes=None: torch.permute(x, axes or tuple(range(x.ndim))[::-1]),
    autograd.swapaxes: torch.swapaxes, autograd.matrix_transpose: lambda x: x.mT, autograd.moveaxis: torch.moveaxis,
    autograd.expand_dims: lambda x, axis: x.reshape(np.expand_dims(np.empty(x.shape), axis).shape),
    autograd.squeeze: torch.squeeze, autograd.broadcast_to: lambda x, shape: x.expand(shape),
    sum_to: lambda x, shape: x.sum_to_size(shape),
    autograd.concatenate: lambda xs, axis=0: torch.cat([x.ravel() for x in xs] if axis is None else xs, axis or 0),
    autograd.stack: lambda xs, axis=0: torch.stack(xs, axis), autograd.vstack: torch.vstack,
    autograd.hstack: torch.hstack, autograd.split: split, autograd.tile: lambda x, reps: x.tile(reps),
    autograd.repeat: repeat,
    autograd.flip: lambda x, axis=None: torch.flip(x, axes_of(x, axis)), autograd.roll: roll, autograd.pad: pad,
    operator.getitem: operator.getitem, autograd.take: take,
    autograd.take_along_axis: lambda x, indices, axis: torch.take_along_dim(x, indices, axis),
    autograd.sort: lambda x, axis=-1: torch.sort(x.ravel() if axis is None else x, axis or 0)[0],
    autograd.diag: lambda x, k=0: torch.diag(x, k), autograd.tril: torch.tril, autograd.triu: torch.triu,
    autograd.diagonal: lambda x, offset=0, axis1=0, axis2=1: torch.diagonal(x, offset, axis1, axis2),
    autograd.matmul: torch.matmul, autograd.dot: dot,
    autograd.inner: torch.inner, autograd.outer: lambda x, y: torch.outer(x.ravel(), y.ravel()),
    autograd.vdot: lambda x, y: torch.dot(x.ravel(), y.ravel()), autograd.tensordot: tensordot,
    autograd.einsum: torch.einsum,
    autograd.trace: lambda x, offset=0, axis1=0, axis2=1: torch.diagonal(x, offset, axis1, axis2).sum(-1),
    autograd.inv: torch.linalg.inv, autograd.det: torch.linalg.det, autograd.slogdet: torch.linalg.slogdet,
    autograd.solve: torch.linalg.solve, autograd.cholesky: torch.linalg.cholesky,
    autograd.multi_dot: torch.linalg.multi_dot, autograd.matrix_power: torch.linalg.matrix_power,
    autograd.kron: torch.kron, autograd.cross: cross,
    autograd.atleast_1d: torch.atleast_1d, autograd.atleast_2d: torch.atleast_2d, autograd.append: append,
    autograd.column_stack: torch.column_stack, autograd.dstack: torch.dstack, autograd.array_split: split,
    autograd.vsplit: torch.vsplit, autograd.hsplit: torch.hsplit, autograd.flipud: torch.flipud,
    autograd.fliplr: torch.fliplr, autograd.rot90: lambda x, k=1, axes=(0, 1): torch.rot90(x, k, axes),
    autograd.diff: lambda x, n=1, axis=-1: torch.diff(x, n=n, dim=axis),
    autograd.ptp: reducing(lambda x: x.amax(-1) - x.amin(-1)), autograd.average: average,
}  # fmt: skip


UNLIKE = {
    "pow([4] i[4] # 0 to an array of integer exponents)": "the second derivative of x**0 at 0 is nan in torch, not 0",
    "det([3,3] # twice singular)": "the second derivative is nan in torch",
    "getitem([2,3] (::-1,::2))": "torch has no negative steps",
    "getitem([2,3,4] (0,...,[1 1]))": "torch puts the picked axis last, NumPy first",
}
"""Calls that torch reads in another way, or not at all."""


def has_counterpart(case):
    """Whether torch reads the same call in the same way."""
    only_images = case.operation is autograd.pad and case.call.args[2:] not in ((), ("constant",))
    several_borders = np.size(case.call.metadata.get("constant_values", 0)) > 1
    return case.id not in UNLIKE and not only_images and not several_borders and case.call.through is None


COMMON = [case for case in CASES if has_counterpart(case)]


def in_torch(case):
    """Values, first and second derivatives, by torch; the second also for the cotangents, as in `checker.second`."""
    xs = [torch.from_numpy(x.copy()).requires_grad_() for x in case.inputs]
    f = TORCH[case.operation]
    outs = case.apply(lambda *args, **metadata: f(*map(plain, args), **metadata), xs)
    cs = [torch.from_numpy(c.copy()).requires_grad_() for c in cotangents(case)]
    rs = map(torch.from_numpy, weights(case, case.inputs))

    def slopes(total, inputs, **how):
        return torch.autograd.grad(total, inputs, materialize_grads=True, **how)

    firsts = slopes(sum((out * c).sum() for out, c in zip(outs, cs, strict=True)), xs, create_graph=True)
    nothing = sum(0 * c.sum() for c in cs)  # a derivative that is 0 has no graph, and torch wants one
    seconds = slopes(sum(((d * r).sum() for d, r in zip(firsts, rs, strict=True)), nothing), [*xs, *cs])
    return [[t.detach().numpy(force=True) for t in part] for part in (outs, firsts, seconds)]


def test_every_operation_is_compared():
    assert {case.operation for case in CASES} == TORCH.keys()
    assert UNLIKE.keys() <= {case.id for case in CASES}
    assert len(COMMON) > 0.95 * len(CASES)


@pytest.mark.parametrize("case", COMMON, ids=[case.id for case in COMMON])
def test_as_in_torch(case):
    xs, cs = [Tensor(x) for x in case.inputs], [Tensor(c) for c in cotangents(case)]
    ours = (
        [raw(out) for out in case.apply(case.operation, xs)],
        first(case, xs, cotangents(case)),
        second(case, xs, cs, weights(case, case.inputs)),
    )
    for our_part, their_part in zip(ours, in_torch(case), strict=True):
        for a, b in zip(our_part, their_part, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10)
