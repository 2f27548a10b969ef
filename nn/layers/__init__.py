"""The layers: each file holds one family."""

from nn.layers.activations import GELU as GELU
from nn.layers.activations import LeakyReLU as LeakyReLU
from nn.layers.activations import LogSoftmax as LogSoftmax
from nn.layers.activations import ReLU as ReLU
from nn.layers.activations import Sigmoid as Sigmoid
from nn.layers.activations import SiLU as SiLU
from nn.layers.activations import Softmax as Softmax
from nn.layers.activations import Tanh as Tanh
from nn.layers.attention import MultiheadAttention as MultiheadAttention
from nn.layers.convolution import AvgPool2d as AvgPool2d
from nn.layers.convolution import Conv2d as Conv2d
from nn.layers.convolution import Flatten as Flatten
from nn.layers.convolution import MaxPool2d as MaxPool2d
from nn.layers.embedding import Embedding as Embedding
from nn.layers.linear import Identity as Identity
from nn.layers.linear import Linear as Linear
from nn.layers.normalisation import BatchNorm1d as BatchNorm1d
from nn.layers.normalisation import BatchNorm2d as BatchNorm2d
from nn.layers.normalisation import LayerNorm as LayerNorm
from nn.layers.recurrent import LSTMCell as LSTMCell
from nn.layers.recurrent import RNNCell as RNNCell
from nn.layers.regularisation import Dropout as Dropout
