"""Token pooling inside training, as the runtime pools: Ward's tree on cosine distances, the first token protected."""
from __future__ import annotations

import numpy as np
import torch
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from torch import Tensor

from model import Packed

PROTECTED = 1


class Pooling:
    """Which token of a packed batch goes into which kept vector. Punctuation goes nowhere."""

    def __init__(self, vectors: Tensor, packed: Packed, keeps: Tensor, factor: int) -> None:
        """vectors: numTokens x dim, unit length; keeps: numTokens; factor: tokens per kept vector, 1 keeps all."""
        rows = torch.nonzero(keeps).flatten()
        texts = packed.owners[rows].cpu().numpy()
        counts = np.bincount(texts, minlength=packed.batch)
        found = vectors.detach()[rows].float().cpu().numpy()
        groups, starts, first = np.empty(len(texts), np.int64), [], 0
        for start, count in zip(np.cumsum(counts) - counts, counts, strict=True):
            own = cluster(found[start : start + count], factor)
            groups[start : start + count] = first + own
            starts.append(first)
            first += int(own.max()) + 1
        lengths = np.diff([*starts, first])
        places = np.arange(lengths.max())[None, :]
        # Places beyond the end repeat the first vector, which changes no maximum.
        index = np.array(starts)[:, None] + np.where(places < lengths[:, None], places, 0)
        self.rows, self.groups = rows, torch.from_numpy(groups).to(rows.device)
        self.index = torch.from_numpy(index).to(rows.device)
        self.sizes = torch.bincount(self.groups).clamp(min=1)[:, None]

    def __call__(self, vectors: Tensor) -> Tensor:
        """numTokens x dim to batch x length x dim: means, not brought to unit length."""
        sums = vectors.new_zeros(len(self.sizes), vectors.shape[1]).index_add(0, self.groups, vectors[self.rows])
        return (sums / self.sizes)[self.index]


def cluster(vectors: np.ndarray, factor: int) -> np.ndarray:
    """Number of the kept vector of each token, from 0 without gaps."""
    free = len(vectors) - PROTECTED
    wanted = max(free // factor, 1)
    if factor == 1 or free < 3 or wanted >= free:
        return np.arange(len(vectors))
    inner = vectors[PROTECTED:]
    distances = np.clip(1 - inner @ inner.T, 0, 2)
    np.fill_diagonal(distances, 0)
    labels = fcluster(linkage(squareform(distances, checks=False), "ward"), wanted, "maxclust")
    return np.concatenate([np.arange(PROTECTED), PROTECTED + np.unique(labels, return_inverse=True)[1]])
