"""PyTorch, eager, on one thread: the step as its tutorials write it, and the tightest one that we know."""

import torch
from torch import nn
from torch.nn import functional as F

from tests.benchmarks.contestants import Array

torch.set_num_threads(1)


def composed(z: torch.Tensor) -> torch.Tensor:
    return 1 / (1 + torch.exp(-z))


class Composed(nn.Module):
    """The composed sigmoid as a layer."""

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return composed(z)


class Usual:
    """Modules, `backward` and an optimizer."""

    def __init__(self, X: Array, Y: Array, parameters: list[Array], rate: float, sigmoid: str) -> None:
        self.X, self.Y = torch.tensor(X), torch.tensor(Y)
        layers: list[nn.Module] = []
        for W, b in zip(parameters[::2], parameters[1::2], strict=True):
            linear = nn.Linear(*W.shape, dtype=torch.float64)
            with torch.no_grad():
                linear.weight.copy_(torch.tensor(W).T)
                linear.bias.copy_(torch.tensor(b))
            layers += [linear, nn.Sigmoid() if sigmoid == "sigmoid" else Composed()]
        self.model = nn.Sequential(*layers)
        self.criterion = nn.MSELoss()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=rate)

    def step(self) -> torch.Tensor:
        loss = self.criterion(self.model(self.X), self.Y)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss

    def parameters(self) -> list[Array]:
        return [parameter.detach().T.numpy().copy() for parameter in self.model.parameters()]


class Tightest:
    """One fused operation per layer, gradients without `.grad`, and one update for all parameters."""

    def __init__(self, X: Array, Y: Array, parameters: list[Array], rate: float, sigmoid: str) -> None:
        self.X, self.Y, self.rate = torch.tensor(X), torch.tensor(Y), rate
        self.sigmoid = torch.sigmoid if sigmoid == "sigmoid" else composed
        self.tensors = [torch.tensor(parameter, requires_grad=True) for parameter in parameters]
        self.layers = list(zip(self.tensors[::2], self.tensors[1::2], strict=True))
        self.detached = [tensor.detach() for tensor in self.tensors]

    def step(self) -> torch.Tensor:
        a = self.X
        for W, b in self.layers:
            a = self.sigmoid(torch.addmm(b, a, W))
        loss = F.mse_loss(a, self.Y)
        torch._foreach_add_(self.detached, torch.autograd.grad(loss, self.tensors), alpha=-self.rate)
        return loss

    def parameters(self) -> list[Array]:
        return [tensor.numpy().copy() for tensor in self.detached]


TRAINERS = {"PyTorch, usual": Usual, "PyTorch, tightest": Tightest}
