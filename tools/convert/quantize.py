"""Smaller forms of a float32 ONNX graph, made with the onnx package alone.

`dynamic_int8`: constant matrix products become integer products of activations that are quantised as they come, and
large embedding tables rows of int8. Weights keep 7 bits (-64 to 64), with a scale for each column: processors without a dot
product of bytes add pairs of products in 16 bits, which 8-bit weights overflow.

`float16`: large matrices are stored as halves, and turned back before they are used; everything is computed in float32.

    python3 quantize.py q8 model.onnx model_quantized.onnx
"""
from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

# A protocol buffer cannot be larger than 2 GiB.
MAX_FILE_BYTES = 2**31 - 2**20
# Smaller ones are not worth the extra operators.
MIN_WEIGHTS = 1024
MIN_EMBEDDING_ROWS = 1024
LARGEST_WEIGHT, LARGEST_ROW = 64, 127


def dynamic_int8(model: onnx.ModelProto, min_weights: int = MIN_WEIGHTS) -> onnx.ModelProto:
    """Changes the model and gives it back; matrices of fewer weights stay."""
    graph = model.graph
    floats = [tensor for tensor in graph.initializer if tensor.data_type == TensorProto.FLOAT]
    constants = {tensor.name: tensor for tensor in floats if len(tensor.dims) == 2}
    quantized: set[str] = set()
    added: dict[str, TensorProto] = {}
    nodes: list[NodeProto] = []
    for node in graph.node:
        weight = constants.get(node.input[1]) if node.op_type == "MatMul" else None
        table = constants.get(node.input[0]) if node.op_type == "Gather" else None
        if weight is not None and size(weight) >= min_weights:
            nodes += integer_product(node, weight, quantized, added)
        elif table is not None and table.dims[0] >= MIN_EMBEDDING_ROWS:
            nodes += int8_rows(node, table, added)
        else:
            nodes.append(node)
    return replace(model, nodes, added)


def integer_product(
    node: NodeProto, weight: TensorProto, quantized: set[str], added: dict[str, TensorProto]
) -> list[NodeProto]:
    """A (float32, ... x K) times B (K x N): A as bytes with a scale and a zero of its own, B as int8 with a scale a column."""
    (a, b), (out,) = node.input, node.output
    codes, scale, zero = f"{a}_codes", f"{a}_scale", f"{a}_zero"
    nodes: list[NodeProto] = []
    # Query, key and value share what they multiply.
    if a not in quantized:
        quantized.add(a)
        nodes.append(helper.make_node("DynamicQuantizeLinear", [a], [codes, scale, zero], name=f"{a}_quantize"))
    if f"{b}_codes" not in added:
        values = numpy_helper.to_array(weight)
        steps = np.maximum(np.abs(values).max(0), 1e-12).astype(np.float32) / LARGEST_WEIGHT
        constant(added, f"{b}_codes", np.rint(values / steps).astype(np.int8))
        constant(added, f"{b}_scale", steps)
        constant(added, f"{b}_zero", np.zeros((), np.int8))
    codes_of_b, scale_of_b, zero_of_b = f"{b}_codes", f"{b}_scale", f"{b}_zero"
    sums, numbers, product = f"{out}_sums", f"{out}_numbers", f"{out}_scale"
    return nodes + [
        helper.make_node("MatMulInteger", [codes, codes_of_b, zero, zero_of_b], [sums], name=f"{out}_integer"),
        helper.make_node("Cast", [sums], [numbers], name=f"{out}_numbers", to=TensorProto.FLOAT),
        helper.make_node("Mul", [scale, scale_of_b], [product], name=f"{out}_scale"),
        helper.make_node("Mul", [numbers, product], [out], name=f"{out}_scaled"),
    ]


def int8_rows(node: NodeProto, table: TensorProto, added: dict[str, TensorProto]) -> list[NodeProto]:
    """Rows of a table as int8, each with the scale it needs: gathered first, turned into numbers after."""
    (name, ids), (out,) = node.input, node.output
    if f"{name}_codes" not in added:
        values = numpy_helper.to_array(table)
        steps = np.maximum(np.abs(values).max(1, keepdims=True), 1e-12).astype(np.float32) / LARGEST_ROW
        constant(added, f"{name}_codes", np.rint(values / steps).astype(np.int8))
        constant(added, f"{name}_scales", steps)
    codes, numbers, scales = f"{out}_codes", f"{out}_numbers", f"{out}_scales"
    return [
        helper.make_node("Gather", [f"{name}_codes", ids], [codes], name=f"{out}_codes"),
        helper.make_node("Cast", [codes], [numbers], name=f"{out}_numbers", to=TensorProto.FLOAT),
        helper.make_node("Gather", [f"{name}_scales", ids], [scales], name=f"{out}_scales"),
        helper.make_node("Mul", [numbers, scales], [out], name=f"{out}_scaled"),
    ]


def float16(model: onnx.ModelProto, min_weights: int = MIN_WEIGHTS) -> onnx.ModelProto:
    """Changes the model and gives it back; matrices of fewer weights stay. Runtimes fold the casts when they load it."""
    added: dict[str, TensorProto] = {}
    casts: list[NodeProto] = []
    for tensor in model.graph.initializer:
        is_matrix = tensor.data_type == TensorProto.FLOAT and len(tensor.dims) == 2
        if not is_matrix or size(tensor) < min_weights:
            continue
        values = numpy_helper.to_array(tensor)
        if np.abs(values).max() > np.finfo(np.float16).max:
            continue
        half = f"{tensor.name}_half"
        constant(added, half, values.astype(np.float16))
        casts.append(helper.make_node("Cast", [half], [tensor.name], name=f"{half}_cast", to=TensorProto.FLOAT))
    return replace(model, [*casts, *model.graph.node], added)


def replace(model: onnx.ModelProto, nodes: list[NodeProto], added: dict[str, TensorProto]) -> onnx.ModelProto:
    """Takes other nodes and more constants, and drops the constants that nothing asks for any more."""
    graph = model.graph
    nodes = [NodeProto.FromString(node.SerializeToString()) for node in nodes]
    made = {name for node in nodes for name in node.output}
    used = {name for node in nodes for name in node.input} - made
    kept = [TensorProto.FromString(tensor.SerializeToString()) for tensor in graph.initializer if tensor.name in used]
    del graph.node[:]
    del graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend([*kept, *added.values()])
    return model


def constant(added: dict[str, TensorProto], name: str, values: np.ndarray) -> None:
    added[name] = numpy_helper.from_array(np.ascontiguousarray(values) if values.ndim else values, name)


def size(tensor: TensorProto) -> int:
    return int(np.prod(tensor.dims))


FORMS: dict[str, Callable[..., onnx.ModelProto]] = {"q8": dynamic_int8, "fp16": float16}


def quantize(source: Path, target: Path, form: str, min_weights: int = MIN_WEIGHTS) -> None:
    """Writes another form of an ONNX file."""
    save(FORMS[form](onnx.load(str(source)), min_weights), target)


def save(model: onnx.ModelProto, target: Path) -> None:
    """Writes one file, and the weights of models that are too large for it beside it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if sum(len(tensor.raw_data) for tensor in model.graph.initializer) < MAX_FILE_BYTES:
        onnx.checker.check_model(model)
        onnx.save(model, str(target))
    else:
        data = f"{target.name}_data"
        # What is there already would be written behind.
        (target.parent / data).unlink(missing_ok=True)
        onnx.save(model, str(target), save_as_external_data=True, all_tensors_to_one_file=True, location=data)


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in FORMS:
        sys.exit(f"usage: python3 quantize.py {'|'.join(FORMS)} model.onnx out.onnx")
    quantize(Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[1])
