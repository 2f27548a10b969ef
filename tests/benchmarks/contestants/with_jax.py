"""JAX: the whole step compiled by jax.jit."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from tests.benchmarks.contestants import Array

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_cpu_enable_async_dispatch", False)  # a second thread, and slower for small networks

SIGMOIDS = {"sigmoid": jax.nn.sigmoid, "composed": lambda z: 1 / (1 + jnp.exp(-z))}


class Jit:
    """value_and_grad and the update in one compiled function; the old parameters' memory is given to the new ones."""

    def __init__(self, X: Array, Y: Array, parameters: list[Array], rate: float, sigmoid: str) -> None:
        activation = SIGMOIDS[sigmoid]
        X, Y = jnp.asarray(X), jnp.asarray(Y)
        self.arrays = [jnp.array(parameter) for parameter in parameters]

        def loss_of(arrays: list[jax.Array], X: jax.Array, Y: jax.Array) -> jax.Array:
            a = X
            for W, b in zip(arrays[::2], arrays[1::2], strict=True):
                a = activation(a @ W + b)
            return ((a - Y) ** 2).mean()

        @partial(jax.jit, donate_argnums=0)
        def compiled(arrays: list[jax.Array], X: jax.Array, Y: jax.Array) -> tuple[jax.Array, list[jax.Array]]:
            loss, gradients = jax.value_and_grad(loss_of)(arrays, X, Y)
            return loss, [array - rate * g for array, g in zip(arrays, gradients, strict=True)]

        self.compiled = partial(compiled, X=X, Y=Y)

    def step(self) -> jax.Array:
        loss, self.arrays = self.compiled(self.arrays)
        return loss.block_until_ready()

    def parameters(self) -> list[Array]:
        return [np.array(array) for array in self.arrays]


TRAINERS = {"jax.jit": Jit}
