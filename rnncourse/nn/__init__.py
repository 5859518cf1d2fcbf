"""PyTorch twins of the reference networks: same names, same order, any device."""

from rnncourse.nn.attention import Attention
from rnncourse.nn.bidirectional import Bidirectional
from rnncourse.nn.cnn_lstm import CNNLSTM
from rnncourse.nn.conditioning import Conditioned
from rnncourse.nn.convolution import Conv1d
from rnncourse.nn.deep import DeepRNN, Transition
from rnncourse.nn.dense import Dense
from rnncourse.nn.embedding import Embedding, SkipGram
from rnncourse.nn.gru import GRU
from rnncourse.nn.hierarchical import Hierarchical
from rnncourse.nn.lstm import LSTM
from rnncourse.nn.lstm_variants import (
    CoupledLSTM,
    LayerNormLSTM,
    NoForgetLSTM,
    PeepholeLSTM,
)
from rnncourse.nn.rnn import RNN
from rnncourse.nn.scan import MinGRU, MinLSTM
from rnncourse.nn.seq2seq import EncoderDecoder
from rnncourse.nn.stacked import Stacked
from rnncourse.nn.variants import LeakyRNN, OutputRNN, RemovedRNN, SkipRNN

__all__ = [
    "Attention",
    "Bidirectional",
    "CNNLSTM",
    "Conditioned",
    "Conv1d",
    "CoupledLSTM",
    "DeepRNN",
    "Dense",
    "Embedding",
    "EncoderDecoder",
    "GRU",
    "Hierarchical",
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
    "Stacked",
    "Transition",
]
