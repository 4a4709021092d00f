"""MaxSim of all queries of a batch with all its documents, and its gradient, as three matrix products."""
from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class MaxSim(torch.autograd.Function):
    """queries: rows x dim; documents: numDocuments x length x dim; result: rows x numDocuments, the best product of each."""

    @staticmethod
    def forward(ctx: Any, queries: Tensor, documents: Tensor) -> Tensor:
        count, length, dim = documents.shape
        flat = documents.reshape(-1, dim)
        best, at = (queries @ flat.T).view(-1, count, length).max(-1)
        ctx.save_for_backward(queries, flat, at + torch.arange(count, device=at.device) * length)
        ctx.shape = documents.shape
        return best

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        queries, flat, at = ctx.saved_tensors
        spread = torch.zeros(len(queries), len(flat), dtype=gradient.dtype, device=gradient.device).scatter_(1, at, gradient)
        return spread @ flat, (spread.T @ queries).view(ctx.shape)


def max_sim(queries: Tensor, documents: Tensor, rows_at_a_time: int = 2048) -> Tensor:
    """As MaxSim, in pieces that bound memory."""
    return torch.cat([MaxSim.apply(part, documents) for part in queries.split(rows_at_a_time)])


def scores(queries: Tensor, owners: Tensor, count: int, documents: Tensor) -> Tensor:
    """Sums of the best products: count x numDocuments, in float32. owners: the text each row of queries belongs to."""
    best = max_sim(queries, documents).float()
    return best.new_zeros(count, best.shape[1]).index_add(0, owners, best)
