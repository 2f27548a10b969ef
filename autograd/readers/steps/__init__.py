"""The backward pass one step at a time, and the gradients of a training: pages that need nothing else."""

from autograd.readers.steps.reader import Steps as Steps
from autograd.readers.steps.reader import steps as steps
from autograd.readers.steps.training import TrainingSteps as TrainingSteps
