"""Merges checkpoints of one lineage: plain averages, or SLERP of two.

    python3 merge.py --out work/merged.pt work/a/last.pt work/b/last.pt
    python3 merge.py --slerp 0.5 --out work/merged.pt work/a/last.pt work/b/last.pt
"""
from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor


def mean(parts: list[Tensor]) -> Tensor:
    return torch.stack([part.float() for part in parts]).mean(0)


def slerp(first: Tensor, second: Tensor, share: float) -> Tensor:
    """Along the arc between two tensors; along the line where they nearly point the same way (Shoemake 1985)."""
    a, b = (t.float().flatten() for t in (first, second))
    cosine = torch.dot(a / a.norm().clamp(min=1e-12), b / b.norm().clamp(min=1e-12)).clamp(-1, 1)
    angle = torch.acos(cosine)
    if angle.sin() < 1e-4:
        return torch.lerp(first.float(), second.float(), share)
    merged = (torch.sin((1 - share) * angle) * a + torch.sin(share * angle) * b) / angle.sin()
    return merged.view_as(first)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("checkpoints", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--slerp", type=float, metavar="SHARE", help="share of the second of two checkpoints")
    options = parser.parse_args()
    saved = [torch.load(path, map_location="cpu") for path in options.checkpoints]
    if any(state["shape"] != saved[0]["shape"] for state in saved):
        parser.error(f"expected checkpoints of one shape, found {[state['shape'] for state in saved]}")
    if options.slerp is not None and len(saved) != 2:
        parser.error(f"--slerp takes two checkpoints, found {len(saved)}")
    weights = {}
    for name in saved[0]["average"]:
        tensors = [state["average"][name] for state in saved]
        weights[name] = mean(tensors) if options.slerp is None else slerp(*tensors, options.slerp)
    scale = mean([state["scale"] for state in saved])
    torch.save({"shape": saved[0]["shape"], "scale": scale, "weights": weights, "average": weights}, options.out)
