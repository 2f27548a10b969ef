"""A small language model on real text, written once for nn and for torch.nn: that is what PyTorch's names are for."""

import codecs
import contextlib
import io

import numpy as np

CONTEXT, WIDTH, HEADS = 12, 16, 2


def poem():
    """The Zen of Python, which ships with every Python in the module ``this``."""
    with contextlib.redirect_stdout(io.StringIO()):
        import this
    return codecs.decode(this.s, "rot13")


def samples(text, context=CONTEXT):
    """Every stretch of the text, as the places of its characters in the alphabet, and the characters that follow."""
    alphabet = sorted(set(text))
    codes = np.array([alphabet.index(character) for character in text])
    starts = np.arange(len(codes) - context)[:, None]
    return codes[starts + np.arange(context)], codes[starts + np.arange(1, context + 1)], alphabet


def transformer(nn, characters, context=CONTEXT):
    """A transformer of one block: at every place it predicts the next character from those up to there."""

    class Transformer(nn.Module):
        def __init__(self):
            super().__init__()
            self.characters = nn.Embedding(characters, WIDTH)
            self.places = nn.Embedding(context, WIDTH)
            self.before = nn.LayerNorm(WIDTH)
            self.attention = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
            self.between = nn.LayerNorm(WIDTH)
            self.thought = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))
            self.after = nn.LayerNorm(WIDTH)
            self.scores = nn.Linear(WIDTH, characters)

        def forward(self, codes, order, future):
            """The scores of the next characters, (N * L, characters); ``future`` is True where a place must not see."""
            x = self.characters(codes) + self.places(order)
            seen = self.before(x)
            x = x + self.attention(seen, seen, seen, attn_mask=future, need_weights=False)[0]
            x = x + self.thought(self.between(x))
            return self.scores(self.after(x)).reshape(-1, characters)

    return Transformer()


def mlp(nn, characters, context=CONTEXT):
    """The other classic: the embeddings of the last characters side by side, and a hidden layer."""
    return nn.Sequential(
        nn.Embedding(characters, 8), nn.Flatten(), nn.Linear(8 * context, 64), nn.Tanh(), nn.Linear(64, characters)
    )


def constants(context=CONTEXT):
    """The order of the places, and which of them each must not see."""
    return np.arange(context), np.triu(np.ones((context, context), bool), 1)
