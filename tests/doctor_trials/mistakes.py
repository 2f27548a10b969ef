"""The mistakes that are planted: each a backward pass with one line of it wrong, and what the catalogue calls it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from .hand import Hand, derivative
from .network import Array, Network, Params, sigmoid

Places = list[frozenset[int]]


class Planted(Hand):
    """A mistake in the layers ``self.layers``.

    Attributes
    ----------
    names : tuple of str
        What the catalogue calls it: the first, or in other words one of the others.
    wanted : dict
        What the network must have, for `network.drawn`.
    alone : bool
        Whether it is one place, or all of them, that are wrong; otherwise the layers are those of one choice.
    """

    names: ClassVar[tuple[str, ...]]
    wanted: ClassVar[dict[str, Any]] = {}
    choices: ClassVar[tuple[Any, ...]] = (None,)

    def __init__(self, network: Network, layers: frozenset[int], choice: Any = None) -> None:
        super().__init__(network, layers, choice)
        self.parts = (self.names,)

    @classmethod
    def fits(cls, network: Network, k: int) -> bool:
        """Whether it can be made in layer k."""
        return True

    def shows(self) -> bool:
        """Whether these data can show it, once the backward pass has been run."""
        return True

    @classmethod
    def places(cls, network: Network) -> Places:
        """The sets of layers in which it may be made at once: one, or all."""
        single = [frozenset({k}) for k in range(1, network.depth + 1) if cls.fits(network, k)]
        together = frozenset(k for place in single for k in place)
        return [*single, together] if len(single) > 1 else single


def elementwise(network: Network, k: int, *functions: str) -> bool:
    """Whether layer k has one of these activations, and its derivative is written in the backward pass."""
    return network.function(k) in functions and (k < network.depth or network.loss == "squares")


# --- the derivative -----------------------------------------------------------------------------------------------


class Slope(Planted):
    """A wrong derivative of an activation."""

    functions: ClassVar[tuple[str, ...]] = ("sigmoid", "tanh", "softplus")

    @classmethod
    def fits(cls, network: Network, k: int) -> bool:
        return elementwise(network, k, *cls.functions)

    @classmethod
    def places(cls, network: Network) -> Places:
        """One layer, or all that have the same activation."""
        single = [k for k in range(1, network.depth + 1) if cls.fits(network, k)]
        found = [frozenset({k}) for k in single]
        for function in cls.functions:
            alike = frozenset(k for k in single if network.function(k) == function)
            if len(alike) > 1:
                found.append(alike)
        return found

    def slope(self, k: int) -> Array:
        return self.wrong(k) if k in self.layers else super().slope(k)

    def wrong(self, k: int) -> Array:
        raise NotImplementedError


class AtOutput(Slope):
    """sigma'(a) for sigma'(z)."""

    names = ("at-output",)

    def wrong(self, k: int) -> Array:
        return derivative(self.network.function(k), self.curve(k))


class AtOutputOfExp(AtOutput):
    """The same with a curved function that is no usual activation."""

    names = ("at-output",)
    functions = ("exp",)
    wanted: ClassVar[dict[str, Any]] = {"function": "exp", "depth": 2}


class AtInput(Slope):
    """z * (1 - z) for a * (1 - a)."""

    names = ("at-input",)
    functions = ("sigmoid", "tanh")

    def wrong(self, k: int) -> Array:
        z = self.z[k]
        return z * (1 - z) if self.network.function(k) == "sigmoid" else 1 - z**2


class OtherFunction(Slope):
    """The derivative of tanh in a network of sigmoids, and so on."""

    names = ("other-function",)
    functions = ("sigmoid", "tanh", "relu")
    choices = ("a", "z")

    def wrong(self, k: int) -> Array:
        other = {"sigmoid": "tanh", "tanh": "sigmoid", "relu": "sigmoid"}[self.network.function(k)]
        a = self.curve(k)
        if self.choice == "z":
            return derivative(other, self.z[k])
        return 1 - a**2 if other == "tanh" else a * (1 - a)


class DerivativeMissing(Slope):
    """No derivative at all."""

    names = ("derivative-missing", "cross-entropy-delta")
    functions = ("sigmoid", "tanh", "relu", "softplus")

    def wrong(self, k: int) -> Array:
        return np.ones_like(self.z[k])


class DerivativeTwice(Slope):
    """The derivative multiplied in twice."""

    names = ("derivative-twice",)

    def wrong(self, k: int) -> Array:
        return derivative(self.network.function(k), self.z[k]) ** 2


class DerivativeSlip(Slope):
    """A sign, a square or a factor of the derivative is lost."""

    names = ("derivative-slip",)
    functions = ("sigmoid", "tanh")
    choices = ("sign", "part")

    def wrong(self, k: int) -> Array:
        a = self.curve(k)
        if self.network.function(k) == "sigmoid":
            return a * (1 + a) if self.choice == "sign" else 1 - a
        return 1 + a**2 if self.choice == "sign" else 1 - a


class WrongPlace(Slope):
    """The derivative at the values of another layer."""

    names = ("wrong-place",)
    wanted: ClassVar[dict[str, Any]] = {"depth": 3, "equal": True}

    @classmethod
    def fits(cls, network: Network, k: int) -> bool:
        return k in (1, 2) and network.function(1) == network.function(2) and elementwise(network, k, *cls.functions)

    @classmethod
    def places(cls, network: Network) -> Places:
        return [frozenset({k}) for k in (1, 2) if cls.fits(network, k)]

    def wrong(self, k: int) -> Array:
        return derivative(self.network.function(k), self.z[3 - k])


class MaskOfGradient(Planted):
    """relu's mask taken from the gradient."""

    names = ("mask-of-gradient",)
    wanted: ClassVar[dict[str, Any]] = {"function": "relu"}

    @classmethod
    def fits(cls, network: Network, k: int) -> bool:
        return elementwise(network, k, "relu")

    def delta(self, k: int, da: Array) -> Array:
        return da * (da > 0) if k in self.layers else super().delta(k, da)

    def shows(self) -> bool:
        """Where nothing is masked, the derivative is just missing."""
        return all(np.any(self.da[k] > 0) and np.any(self.da[k] < 0) for k in self.layers)


class SoftmaxElementwise(Planted):
    """The softmax's derivative as a * (1 - a), or without the sum over the other classes."""

    names = ("softmax-elementwise",)
    wanted: ClassVar[dict[str, Any]] = {"output": "softmax"}
    choices = ("diagonal", "no sum")
    whole = True

    @classmethod
    def fits(cls, network: Network, k: int) -> bool:
        return k == network.depth and network.function(k) == "softmax"

    def delta(self, k: int, da: Array) -> Array:
        if k not in self.layers:
            return super().delta(k, da)
        a = self.a[k]
        return da * a * (1 - a) if self.choice == "diagonal" else da * a


# --- the loss -----------------------------------------------------------------------------------------------------


class AtTheLoss(Planted):
    """A mistake about the loss."""

    losses: ClassVar[tuple[str, ...]] = ("squares", "binary", "classes")

    @classmethod
    def fits(cls, network: Network, k: int) -> bool:
        return k == network.depth and network.loss in cls.losses


class ErrorMissing(AtTheLoss):
    """(o - Y) left out."""

    names = ("error-missing",)
    losses = ("squares",)
    wanted: ClassVar[dict[str, Any]] = {"loss": "squares"}

    @classmethod
    def fits(cls, network: Network, k: int) -> bool:
        return super().fits(network, k) and network.function(k) != "softmax"

    def error(self) -> Array:
        return np.full_like(self.y, 2 * self.c)


class TargetMissing(AtTheLoss):
    """o for (o - Y)."""

    names = ("target-missing",)

    def error(self) -> Array:
        return 2 * self.c * self.a[self.network.depth]

    def output_delta(self) -> Array:
        last = self.network.depth
        return super().output_delta() if self.network.loss == "squares" else self.c * self.a[last]


class CrossEntropyDelta(AtTheLoss):
    """o - Y with the squared error."""

    names = ("cross-entropy-delta", "derivative-missing")
    losses = ("squares",)
    wanted: ClassVar[dict[str, Any]] = {"loss": "squares"}

    @classmethod
    def fits(cls, network: Network, k: int) -> bool:
        return super().fits(network, k) and network.function(k) != ""

    def output_delta(self) -> Array:
        return 2 * self.c * (self.a[self.network.depth] - self.y)


class SquaresDelta(AtTheLoss):
    """(o - Y) * sigma'(z) with cross-entropy."""

    names = ("squares-delta",)
    losses = ("binary", "classes")

    def output_delta(self) -> Array:
        last = self.network.depth
        return self.delta(last, self.c * (self.a[last] - self.y))


class OtherLoss(AtTheLoss):
    """The delta of the absolute error."""

    names = ("other-loss",)
    losses = ("squares",)
    wanted: ClassVar[dict[str, Any]] = {"loss": "squares"}

    def error(self) -> Array:
        return 2 * self.c * np.sign(self.a[self.network.depth] - self.y)

    def shows(self) -> bool:
        """With errors of one sign only it is the error left out."""
        return len(np.unique(np.sign(self.a[self.network.depth] - self.y))) > 1


class TermMissing(AtTheLoss):
    """One of the two terms of binary cross-entropy left out."""

    names = ("term-missing",)
    losses = ("binary",)
    wanted: ClassVar[dict[str, Any]] = {"loss": "binary"}
    choices = ("log(1 - a)", "log(a)")
    whole = True

    def error(self) -> Array:
        a, y = self.a[self.network.depth], self.y
        return -self.c * y / a if self.choice == "log(1 - a)" else self.c * (1 - y) / (1 - a)

    def shows(self) -> bool:
        """With targets of one kind only, nothing is left at all."""
        return len(np.unique(self.y)) > 1


class SoftmaxAxis(AtTheLoss):
    """The softmax of the backward pass over the examples."""

    names = ("softmax-axis",)
    losses = ("classes",)
    wanted: ClassVar[dict[str, Any]] = {"loss": "classes"}

    def output_delta(self) -> Array:
        e = np.exp(self.z[self.network.depth])
        return self.c * (e / e.sum(axis=0, keepdims=True) - self.y)


class LabelsSwapped(AtTheLoss):
    """1 - Y for Y, or the classes in reverse order."""

    names = ("labels-swapped",)
    choices = ("1 - Y", "reversed")

    def targets(self, y: Array) -> Array:
        return 1 - y if self.choice == "1 - Y" else y[:, ::-1]

    def shows(self) -> bool:
        """With targets of one kind only, there is nothing to swap: they are left out, or doubled."""
        return len(np.unique(self.y)) > 1


# --- factors ------------------------------------------------------------------------------------------------------


class Constant(Planted):
    """A constant factor, of everything, of all weights, of all biases, or of one parameter."""

    names = ("constant", "mean-for-sum")
    choices = tuple(
        (factor, what)
        for factor in ("-1", "2", "1/2", "m", "1/m", "lr")
        for what in ("everything", "weights", "biases", "one weight", "one bias")
    )

    @classmethod
    def places(cls, network: Network) -> Places:
        return [frozenset({k}) for k in range(1, network.depth + 1)]

    def finished(self, grads: Params) -> Params:
        factor, what = self.choice
        number = {"-1": -1.0, "2": 2.0, "1/2": 0.5, "m": float(self.m), "1/m": 1 / self.m, "lr": self.lr}[factor]
        (layer,) = self.layers
        hit = {
            "everything": tuple(grads),
            "weights": tuple(key for key in grads if key[0] == "W"),
            "biases": tuple(key for key in grads if key[0] == "b"),
            "one weight": (f"W{layer}",),
            "one bias": (f"b{layer}",),
        }[what]
        return {key: g * number if key in hit else g for key, g in grads.items()}


class Accumulated(Planted):
    """No zero_grad: the gradients of k passes added up."""

    names = ("constant",)
    choices = (2, 3, 4, 5)

    def finished(self, grads: Params) -> Params:
        return {key: g * self.choice for key, g in grads.items()}


class ConstantPerLayer(Planted):
    """1/m in the delta of every layer, and not just once."""

    names = ("constant-per-layer",)
    choices = ("1/m", "2")

    @classmethod
    def places(cls, network: Network) -> Places:
        return [frozenset(range(1, network.depth))] if network.depth > 2 else []

    def delta(self, k: int, da: Array) -> Array:
        factor = {"1/m": 1 / self.m, "2": 2.0}[self.choice]
        return super().delta(k, da) * (factor if k in self.layers else 1.0)


class ExtraFactor(Planted):
    """A recorded array as a factor that does not belong there."""

    names = ("extra-factor",)
    choices = ("a", "z", "W")

    def delta(self, k: int, da: Array) -> Array:
        right = super().delta(k, da)
        if k not in self.layers or self.choice == "W":
            return right
        return right * (self.a[k] if self.choice == "a" else self.z[k])

    def finished(self, grads: Params) -> Params:
        hit = {f"W{k}" for k in self.layers if self.choice == "W"}
        return {key: g * self.W[int(key[1:])] if key in hit else g for key, g in grads.items()}

    @classmethod
    def places(cls, network: Network) -> Places:
        return [frozenset({k}) for k in range(1, network.depth + 1)]


# --- sums over the examples ---------------------------------------------------------------------------------------


class Biases(Planted):
    """A wrong sum in the gradient of a bias."""

    def bias(self, k: int) -> Array:
        return self.wrong(k, self.dz[k]) if k in self.layers else super().bias(k)

    def wrong(self, k: int, dz: Array) -> Array:
        raise NotImplementedError


class MeanForSum(Biases):
    """A mean over the examples."""

    names = ("mean-for-sum", "constant")

    def wrong(self, k: int, dz: Array) -> Array:
        return np.asarray(np.mean(dz, axis=0, keepdims=not self.network.flat_bias))


class WrongAxis(Biases):
    """The sum, or the mean, over the units; over a single unit it is no sum at all."""

    names = ("wrong-axis",)
    choices = (np.sum, np.mean)

    def __init__(self, network: Network, layers: frozenset[int], choice: Any = None) -> None:
        super().__init__(network, layers, choice)
        if any(network.width(k) == 1 for k in layers):
            self.parts = (("wrong-axis", "not-summed"),)

    def shows(self) -> bool:
        """Over the units of a single example is over everything."""
        return self.m > 1

    def wrong(self, k: int, dz: Array) -> Array:
        return np.asarray(self.choice(dz, axis=1, keepdims=not self.network.flat_bias))


class SummedOverEverything(Biases):
    """The sum, or the mean, over both axes."""

    names = ("summed-over-everything",)
    choices = (np.sum, np.mean)

    @classmethod
    def fits(cls, network: Network, k: int) -> bool:
        return network.width(k) > 1

    def shows(self) -> bool:
        """Over the units of a single example is over everything."""
        return self.m > 1

    def wrong(self, k: int, dz: Array) -> Array:
        return np.asarray(self.choice(dz))


class NotSummed(Biases):
    """No sum at all."""

    names = ("not-summed",)

    def wrong(self, k: int, dz: Array) -> Array:
        return dz


class KeptAxis(Biases):
    """Right numbers in another shape: an axis too many, or one too few."""

    names = ("kept-axis",)

    def wrong(self, k: int, dz: Array) -> Array:
        return np.asarray(np.sum(dz, axis=0, keepdims=self.network.flat_bias))


class SummedEarly(Planted):
    """The delta summed, or averaged, over the examples before it is used."""

    names = ("summed-early",)
    choices = (np.sum, np.mean)

    @classmethod
    def places(cls, network: Network) -> Places:
        return [frozenset({k}) for k in range(1, network.depth + 1)]

    def early(self, k: int, dz: Array) -> Array:
        return np.broadcast_to(self.choice(dz, axis=0, keepdims=True), dz.shape) if k in self.layers else dz

    def delta(self, k: int, da: Array) -> Array:
        dz = super().delta(k, da)
        return dz if k == self.network.depth else self.early(k, dz)

    def output_delta(self) -> Array:
        return self.early(self.network.depth, super().output_delta())


class SumsMultiplied(Planted):
    """Sums over the examples multiplied, for the product summed."""

    names = ("sums-multiplied",)

    def weight(self, k: int) -> Array:
        if k not in self.layers:
            return super().weight(k)
        return np.outer(self.a[k - 1].sum(axis=0), self.dz[k].sum(axis=0))


class OneExample(Planted):
    """= for += in a loop over the examples."""

    names = ("one-example",)
    choices = (-1, 0)

    def output_delta(self) -> Array:
        kept = np.zeros_like(self.y)
        kept[self.choice] = super().output_delta()[self.choice]
        return kept


# --- products -----------------------------------------------------------------------------------------------------


class ResultTransposed(Planted):
    """dz.T @ a for a.T @ dz."""

    names = ("result-transposed", "operand-transposed")

    def finished(self, grads: Params) -> Params:
        hit = {f"W{k}" for k in self.layers}
        return {key: g.T if key in hit else g for key, g in grads.items()}


class OperandTransposed(Planted):
    """W for W.T."""

    names = ("operand-transposed",)
    wanted: ClassVar[dict[str, Any]] = {"equal": True}

    @classmethod
    def fits(cls, network: Network, k: int) -> bool:
        return k > 1 and network.width(k) == network.width(k - 1)

    def below(self, k: int, weight_gradient: Array) -> Array:
        if k not in self.layers:
            return super().below(k, weight_gradient)
        skipped = self.da[k] if k in self.network.skips else 0
        return np.asarray(self.dz[k] @ self.W[k] + skipped)


class WrongWeight(Planted):
    """The weights of another layer in the delta."""

    names = ("wrong-layer",)
    wanted: ClassVar[dict[str, Any]] = {"equal": True}

    @classmethod
    def fits(cls, network: Network, k: int) -> bool:
        return k > 1 and network.width(k) == network.width(k - 1) == network.width(k - 2)

    @classmethod
    def places(cls, network: Network) -> Places:
        return [frozenset({k}) for k in range(1, network.depth + 1) if cls.fits(network, k)]

    def below(self, k: int, weight_gradient: Array) -> Array:
        if k not in self.layers:
            return super().below(k, weight_gradient)
        skipped = self.da[k] if k in self.network.skips else 0
        return np.asarray(self.dz[k] @ self.W[k - 1].T + skipped)


class WrongActivation(Planted):
    """The activations of another layer in the gradient of the weights."""

    names = ("wrong-layer",)

    @classmethod
    def fits(cls, network: Network, k: int) -> bool:
        return k > 1

    def weight(self, k: int) -> Array:
        return np.asarray(self.a[k - 2].T @ self.dz[k]) if k in self.layers else super().weight(k)

    @classmethod
    def places(cls, network: Network) -> Places:
        return [frozenset({k}) for k in range(2, network.depth + 1) if not network.penalty]


class BeforeActivation(Planted):
    """z for a in the gradient of the weights."""

    names = ("before-activation",)

    @classmethod
    def fits(cls, network: Network, k: int) -> bool:
        return k > 1

    def weight(self, k: int) -> Array:
        return np.asarray(self.z[k - 1].T @ self.dz[k]) if k in self.layers else super().weight(k)


class UpdatedWeight(Planted):
    """W2 after its own step in the delta of the layer below."""

    names = ("updated-weight",)

    @classmethod
    def fits(cls, network: Network, k: int) -> bool:
        return k > 1

    def below(self, k: int, weight_gradient: Array) -> Array:
        if k not in self.layers:
            return super().below(k, weight_gradient)
        skipped = self.da[k] if k in self.network.skips else 0
        return np.asarray(self.dz[k] @ (self.W[k] - self.lr * weight_gradient).T + skipped)


class WrongDelta(Planted):
    """The gradient of the activation for that of the pre-activation."""

    names = ("wrong-delta",)

    @classmethod
    def fits(cls, network: Network, k: int) -> bool:
        return elementwise(network, k, "sigmoid", "tanh", "relu")

    def weight(self, k: int) -> Array:
        return np.asarray(self.a[k - 1].T @ self.da[k]) if k in self.layers else super().weight(k)


# --- paths --------------------------------------------------------------------------------------------------------


class BranchForgotten(Planted):
    """The path past a layer, or the one through it, left out."""

    names = ("branch-forgotten", "detached")
    wanted: ClassVar[dict[str, Any]] = {"skips": True, "depth": 4}
    choices = ("past", "through")

    @classmethod
    def fits(cls, network: Network, k: int) -> bool:
        return k in network.skips

    def below(self, k: int, weight_gradient: Array) -> Array:
        if k not in self.layers:
            return super().below(k, weight_gradient)
        return np.asarray(self.dz[k] @ self.W[k].T) if self.choice == "past" else self.da[k]


class RegulariserMissing(Planted):
    """The term of the regulariser left out."""

    names = ("regulariser-missing", "branch-forgotten")
    wanted: ClassVar[dict[str, Any]] = {"penalty": True}

    def decay(self, k: int) -> Array | float:
        return 0.0 if k in self.layers else super().decay(k)


class Detached(Planted):
    """Nothing flows back past a layer."""

    names = ("detached",)

    @classmethod
    def places(cls, network: Network) -> Places:
        return [frozenset({k}) for k in range(2, network.depth + 1)]

    def below(self, k: int, weight_gradient: Array) -> Array:
        return np.zeros_like(self.a[k - 1]) if k in self.layers else super().below(k, weight_gradient)


# --- book-keeping -------------------------------------------------------------------------------------------------


class OtherName(Planted):
    """The gradients of two parameters exchanged."""

    names = ("other-name", "shifted")

    @classmethod
    def places(cls, network: Network) -> Places:
        return [frozenset({k, k + 1}) for k in range(1, network.depth)]

    def stored(self, grads: Params, params: Params) -> Params:
        one, two = (f"W{k}" for k in sorted(self.layers))
        return {**grads, one: grads[two], two: grads[one]}


class Overwritten(Planted):
    """A key that is used twice: a gradient under another name, and one that is not there."""

    names = ("key-clash", "other-name", "shifted")

    @classmethod
    def places(cls, network: Network) -> Places:
        return [frozenset({k}) for k in range(2, network.depth + 1)]

    def stored(self, grads: Params, params: Params) -> Params:
        (k,) = self.layers
        kept = {key: g for key, g in grads.items() if key not in (f"W{k}", f"b{k}")}
        return {**kept, f"W{k - 1}": grads[f"W{k}"], f"b{k - 1}": grads[f"b{k}"]}


class Shifted(Planted):
    """All gradients one layer off."""

    names = ("shifted", "key-clash")

    @classmethod
    def places(cls, network: Network) -> Places:
        return [frozenset(range(1, network.depth + 1))] if network.depth > 2 else []

    def stored(self, grads: Params, params: Params) -> Params:
        kept = dict(grads)
        for k in range(1, self.network.depth):
            kept[f"W{k}"], kept[f"b{k}"] = grads[f"W{k + 1}"], grads[f"b{k + 1}"]
        del kept[f"W{self.network.depth}"], kept[f"b{self.network.depth}"]
        return kept


class ParameterItself(Planted):
    """The parameter, or the parameter after its step, for its gradient."""

    names = ("parameter-itself",)
    choices = ("before", "after")

    def stored(self, grads: Params, params: Params) -> Params:
        rate = self.lr if self.choice == "after" else 0.0
        hit = {f"{letter}{k}" for k in self.layers for letter in "Wb"}
        return {key: params[key] - rate * g if key in hit else g for key, g in grads.items()}

    @classmethod
    def places(cls, network: Network) -> Places:
        return [frozenset(range(1, network.depth + 1))]


class Decay(Planted):
    """Weight decay in the gradients, though the loss has no such term."""

    names = ("decay",)

    def decay(self, k: int) -> Array | float:
        return 0.01 * self.W[k] if k in self.layers else 0.0

    @classmethod
    def places(cls, network: Network) -> Places:
        return [] if network.penalty else super().places(network)


def _all(kind: type[Planted]) -> Iterator[type[Planted]]:
    for sub in kind.__subclasses__():
        if "names" in vars(sub):
            yield sub
        yield from _all(sub)


MISTAKES: dict[str, type[Planted]] = {kind.__name__: kind for kind in _all(Planted)}
"""Every planted mistake by the name of its class."""

__all__ = ["MISTAKES", "Planted", "sigmoid"]
