"""PyTorch twins of the reference networks: same names, same order, any device."""

from rnncourse.nn.embedding import Embedding, SkipGram
from rnncourse.nn.gru import GRU
from rnncourse.nn.lstm import LSTM
from rnncourse.nn.lstm_variants import (
    CoupledLSTM,
    LayerNormLSTM,
    NoForgetLSTM,
    PeepholeLSTM,
)
from rnncourse.nn.rnn import RNN
from rnncourse.nn.scan import MinGRU, MinLSTM
from rnncourse.nn.variants import LeakyRNN, OutputRNN, RemovedRNN, SkipRNN

__all__ = [
    "CoupledLSTM",
    "Embedding",
    "GRU",
    "LSTM",
    "LayerNormLSTM",
    "LeakyRNN",
    "MinGRU",
    "MinLSTM",
    "NoForgetLSTM",
    "OutputRNN",
    "PeepholeLSTM",
    "RNN",
    "RemovedRNN",
    "SkipGram",
    "SkipRNN",
]
