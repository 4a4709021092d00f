"""`load_file`, `save_file` and their two forms for modules, as safetensors.torch has them.

A file is the length of a JSON header as 8 little-endian bytes, the header (`name -> dtype, shape, data_offsets`),
and the bytes of all tensors.
"""
from __future__ import annotations

import json
import struct
from pathlib import Path

import torch
from torch import Tensor

DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool,
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


def read(path: str | Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and metadata of a file."""
    data = Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, about in header.items():
        begin, end = (8 + length + offset for offset in about["data_offsets"])
        dtype = DTYPES[about["dtype"]]
        values = torch.frombuffer(bytearray(data[begin:end]), dtype=dtype) if end > begin else torch.empty(0, dtype=dtype)
        tensors[name] = values.reshape(about["shape"])
    return tensors, metadata


def load_file(filename: str | Path, device: str = "cpu") -> dict[str, Tensor]:
    return read(filename)[0]


def save_file(tensors: dict[str, Tensor], filename: str | Path, metadata: dict[str, str] | None = None) -> None:
    header: dict[str, object] = {"__metadata__": metadata} if metadata else {}
    parts: list[bytes] = []
    size = 0
    for name, tensor in tensors.items():
        # NumPy has no bfloat16: bytes are taken as they lie.
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        raw = flat.view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [size, size + len(raw)]}
        parts.append(raw)
        size += len(raw)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    Path(filename).write_bytes(b"".join([struct.pack("<Q", len(text)), text, *parts]))


def load_model(
    model: torch.nn.Module, filename: str | Path, strict: bool = True, device: str = "cpu"
) -> tuple[list[str], list[str]]:
    result = model.load_state_dict(load_file(filename), strict=strict)
    return result.missing_keys, result.unexpected_keys


def save_model(model: torch.nn.Module, filename: str | Path, metadata: dict[str, str] | None = None) -> None:
    save_file(model.state_dict(), filename, metadata)
