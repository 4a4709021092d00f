"""From a PyTorch module to an ONNX file with free batch and length."""
from __future__ import annotations

import inspect
import sys
import tempfile
import warnings
from pathlib import Path

import onnx
import torch

from encoder import Encoder
from quantize import save
from rotary import tabulate

# Longer than the windows of local attention, which code may leave out of shorter texts.
TRACED_LENGTH = 512


def export(encoder: Encoder, target: Path, output: str, opset: int, longest: int) -> int | None:
    """Inputs int64 batch x length, as `encoder.inputs` names them; output float32 batch x length x width.

    Texts have at most `longest` tokens: so many rotary positions are stored, and returned if there are any.
    Changes the encoder.
    """
    positions = min(longest, getattr(encoder.backbone.config, "max_position_embeddings", longest))
    tables = tabulate(encoder.backbone, positions)
    length = min(longest, TRACED_LENGTH)
    ids = torch.randint(1, 9, (2, length))
    mask = torch.ones_like(ids)
    mask[1, length - 2 :] = 0
    arguments = (ids, mask, *([torch.zeros_like(ids)] if encoder.takes_types else []))
    axes = {name: {0: "batch", 1: "length"} for name in [*encoder.inputs, output]}
    # The newer exporter has no fixed lengths either, but graphs that runtimes fuse less of.
    older = {"dynamo": False} if "dynamo" in inspect.signature(torch.onnx.export).parameters else {}
    with tempfile.TemporaryDirectory() as folder, torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        width = encoder(*arguments).shape[-1]
        path = Path(folder) / "model.onnx"
        torch.onnx.export(
            encoder, arguments, str(path), opset_version=opset, input_names=encoder.inputs, output_names=[output],
            dynamic_axes=axes, do_constant_folding=True, **older,
        )
        model = onnx.load(str(path))
    if any(node.op_type in ("Cos", "Sin") for node in model.graph.node):
        print("The graph computes sines, which GPUs do coarsely: vectors may be off by 1e-3 there", file=sys.stderr, flush=True)
    # Older exporters write an input that is left out as an empty one, which crashes ONNX Runtime when it fuses layers.
    for node in model.graph.node:
        while node.input and node.input[-1] == "":
            del node.input[-1]
    # They lose the width on their way, too.
    shape = [{"dim_param": "batch"}, {"dim_param": "length"}, {"dim_value": width}]
    result = model.graph.output[0].type.tensor_type.shape
    result.Clear()
    for axis in shape:
        result.dim.add(**axis)
    save(model, target)
    return positions if tables else None
