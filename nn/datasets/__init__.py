"""Small data sets that need no download: each function returns a fresh :class:`Dataset`.

Nothing is read before a function is called. The README.md beside the files gives their source, licence and citation.
"""

from nn.datasets.dataset import Dataset as Dataset
from nn.datasets.idx import load_idx as load_idx
from nn.datasets.made import blobs as blobs
from nn.datasets.made import circles as circles
from nn.datasets.made import moons as moons
from nn.datasets.made import spirals as spirals
from nn.datasets.made import xor as xor
from nn.datasets.shipped import breast_cancer as breast_cancer
from nn.datasets.shipped import digits as digits
from nn.datasets.shipped import iris as iris
