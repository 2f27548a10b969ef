"""A call that NumPy refuses is refused: no operation answers where NumPy has no answer."""

import operator

import numpy as np
import pytest
from notation import of, on

import autograd
from autograd import Tensor

M = np.arange(6.0).reshape(2, 3)
S = np.s_

REFUSED = [
    *of(autograd.add, on(M, np.ones((2, 2))), also=(np.add,)),
    *of(autograd.where, on(np.ones(2, bool), M, 0.0), also=(np.where,)),
    *of(autograd.sum, on(M, axis=2), on(M, axis=(0, 0)), also=(np.sum,)),
    *of(autograd.mean, on(M, axis=-3), also=(np.mean,)),
    *of(autograd.max, on(np.ones((0, 3))), also=(np.max,)),
    *of(autograd.cumsum, on(M, axis=2), also=(np.cumsum,)),
    *of(autograd.norm, on(M, "fro", axis=0), on(M, 3), on(np.ones((2, 2, 2)), 1), also=(np.linalg.norm,)),
    *of(autograd.reshape, on(M, (4, -1)), on(M, (3,)), also=(np.reshape,)),
    *of(autograd.transpose, on(M, (0, 0)), on(M, (0,)), also=(np.transpose,)),
    *of(autograd.swapaxes, on(M, 0, 2), on(M, -3, 0), also=(np.swapaxes,)),
    *of(autograd.moveaxis, on(M, 0, 2), on(M, (0, 1), 0), also=(np.moveaxis,)),
    *of(autograd.expand_dims, on(M, 4), on(M, (0, 0)), also=(np.expand_dims,)),
    *of(autograd.squeeze, on(M, 0), also=(np.squeeze,)),
    *of(autograd.broadcast_to, on(M, (2, 1)), on(M, (3,)), also=(np.broadcast_to,)),
    *of(autograd.concatenate, on([M, np.ones(3)]), on([M, M], axis=2), on([np.ones(())]), also=(np.concatenate,)),
    *of(autograd.stack, on([M, np.ones(3)]), also=(np.stack,)),
    *of(autograd.split, on(M, 2, axis=1), on(M, 2, axis=2), also=(np.split,)),
    *of(autograd.tile, on(M, 1.5), on(M, -1), also=(np.tile,)),
    *of(autograd.repeat, on(M, 1, axis=2), on(M, -1), on(M, [1, 2], axis=1), also=(np.repeat,)),
    *of(autograd.flip, on(M, axis=2), also=(np.flip,)),
    *of(autograd.roll, on(M, 1, axis=2), also=(np.roll,)),
    *of(autograd.pad, on(M, -1), on(M, 1, "nonsense"), on(np.ones(0), 1, "edge"), also=(np.pad,)),
    *of(operator.getitem, on(M, S[0, 3]), on(M, S[0, 0, 0]), on(M, 1.0), formula=operator.getitem),
    *of(operator.getitem, on(M, np.ones(3, bool)), on(M, [0, 2]), formula=operator.getitem),
    *of(autograd.take, on(M, 6), on(M, 0, axis=2), on(M, [0, 3], axis=1), also=(np.take,)),
    *of(
        autograd.take_along_axis, on(M, np.zeros((1, 1), int), axis=2), on(M, np.array([[3], [0]]), axis=1),
        on(M, np.ones((2, 3), bool), axis=1), on(M, np.array([0, 1]), axis=1), also=(np.take_along_axis,),
    ),
    *of(autograd.sort, on(M, axis=2), also=(np.sort,)),
    *of(autograd.diag, on(np.ones((2, 2, 2))), on(np.ones(())), also=(np.diag,)),
    *of(autograd.diagonal, on(M, 0, 1, 1), on(M, 0, 0, 2), on(np.ones(3)), also=(np.diagonal,)),
    *of(autograd.trace, on(M, 0, 0, 2), on(np.ones(3)), also=(np.trace,)),
    *of(autograd.matmul, on(M, np.ones((2, 3))), on(M, 2.0), also=(np.matmul,)),
    *of(autograd.dot, on(M, np.ones((2, 3))), on(np.ones((2, 2, 3)), M), also=(np.dot,)),
    *of(autograd.inner, on(M, np.ones((3, 2))), also=(np.inner,)),
    *of(autograd.vdot, on(M, np.ones((2, 2))), also=(np.vdot,)),
    *of(autograd.tensordot, on(M, np.ones((2, 2)), 1), on(M, np.ones((2, 3)), 3), also=(np.tensordot,)),
    *of(
        autograd.einsum, *[on(subscripts, M) for subscripts in ("ij->k", "ijk->i", "ij->ii", "ij,j->i", "i->i")],
        *[on(subscripts, M) for subscripts in ("...i->i", "ij-i", "i.j->i", "i1->i")],
        on("ij,jk", M, np.ones((2, 3))), on("ij"), also=(np.einsum,),
    ),
    *of(autograd.inv, on(M), on(np.ones((2, 2))), also=(np.linalg.inv,)),
    *of(autograd.det, on(M), also=(np.linalg.det,)),
    *of(autograd.slogdet, on(M), also=(np.linalg.slogdet,)),
    *of(autograd.solve, on(M, np.ones(2)), on(np.ones((2, 2)), M), on(np.eye(2), M.T), also=(np.linalg.solve,)),
    *of(autograd.cholesky, on(M), on(-np.eye(2)), also=(np.linalg.cholesky,)),
    *of(autograd.vsplit, on(np.ones(4), 2), on(M, 3), also=(np.vsplit,)),
    *of(autograd.array_split, on(M, 0), on(M, 2, axis=2), also=(np.array_split,)),
    *of(autograd.append, on(M, np.ones(3), axis=0), also=(np.append,)),
    *of(autograd.fliplr, on(np.ones(3)), also=(np.fliplr,)),
    *of(autograd.flipud, on(np.ones(())), also=(np.flipud,)),
    *of(autograd.rot90, on(np.ones(3)), on(M, 1, (0, 0)), also=(np.rot90,)),
    *of(autograd.diff, on(M, -1), on(M, 1, 2), on(np.ones(())), also=(np.diff,)),
    *of(
        autograd.average, on(M, None, np.ones(3)), on(M, 0, np.ones(3)), on(M, 2), on(M, 1, np.ones((3, 1))),
        also=(np.average,),
    ),
    *of(autograd.cross, on(np.ones(4), np.ones(4)), on(np.ones(3), np.ones(4)), also=(np.cross,)),
    *of(autograd.matrix_power, on(M, 1), on(M, 0), on(np.eye(2), 0.5), also=(np.linalg.matrix_power,)),
    *of(autograd.multi_dot, on([M, M]), also=(np.linalg.multi_dot,)),
]  # fmt: skip


@pytest.mark.parametrize("case", REFUSED, ids=[case.id for case in REFUSED])
def test_what_numpy_refuses_is_refused(case):
    refusal = (ValueError, IndexError, TypeError, np.linalg.LinAlgError)
    with pytest.raises(refusal):
        case.apply(case.reference, case.inputs)
    for xs in ([Tensor(x) for x in case.inputs], case.inputs):
        with pytest.raises(refusal):
            case.apply(case.operation, xs)


def test_a_mask_is_no_list_of_positions():
    """NumPy's take reads True as 1, and a mask as an index drops entries: neither is meant."""
    with pytest.raises((IndexError, TypeError)):
        autograd.take(Tensor([1.0, 2.0]), [True, False])


@pytest.mark.parametrize("ord", [2, -2, "nuc"])
def test_norms_by_singular_values_have_no_rule(ord):
    with pytest.raises(ValueError, match=f"norm: ord={ord!r}"):
        autograd.norm(Tensor(np.eye(2)), ord)
