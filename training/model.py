"""The encoder: BERT with a projection, computed over packed tokens, under the parameter names of Hugging Face."""
from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vocabulary import CLS, DOCUMENT, QUERY, SEP

EPSILON = 1e-12
TABLE = "embeddings.word_embeddings.weight"
# Length of a word vector in the table, which says how fast training can change it.
EMBEDDING_NORM = 2.0


@dataclass(frozen=True)
class Shape:
    """Sizes of a model."""

    vocabulary: int
    hidden: int = 256
    layers: int = 3
    heads: int = 4
    feed_forward: int = 1024
    positions: int = 512
    dim: int = 96

    def to_dict(self) -> dict[str, int]:
        return asdict(self)


@dataclass
class Packed:
    """Texts of one batch as one row of ids: no padding is computed where it need not be."""

    ids: Tensor  # numTokens
    positions: Tensor  # numTokens
    slots: Tensor  # numTokens: row * length + position
    lengths: Tensor  # batch
    length: int

    @property
    def batch(self) -> int:
        return len(self.lengths)

    @property
    def owners(self) -> Tensor:
        """numTokens: the text that a token belongs to."""
        return torch.arange(self.batch, device=self.lengths.device).repeat_interleave(self.lengths)

    def to(self, device: str) -> Packed:
        moved = [t.to(device) for t in (self.ids, self.positions, self.slots, self.lengths)]
        return Packed(*moved, self.length)


def pack(texts: list[np.ndarray], marker: int, max_length: int) -> Packed:
    """Piece ids of texts, cut and framed: CLS, marker, pieces, SEP."""
    rows = [np.concatenate([[CLS, marker], ids[: max_length - 3], [SEP]]) for ids in texts]
    lengths = np.array([len(row) for row in rows])
    length = int(lengths.max())
    positions = np.concatenate([np.arange(n) for n in lengths])
    slots = np.repeat(np.arange(len(rows)) * length, lengths) + positions
    tensors = [torch.from_numpy(a.astype(np.int64)) for a in (np.concatenate(rows), positions, slots, lengths)]
    return Packed(*tensors, length)


def pack_queries(texts: list[np.ndarray], max_length: int) -> Packed:
    return pack(texts, QUERY, max_length)


def pack_documents(texts: list[np.ndarray], max_length: int) -> Packed:
    return pack(texts, DOCUMENT, max_length)


def random_turn(size: int, seed: int) -> Tensor:
    """size x size, orthogonal."""
    return torch.linalg.qr(torch.randn(size, size, generator=torch.Generator().manual_seed(seed)))[0]


def start_of_table(embeddings: np.ndarray, norm: float) -> Tensor:
    """Word vectors as the encoder holds them, pieces x hidden.

    No direction of the states is an axis: how common a word is would be the largest number of every token, and int8 activations
    would have few steps for the rest.
    """
    return torch.from_numpy(embeddings) @ random_turn(embeddings.shape[1], 1) * norm


class Encoder(nn.Module):
    """Packed ids to unit token vectors, numTokens x dim, computed in `precision`."""

    def __init__(self, shape: Shape, precision: torch.dtype = torch.bfloat16) -> None:
        super().__init__()
        self.shape, self.precision = shape, precision
        h, f = shape.hidden, shape.feed_forward
        tensors: dict[str, Tensor] = {
            TABLE: torch.randn(shape.vocabulary, h) * 0.02,
            "embeddings.position_embeddings.weight": torch.zeros(shape.positions, h),
            "embeddings.LayerNorm.weight": torch.ones(h),
            "embeddings.LayerNorm.bias": torch.zeros(h),
            "head.linear.weight": torch.randn(shape.dim, h) * h**-0.5,
        }
        for i in range(shape.layers):
            at = f"encoder.layer.{i}"
            for name in ("query", "key", "value"):
                tensors[f"{at}.attention.self.{name}.weight"] = torch.randn(h, h) * h**-0.5 * 0.5
                tensors[f"{at}.attention.self.{name}.bias"] = torch.zeros(h)
            # Small, so that a layer changes little at first and what the embeddings know is there from the start.
            tensors[f"{at}.attention.output.dense.weight"] = torch.randn(h, h) * h**-0.5 * 0.1
            tensors[f"{at}.attention.output.dense.bias"] = torch.zeros(h)
            tensors[f"{at}.intermediate.dense.weight"] = torch.randn(f, h) * h**-0.5 * 0.5
            tensors[f"{at}.intermediate.dense.bias"] = torch.zeros(f)
            tensors[f"{at}.output.dense.weight"] = torch.randn(h, f) * f**-0.5 * 0.1
            tensors[f"{at}.output.dense.bias"] = torch.zeros(h)
            for norm in (f"{at}.attention.output", f"{at}.output"):
                tensors[f"{norm}.LayerNorm.weight"] = torch.ones(h)
                tensors[f"{norm}.LayerNorm.bias"] = torch.zeros(h)
        self.names = list(tensors)
        self.tensors = nn.ParameterList([nn.Parameter(t) for t in tensors.values()])

    def named(self) -> dict[str, nn.Parameter]:
        return dict(zip(self.names, self.tensors, strict=True))

    def load_named(self, tensors: dict[str, Tensor]) -> None:
        with torch.no_grad():
            for name, parameter in self.named().items():
                parameter.copy_(tensors[name])

    def start_from(self, embeddings: np.ndarray, norm: float = EMBEDDING_NORM) -> None:
        """Word vectors, and a projection that keeps their first `dim` components: MaxSim of words from the first step."""
        named = self.named()
        hidden, dim = self.shape.hidden, self.shape.dim
        turn = random_turn(hidden, 1)
        # The first component, how common a word is, stays in proportion to what is cut of the others.
        kept = torch.full((dim,), ((hidden - 1) / max(1, dim - 1)) ** 0.5)
        kept[0] = 1
        with torch.no_grad():
            named[TABLE].copy_(start_of_table(embeddings, norm))
            head = named["head.linear.weight"]
            head.mul_(0.02).add_(kept[:, None] * turn[:dim])
        if self.shape.layers:
            self.start_counting()

    def start_counting(self, sharpness: float = 4.0, share: float = 4.0) -> None:
        """The first layer as BM25 would have it: a word counts by how often its like is in the text, and by how long that is.

        Queries and keys are the states themselves, so that a word attends to its own kind: with t of them among n tokens their
        share is t / (t + n / exp(sharpness)), which is how BM25 saturates a term and normalises a length. Values are the
        states too: what is left of the share draws a word towards the mean of its text, where common words are.
        (Such starts are known to be good ones for attention on little data: Trockman and Kolter 2023.)

        sharpness: logit of a word with itself; share: of what is attended to, beside the word itself.
        """
        named, hidden = self.named(), self.shape.hidden
        matching, passing = random_turn(hidden, 2), random_turn(hidden, 3)
        width = hidden // self.shape.heads
        at = "encoder.layer.0.attention"
        with torch.no_grad():
            for name in ("query", "key"):
                named[f"{at}.self.{name}.weight"].copy_(matching * (sharpness / width**0.5) ** 0.5)
            named[f"{at}.self.value.weight"].copy_(passing)
            named[f"{at}.output.dense.weight"].copy_(passing.T * share)

    def forward(self, packed: Packed) -> Tensor:
        weights = self.named()
        # Matrix products in the given precision; sums along the way and normalisations in float32 (and on processors, PyTorch
        # 1.13 normalises bfloat16 ten times slower).
        whole = ("embeddings.", "LayerNorm.weight", "LayerNorm.bias")
        p = {n: t if n.startswith(whole[0]) or n.endswith(whole[1:]) else t.to(self.precision) for n, t in weights.items()}
        shape = self.shape
        width = shape.hidden // shape.heads

        def norm(states: Tensor, name: str) -> Tensor:
            return F.layer_norm(states, (shape.hidden,), p[f"{name}.weight"], p[f"{name}.bias"], EPSILON)

        states = F.embedding(packed.ids, p[TABLE])
        states = states + F.embedding(packed.positions, p["embeddings.position_embeddings.weight"])
        states = norm(states, "embeddings.LayerNorm")
        inside = torch.arange(packed.length, device=states.device)[None, :] < packed.lengths[:, None]
        mask = torch.zeros(inside.shape, dtype=self.precision, device=states.device).masked_fill_(~inside, -1e4)[:, None, None, :]
        for i in range(shape.layers):
            at = f"encoder.layer.{i}"
            own = f"{at}.attention.self"
            w = torch.cat([p[f"{own}.{n}.weight"] for n in ("query", "key", "value")])
            b = torch.cat([p[f"{own}.{n}.bias"] for n in ("query", "key", "value")])
            qkv = F.linear(states.to(self.precision), w, b)
            padded = qkv.new_zeros(packed.batch * packed.length, 3 * shape.hidden).index_copy(0, packed.slots, qkv)
            q, k, v = padded.view(packed.batch, packed.length, 3, shape.heads, width).permute(2, 0, 3, 1, 4)
            attention = torch.softmax(q @ k.transpose(-1, -2) * width**-0.5 + mask, -1)
            mixed = (attention @ v).transpose(1, 2).reshape(-1, shape.hidden).index_select(0, packed.slots)
            mixed = F.linear(mixed, p[f"{at}.attention.output.dense.weight"], p[f"{at}.attention.output.dense.bias"])
            states = norm(states + mixed, f"{at}.attention.output.LayerNorm")
            inner = F.gelu(F.linear(states.to(self.precision), p[f"{at}.intermediate.dense.weight"], p[f"{at}.intermediate.dense.bias"]))
            inner = F.linear(inner, p[f"{at}.output.dense.weight"], p[f"{at}.output.dense.bias"])
            states = norm(states + inner, f"{at}.output.LayerNorm")
        return F.normalize(F.linear(states.to(self.precision), p["head.linear.weight"]).float(), dim=-1)
