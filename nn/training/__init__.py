"""Training: `fit`, and what it is made of, for a loop of one's own."""

from nn.training.evaluation import accuracy as accuracy
from nn.training.evaluation import evaluate as evaluate
from nn.training.fit import EarlyStopping as EarlyStopping
from nn.training.fit import Training as Training
from nn.training.fit import fit as fit
from nn.training.history import History as History
