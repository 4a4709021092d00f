"""Other word vectors under a trained model: what it learnt stays, and better vectors count at once.

    python3 exchange.py --checkpoint work/finish/last.pt --old work/embeddings.npy --new more/embeddings.npy --out more/exchanged.pt

The new vectors are turned so that they agree with the old ones as far as a turn can make them (orthogonal Procrustes; Schönemann
1966), and what training moved every piece by is added. Both are of the same pieces.
"""
from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from model import EMBEDDING_NORM, TABLE, start_of_table


def turned(new: np.ndarray, old: np.ndarray) -> np.ndarray:
    """`new` with all components but the first, which says how common a piece is, in the directions of `old`."""
    if new.shape != old.shape:
        raise ValueError(f"Expected word vectors of the same pieces, found {new.shape} and {old.shape}: use one tokenizer for both.")
    left, _, right = np.linalg.svd(new[:, 1:].T @ old[:, 1:])
    return np.concatenate([new[:, :1], new[:, 1:] @ (left @ right)], axis=1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--old", type=Path, required=True, help="word vectors the checkpoint started from")
    parser.add_argument("--new", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    saved = torch.load(options.checkpoint, map_location="cpu")
    before, after = np.load(options.old), np.load(options.new)
    norm = float(saved.get("options", {}).get("embedding_norm", EMBEDDING_NORM))
    start = start_of_table(before, norm)
    moved = saved["average"][TABLE] - start
    saved["average"][TABLE] = start_of_table(turned(after, before), norm) + moved
    options.out.parent.mkdir(parents=True, exist_ok=True)
    torch.save({key: saved[key] for key in ("shape", "step", "scale", "average")}, options.out)
    print(f"{options.out}: vectors moved by {moved.norm() / start.norm():.3f} of their length")
