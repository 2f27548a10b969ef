"""Optimisation: optimisers, learning rate schedules and gradient clipping, under PyTorch's names."""

from nn.optim.adam import Adam as Adam
from nn.optim.adam import AdamW as AdamW
from nn.optim.adaptive import Adagrad as Adagrad
from nn.optim.adaptive import RMSprop as RMSprop
from nn.optim.clipping import clip_grad_norm_ as clip_grad_norm_
from nn.optim.clipping import clip_grad_value_ as clip_grad_value_
from nn.optim.optimizer import Optimizer as Optimizer
from nn.optim.schedulers import CosineAnnealingLR as CosineAnnealingLR
from nn.optim.schedulers import ExponentialLR as ExponentialLR
from nn.optim.schedulers import LRScheduler as LRScheduler
from nn.optim.schedulers import OneCycleLR as OneCycleLR
from nn.optim.schedulers import StepLR as StepLR
from nn.optim.sgd import SGD as SGD
