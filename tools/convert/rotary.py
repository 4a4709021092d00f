"""Rotary positions from tables, as GPUs compute sines too coarsely.

WGSL lets a sine or cosine be off by 2**-11, which leaves vectors that are off by 1e-4. In a table they are as exact as
PyTorch made them, and the graph has less to compute.
"""
from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

Turns = tuple[Tensor, Tensor]
# The name that transformers gives to modules that make cosines and sines of positions, in every architecture.
NAME = "RotaryEmbedding"


def tabulate(backbone: nn.Module, rows: int) -> list[Tensor]:
    """Lets every such module look up the positions 0 to rows - 1.

    Tables are made when the model runs next, which has to be before it is traced; they are added to the result then.
    """
    tables: list[Tensor] = []
    for module in backbone.modules():
        if not type(module).__name__.endswith(NAME):
            continue
        # Others rotate what they are given, which they do as they like.
        if "position_ids" in inspect.signature(module.forward).parameters:
            module.forward = from_table(module, module.forward, rows, tables)
    return tables


def from_table(
    module: nn.Module, compute: Callable[..., Turns], rows: int, tables: list[Tensor]
) -> Callable[..., Turns]:
    """A forward for the module. `tables` are those of all modules: layers mostly have the same."""
    # A buffer for each kind of layers; none where the turns depend on more than the position.
    names: dict[Any, str | None] = {}

    def forward(x: Tensor, position_ids: Tensor, *kind: Any, **kinds: Any) -> Turns:
        key = (kind, *kinds.items())
        if key not in names:
            table = make_table(lambda positions: torch.stack(compute(x, positions, *kind, **kinds), -2), position_ids, rows)
            names[key] = None if table is None else f"turns_{len(names)}"
            if table is not None:
                tables.append(next((other for other in tables if torch.equal(other, table)), table))
                module.register_buffer(names[key], tables[-1])
        if names[key] is None:
            return compute(x, position_ids, *kind, **kinds)
        cosines, sines = getattr(module, names[key])[position_ids].unbind(-2)
        return cosines.to(x.dtype), sines.to(x.dtype)

    return forward


def make_table(compute: Callable[[Tensor], Tensor], example: Tensor, rows: int) -> Tensor | None:
    """rows x 2 x size: not a matrix, so that what quantises embeddings leaves it alone."""
    positions = torch.arange(rows).expand(*example.shape[:-1], rows)
    found = compute(positions)
    table = found.reshape(-1, *found.shape[-3:])[0].contiguous()
    # Scaled positions may turn otherwise in a long text than in a short one.
    return table if torch.allclose(table[example], compute(example), rtol=0, atol=1e-6) else None
