"""Stands in for the safetensors package where it cannot be installed: the reader, and a writer for tests."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace


@contextmanager
def safe_open(filename: str | Path, framework: str = "pt", device: str = "cpu") -> Iterator[SimpleNamespace]:
    """The part of the real one that readers of whole tensors use."""
    from .torch import read

    tensors, metadata = read(filename)
    yield SimpleNamespace(keys=lambda: list(tensors), get_tensor=tensors.__getitem__, metadata=lambda: metadata)
