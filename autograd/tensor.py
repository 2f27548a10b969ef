"""Tensor: a NumPy array in the graph."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from autograd.graph import Constant, Node, describe, fingerprint, next_serial
from autograd.numpy_protocol import NumpyProtocol
from autograd.operators import ARITHMETIC, give_short_ways
from autograd.primitive import Primitive
from autograd.primitives import elementwise, indexing, linear_algebra, movement, reductions
from autograd.scope import recording
from autograd.sweep import unbroadcast

Array = np.ndarray[Any, Any]


class Tensor(NumpyProtocol):
    """An array that remembers how it was computed.

    Parameters
    ----------
    data : array_like of real numbers
        Copied. float32 stays float32; everything else becomes float64.
    label : str, optional
        A name for pictures and messages.
    requires_grad : bool
        Whether gradients flow to it; True unless told otherwise. Plain arrays in an expression are constants.
    dtype : float32 or float64, optional

    Raises
    ------
    TypeError
        Where ``data`` holds no real numbers (complex, text, objects, ragged lists), or dtype is another.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import Tensor
    >>> W = Tensor([[1.0], [2.0]], label="W")
    >>> X = np.array([[3.0, 4.0], [5.0, 6.0]])
    >>> np.sum(X @ W).backward()
    >>> W.grad
    array([[ 8.],
           [10.]])
    """

    __slots__ = ()

    def __init__(self, data: Any, label: str | None = None, requires_grad: bool = True, dtype: Any = None) -> None:
        self.become_leaf(_own_array(data, dtype), label, requires_grad)

    # --- reading and assigning the data -----------------------------------------------------------------------------

    @property
    def data(self) -> Array:
        """The array. A leaf's may be written into, or assigned, for computations still to come.

        The array of a result is read-only: its gradient belongs to what was computed.
        """
        array: Array = self.primal
        if self.primitive is None:
            if self.snapshot is not None:
                self.settle()
            self.snapshot = fingerprint(array)
        elif isinstance(array, np.ndarray):
            array = array.view()
            array.flags.writeable = False
        return array

    @data.setter
    def data(self, new: Any) -> None:
        if self.primitive is not None:
            raise RuntimeError(
                f"the data of {describe(self)} was computed from other nodes and cannot be assigned: change a leaf, "
                "and compute again"
            )
        if new is not self.primal:
            plain = new.__class__ is np.ndarray and new.dtype == self.primal.dtype
            array = new.copy() if plain else _own_array(new, self.primal.dtype)
            if array.shape != self.primal.shape:
                raise ValueError(f"the data of {describe(self)} cannot become an array of shape {array.shape}")
            self.primal = array
        elif sys.getrefcount(new) <= _IN_PLACE and new.base is None:  # t.data -= ...: nobody else holds the array
            self.snapshot = None
            self.changed = next_serial()
            return
        self.snapshot = _UNSEEN
        self.changed = next_serial()

    def settle(self) -> None:
        """Compare the array with the snapshot taken when it was handed out; a leaf that was written into is new."""
        if self.snapshot is _UNSEEN:
            self.snapshot = None if self._is_private() else fingerprint(self.primal)
            return
        now = fingerprint(self.primal)
        if now != self.snapshot:
            self.changed = next_serial()
        self.snapshot = None if self._is_private() else now

    def _is_private(self) -> bool:
        """Whether nobody outside holds this leaf's array (or a view of it), so that nobody can write into it."""
        return sys.getrefcount(self.primal) <= _PRIVATE and self.primal.base is None

    @property
    def grad(self) -> Any:
        """What `backward` has added up so far, an array of this shape; None before the first sweep.

        A leaf's may be written into, or assigned. A result's is read-only, since several results may share it.
        """
        total = self.gradient
        if total is None or (self.primitive is None and type(total) is np.ndarray):
            return total
        if isinstance(total, np.generic):  # what NumPy makes of the sum of two arrays without axes
            total = self.gradient = np.array(total)
        if self.primitive is not None and isinstance(total, np.ndarray):
            total = total.view()
            total.flags.writeable = False
        return total

    @grad.setter
    def grad(self, given: Any) -> None:
        if given is not None:
            if isinstance(given, Node):
                given = np.array(given.primal)
            plain = given.__class__ is np.ndarray and given.dtype == self.primal.dtype
            if not plain:
                given = _real_array(given).astype(self.primal.dtype)
            if given.shape != self.primal.shape:
                if given.size != 1:
                    raise ValueError(f"the grad of {describe(self)} cannot become an array of shape {given.shape}")
                given = np.full_like(self.primal, given)
        self.gradient = given

    def numpy(self) -> Array:
        """A copy of the array, outside the graph."""
        return np.array(self.primal)

    def item(self) -> float:
        """The number of a Tensor that holds one."""
        if self.primal.size != 1:
            raise ValueError(f"item() reads a single number, but {describe(self)} holds {self.primal.size}")
        return float(self.primal.reshape(()))

    def detach(self) -> Tensor:
        return Tensor.leaf(np.array(self.primal), label=self.label)

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        shape: tuple[int, ...] = self.primal.shape
        return shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of entries."""
        return int(self.primal.size)

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or float64."""
        dtype: np.dtype[Any] = self.primal.dtype
        return dtype

    @property
    def T(self) -> Any:
        """The axes reversed."""
        return movement.transpose(self)

    @property
    def mT(self) -> Any:
        """The last two axes exchanged."""
        return movement.matrix_transpose(self)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a 0-d Tensor")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return iter([self[i] for i in range(len(self))])

    def __repr__(self) -> str:
        text = "Tensor(" + np.array2string(np.asarray(self.primal), separator=", ", prefix="Tensor(")
        if self.primal.dtype != np.float64:
            text += f", dtype={self.primal.dtype}"
        if self.gradient is not None:  # of several rows, it stands under the data
            text += ",\n       grad=" if "\n" in text else ", grad="
            text += np.array2string(np.asarray(self.gradient), separator=", ", prefix=text.rpartition("\n")[2])
        label = "" if self.label is None else f", label={self.label!r}"
        return f"{text}{label})"

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else repr(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if self.requires_grad:
            raise TypeError(
                "turning a Tensor into a plain array would drop it from the graph without a trace. To join Tensors use "
                "np.stack or np.concatenate; for a copy of the numbers .numpy(), or .detach()"
            )
        return np.array(self.primal, dtype=dtype, copy=copy)

    # --- operations -------------------------------------------------------------------------------------------------

    def __getitem__(self, index: Any) -> Any:
        return indexing.getitem.record((self,), {"index": indexing.plain_index(index)})

    def __setitem__(self, index: Any, new: Any) -> None:
        raise TypeError(
            "a Tensor cannot be assigned into: the graph keeps what was computed. Build the new array with "
            "autograd.where or concatenate, or change a leaf's .data before it is used"
        )

    def __matmul__(self, other: Any) -> Any:
        return linear_algebra.matmul.record((self, other))

    def __rmatmul__(self, other: Any) -> Any:
        return linear_algebra.matmul.record((other, self))

    def __iadd__(self, other: Any) -> Any:
        return self._in_place("+=", self + other, other)

    def __isub__(self, other: Any) -> Any:
        return self._in_place("-=", self - other, other)

    def __imul__(self, other: Any) -> Any:
        return self._in_place("*=", self * other, other)

    def __itruediv__(self, other: Any) -> Any:
        return self._in_place("/=", self / other, other)

    def _in_place(self, operator: str, result: Any, other: Any) -> Any:
        """A result for the name to be bound to; but a leaf that is trained is updated under no_grad, else refused."""
        if self.primitive is not None or not self.requires_grad:
            return result
        if recording() is None:
            self.data = result.primal
            return self
        if isinstance(other, Node):
            return result
        name = self.label or "W"
        raise TypeError(
            f"{operator} on {describe(self)} would bind the name to a new node and leave the leaf as it is. To change "
            f"the leaf write {name}.data {operator} ..., or do it under no_grad(); "
            f"for a new node write {name} = {name} {operator[0]} ..."
        )

    def reshape(self, *shape: Any) -> Any:
        """The same entries in another shape: ``t.reshape(2, -1)`` or ``t.reshape((2, -1))``."""
        return movement.reshape(self, shape=shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes: Any) -> Any:
        """The axes in another order, by default reversed: ``t.transpose(1, 0)`` or ``t.transpose((1, 0))``."""
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
        return movement.transpose(self, axes=order or None)

    def astype(self, dtype: Any) -> Any:
        """The same numbers as float32 or float64."""
        return elementwise.astype(self, dtype=dtype)

    sum = reductions.sum
    mean = reductions.mean
    var = reductions.var
    std = reductions.std
    prod = reductions.prod
    max = reductions.max
    min = reductions.min
    cumsum = reductions.cumsum
    logsumexp = reductions.logsumexp
    softmax = reductions.softmax
    log_softmax = reductions.log_softmax
    norm = reductions.norm
    ravel = flatten = movement.ravel
    swapaxes = movement.swapaxes
    squeeze = movement.squeeze
    expand_dims = movement.expand_dims
    broadcast_to = movement.broadcast_to
    repeat = movement.repeat
    flip = movement.flip
    roll = movement.roll
    split = movement.split
    take = indexing.take
    diagonal = indexing.diagonal
    trace = linear_algebra.trace
    dot = linear_algebra.dot

    def argmax(self, axis: int | None = None) -> Any:
        """The position of the largest entry, as plain integers."""
        return np.argmax(self.primal, axis=axis)

    def argmin(self, axis: int | None = None) -> Any:
        """The position of the smallest entry, as plain integers."""
        return np.argmin(self.primal, axis=axis)

    def argsort(self, axis: int | None = -1) -> Any:
        """The positions that would sort the entries, as plain integers."""
        return np.argsort(self.primal, axis=axis)

    def any(self, axis: int | None = None) -> Any:
        """Whether an entry is not 0, as plain bools."""
        return np.any(self.primal, axis=axis)

    def all(self, axis: int | None = None) -> Any:
        """Whether no entry is 0, as plain bools."""
        return np.all(self.primal, axis=axis)

    def tolist(self) -> Any:
        """The numbers as nested lists, outside the graph."""
        return self.primal.tolist()

    # What recording and sweeping ask of a kind of node.

    of_floats: ClassVar[bool] = False
    holds: ClassVar[type] = np.ndarray

    @staticmethod
    def constant(array: Any) -> Constant:
        """A plain number or array that met a Tensor. Numbers, also NumPy's, are Python's: they adapt to float32.

        An array that somebody could still write into gets a fingerprint: a minibatch buffer may be filled again before
        the sweep, which then refuses.
        """
        if array.__class__ in _PYTHON_NUMBERS:
            return Constant.leaf(array)
        if isinstance(array, (np.floating, np.integer, np.bool_)):
            return Constant.leaf(float(array))
        if array.__class__ is not np.ndarray or array.dtype not in _FLOATS:
            array = _real_array(array)
            if array.dtype.kind in "iu":  # a rule could overflow in integers
                array = array.astype(np.result_type(array.dtype, np.float32))
            elif array.dtype.itemsize > 8:
                array = array.astype(np.float64)
        constant = Constant.leaf(array)
        if isinstance(array, np.ndarray) and (array.flags.writeable or array.base is not None):
            constant.snapshot = fingerprint(array)
        return constant

    @staticmethod
    def hold(out: Any) -> Any:
        """A result as an array: NumPy gives a bare scalar for no axes. Other kinds of arrays stay what they are."""
        if hasattr(out, "__array_function__") and not isinstance(out, np.generic):
            return out
        return np.asarray(out)

    @staticmethod
    def recover(error: Exception, primitive: Primitive, args: tuple[Node, ...], params: dict[str, Any]) -> Any:
        """Say which operation on which shapes NumPy refused."""
        raise type(error)(primitive.complaint(args, params, error)) from error

    @staticmethod
    def seed(root: Tensor, seed: Any, create_graph: bool) -> Any:
        """The cotangent a sweep starts from."""
        if seed is None:
            if root.primal.shape == () and not create_graph:
                return root.primal.dtype.type(1.0)  # NumPy's number computes faster than its array without axes
            if root.primal.size != 1:
                raise ValueError(
                    f"backward from several numbers needs a seed of their shape: {describe(root)}. Reduce it to one "
                    "number first (sum, mean), or pass seed="
                )
            one = np.full_like(root.primal, 1.0) if root.primal.ndim else np.array(1.0, root.primal.dtype)
            return Tensor.leaf(one) if create_graph else one
        if isinstance(seed, Node) and seed.kind is not Tensor:
            raise TypeError(f"the seed of a Tensor must be an array or a Tensor, not a {type(seed).__name__}")
        if not isinstance(seed, Node):
            seed = _own_array(seed, root.dtype)
        if seed.shape != root.shape:
            raise ValueError(f"the seed has shape {seed.shape}, but it is the cotangent of {describe(root)}")
        if create_graph:
            return seed if isinstance(seed, Node) else Tensor.leaf(seed)
        return np.array(seed.primal) if isinstance(seed, Node) else seed

    @staticmethod
    def recover_rule(
        error: Exception, rule: Any, g: Any, out: Any, args: list[Any], params: dict[str, Any], name: str, arg: Node
    ) -> Any:
        """Arrays follow every rule; what a rule raises is an error."""
        raise type(error)(f"the rule of {name} for {describe(arg)}: {error}") from error

    fit = staticmethod(unbroadcast)

    @staticmethod
    def own(g: Array) -> Array:
        """An array that nothing else refers to: add, for one, hands the same gradient to both parents."""
        return g.copy() if isinstance(g, np.ndarray) else np.array(g) if isinstance(g, np.generic) else g

    @staticmethod
    def zeros(node: Tensor, create_graph: bool) -> Any:
        """The gradient of what does not depend on the node."""
        zeros = np.zeros_like(node.primal)
        return Tensor.leaf(zeros) if create_graph else zeros


Tensor.kind = Tensor
give_short_ways(Tensor, np.ndarray, {**ARITHMETIC, "matmul": linear_algebra.matmul})


_UNSEEN = b"not yet used by the graph since it was assigned"

_PYTHON_NUMBERS = (float, int, bool)
_FLOATS = (np.dtype(np.float64), np.dtype(np.float32))


class _Counts:
    """How many references Python counts to an array in the two places where that is asked.

    Measured where nobody else holds the array, in the same way in which it is asked.
    """

    __slots__ = ("primal",)

    def __init__(self) -> None:
        self.primal: Any = np.zeros(1)

    @property
    def data(self) -> Any:
        return self.primal

    @data.setter
    def data(self, new: Any) -> None:
        self.primal = sys.getrefcount(new)

    def held(self) -> int:
        return sys.getrefcount(self.primal)

    def assigned_in_place(self) -> int:
        self.data += 1
        count: int = self.primal
        return count

    def assigned_from_a_name(self) -> int:
        array = self.data
        self.data = array
        count: int = self.primal
        return count


_PRIVATE = _Counts().held()
_IN_PLACE = _Counts().assigned_in_place()
if _Counts().assigned_from_a_name() <= _IN_PLACE:  # a Python that does not count the name: nothing is taken as private
    _IN_PLACE = 0


def _own_array(data: Any, dtype: Any) -> Array:
    """A copy of array-like numbers as float32 or float64."""
    if isinstance(data, Node):
        raise TypeError(f"a Tensor takes numbers, got {describe(data)}; use .detach() for a copy outside the graph")
    if dtype is not None and np.dtype(dtype) not in (np.float32, np.float64):
        raise TypeError(f"dtype must be float32 or float64, got {np.dtype(dtype)}")
    array = _real_array(data)
    if dtype is None:
        dtype = np.float32 if array.dtype == np.float32 else np.float64
    own: Array = array.astype(dtype)
    return own


def _real_array(data: Any) -> Any:
    """Array-like numbers as an array; other kinds of arrays that speak NumPy's protocols stay what they are."""
    if isinstance(data, np.ndarray) and hasattr(data, "filled"):
        raise TypeError("a Tensor takes no masked array: fill the masked entries first, with .filled(0)")
    try:
        array = data if hasattr(data, "__array_function__") and not isinstance(data, np.ndarray) else np.asarray(data)
    except ValueError as error:
        raise TypeError(f"a Tensor takes an array of real numbers: {error}") from error
    if array.dtype.kind not in "fiub":
        raise TypeError(_not_real(array))
    return array


def _not_real(array: Any) -> str:
    if array.dtype == object and array.size and isinstance(array.flat[0], Node):
        return "a Tensor met an array of Values; keep a computation in one kind: stack Tensors with autograd.stack"
    return f"a Tensor works with real numbers, got an array of dtype {array.dtype}"
