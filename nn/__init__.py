"""Neural networks written with autograd's public names, in PyTorch's words, and the two articles' networks.

`Module` and its layers compute, losses say how wrong the result is, `nn.optim` improves the parameters.
"""

from typing import TYPE_CHECKING, Any

import autograd

if getattr(autograd, "__distribution__", None) != "chainrule":
    raise ImportError(
        "the package `autograd` that Python found is not chainrule's: another distribution (HIPS autograd) uses the "
        f"same import name and has overwritten it ({getattr(autograd, '__file__', 'unknown place')}). The two cannot "
        "share an environment: pip uninstall autograd, then install chainrule again, with pip's --force-reinstall"
    )

from nn import datasets as datasets
from nn import init as init
from nn import optim as optim
from nn.data import batches as batches
from nn.layers import GELU as GELU
from nn.layers import AvgPool2d as AvgPool2d
from nn.layers import BatchNorm1d as BatchNorm1d
from nn.layers import BatchNorm2d as BatchNorm2d
from nn.layers import Conv2d as Conv2d
from nn.layers import Dropout as Dropout
from nn.layers import Embedding as Embedding
from nn.layers import Flatten as Flatten
from nn.layers import Identity as Identity
from nn.layers import LayerNorm as LayerNorm
from nn.layers import LeakyReLU as LeakyReLU
from nn.layers import Linear as Linear
from nn.layers import LogSoftmax as LogSoftmax
from nn.layers import LSTMCell as LSTMCell
from nn.layers import MaxPool2d as MaxPool2d
from nn.layers import MultiheadAttention as MultiheadAttention
from nn.layers import ReLU as ReLU
from nn.layers import RNNCell as RNNCell
from nn.layers import Sigmoid as Sigmoid
from nn.layers import SiLU as SiLU
from nn.layers import Softmax as Softmax
from nn.layers import Tanh as Tanh
from nn.losses import BCELoss as BCELoss
from nn.losses import BCEWithLogitsLoss as BCEWithLogitsLoss
from nn.losses import CrossEntropyLoss as CrossEntropyLoss
from nn.losses import HingeLoss as HingeLoss
from nn.losses import HuberLoss as HuberLoss
from nn.losses import L1Loss as L1Loss
from nn.losses import MSELoss as MSELoss
from nn.losses import NLLLoss as NLLLoss
from nn.module import Module as Module
from nn.module import Parameter as Parameter
from nn.saving import load as load
from nn.saving import save as save
from nn.scalar import MLP as MLP
from nn.scalar import Layer as Layer
from nn.scalar import Neuron as Neuron
from nn.seeding import get_rng_state as get_rng_state
from nn.seeding import manual_seed as manual_seed
from nn.seeding import set_rng_state as set_rng_state
from nn.sequence import ModuleList as ModuleList
from nn.sequence import Sequential as Sequential
from nn.training import EarlyStopping as EarlyStopping
from nn.training import History as History
from nn.training import Training as Training
from nn.training import accuracy as accuracy
from nn.training import evaluate as evaluate
from nn.training import fit as fit

if TYPE_CHECKING:
    from nn.dashboard import Dashboard as Dashboard
    from nn.dashboard import LayerStatistics as LayerStatistics
    from nn.dashboard import LiveDashboard as LiveDashboard

_DASHBOARD = ("Dashboard", "LayerStatistics", "LiveDashboard")


def __getattr__(name: str) -> Any:
    """Import the dashboard when it is first used: training needs no page and no picture."""
    if name not in _DASHBOARD:
        raise AttributeError(f"module 'nn' has no attribute {name!r}")
    import nn.dashboard

    return getattr(nn.dashboard, name)
