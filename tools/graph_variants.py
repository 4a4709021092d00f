"""Writes fixtures/graphs: the graph of fixtures/tiny-model as other exporters would have written it.

    pip install numpy onnx==1.23.1
    python tools/graph_variants.py

All but the last ones compute the same hidden states, so that the head and the known answers of the tiny model
serve for each: what differs are names, types and number of inputs and outputs, and where tensors are stored.
"""
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tiny_model import EMBEDDING, HIDDEN, TYPES

OUT = Path(__file__).resolve().parent.parent / "fixtures" / "graphs"
INT64, INT32, BOOL, FLOAT, HALF = TensorProto.INT64, TensorProto.INT32, TensorProto.BOOL, TensorProto.FLOAT, TensorProto.FLOAT16


def variant(ids=("input_ids", INT64), mask=("attention_mask", INT64), others=(("token_type_ids", INT64),), axes=("batch", "seq"),
            output=("last_hidden_state", FLOAT, 3), more_outputs=(), embedding=EMBEDDING, op="Add", constants=None):
    """The graph of the tiny model; `output` is its name, type and rank."""
    inputs = [helper.make_tensor_value_info(name, kind, list(axes)) for name, kind in (ids, mask, *others)]
    name, kind, rank = output
    kinds = {"token_type_ids": "types", "segment_ids": "types", "position_ids": "positions"}
    # A table whose rows say where they stand: only the positions 0, 1, 2 … leave the sum as it is.
    tables = {"embedding": embedding, "types": TYPES, "positions": np.arange(16, dtype=np.float32)[:, None]}
    stored = {"last": np.array([2], np.int64), "second": np.array([1], np.int64), "ramp": np.arange(16, dtype=np.float32)[None, :, None]}
    nodes = [helper.make_node("Gather", ["embedding", ids[0]], ["sum_0"])]
    used = ["embedding"]
    state = "sum_0"
    if not any(kinds[other] == "types" for other, _ in others):
        stored["type"] = TYPES[0]
        nodes += [helper.make_node("Add", [state, "type"], ["typed"])]
        state = "typed"
    for other, _ in others:
        table = kinds[other]
        used.append(table)
        nodes += [helper.make_node("Gather", [table, other], [f"{other}_rows"]), helper.make_node("Add", [state, f"{other}_rows"], [f"{other}_sum"])]
        state = f"{other}_sum"
        if table == "positions":
            stored.update(zero=np.array([0], np.int64), one=np.array([1], np.int64))
            nodes += [
                helper.make_node("Shape", [ids[0]], ["shape"]),
                helper.make_node("Gather", ["shape", "one"], ["length"]),
                helper.make_node("Slice", ["ramp", "zero", "length", "one"], ["expected"]),
                helper.make_node("Sub", [state, "expected"], ["placed"]),
            ]
            state = "placed"
    nodes += [
        helper.make_node("Cast", [mask[0]], ["mask_floats"], to=FLOAT),
        helper.make_node("Unsqueeze", ["mask_floats", "last"], ["column"]),
        helper.make_node("Mul", [state, "column"], ["attended"]),
        helper.make_node("ReduceSum", ["attended", "second"], ["total"]),
        helper.make_node("ReduceSum", ["column", "second"], ["count"]),
        helper.make_node("Div", ["total", "count"], ["mean"]),
        helper.make_node(op, [state, "mean"], ["hidden"], domain="" if op == "Add" else "com.example"),
    ]
    result = "hidden"
    if rank == 2:
        stored["flat"] = np.array([-1, HIDDEN], np.int64)
        nodes += [helper.make_node("Reshape", [result, "flat"], ["rows"])]
        result = "rows"
    nodes += [helper.make_node("Cast", [result], [name], to=kind)]
    outputs = [helper.make_tensor_value_info(name, kind, ["batch", "seq", HIDDEN] if rank == 3 else ["rows", HIDDEN])]
    extra = []
    for other, node, shape in more_outputs:
        nodes.append(node)
        extra.append(helper.make_tensor_value_info(other, FLOAT, shape))
    stored = {key: value for key, value in stored.items() if any(key in node.input for node in nodes)}
    initializers = [numpy_helper.from_array(value, key) for key, value in {**{u: tables[u] for u in used}, **stored}.items()]
    graph = helper.make_graph(nodes, "variant", inputs, [*extra, *outputs], initializers)
    opsets = [helper.make_opsetid("", 17)] + ([] if op == "Add" else [helper.make_opsetid("com.example", 1)])
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="")


def external(model, location):
    """Moves the tables into a file beside the graph; a few numbers that shapes follow from have to stay."""
    data = b""
    for tensor in model.graph.initializer:
        raw = tensor.raw_data
        if len(raw) < 64:
            continue
        # Where a page of memory begins, as exporters align what may be mapped.
        data += bytes(-len(data) % 64)
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", location), ("offset", str(len(data))), ("length", str(len(raw)))):
            entry = tensor.external_data.add()
            entry.key, entry.value = key, value
        data += raw
    (OUT / location).write_bytes(data)
    return model


def pooled(name):
    return (name, helper.make_node("Squeeze", ["total", "second"], [name]), ["batch", HIDDEN])


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(6)
    wide = helper.make_node("Concat", ["hidden", "hidden"], ["contextual"], axis=2)
    graphs = {
        "int32": variant(ids=("input_ids", INT32), mask=("attention_mask", INT32), others=()),
        "bool-mask": variant(mask=("attention_mask", BOOL)),
        "float-mask": variant(mask=("attention_mask", FLOAT)),
        "other-names": variant(mask=("input_mask", INT32), others=(("segment_ids", INT32),), output=("output_0", FLOAT, 3)),
        "positions": variant(others=(("position_ids", INT64), ("token_type_ids", INT64))),
        "half-output": variant(output=("token_embeddings", HALF, 3)),
        "rows-output": variant(output=("rows_out", FLOAT, 2)),
        # By its name "contextual" would be taken; only "encoded" has a width the model knows.
        "several-outputs": variant(output=("encoded", FLOAT, 3), more_outputs=[
            pooled("pooler_output"), ("contextual", wide, ["batch", "seq", 2 * HIDDEN])]),
        "pooled-only": variant(more_outputs=[pooled("sentence_embedding")]),
        "fixed-length": variant(axes=("batch", 16)),
        "unknown-input": variant(),
        "unknown-operator": variant(op="Sharpen"),
        # What saturated products or a wrong kernel would give: numbers, and the wrong ones.
        "wrong-answers": variant(embedding=(EMBEDDING + rng.normal(size=EMBEDDING.shape)).astype(np.float32)),
        "external": external(variant(), "external.onnx_data"),
    }
    del graphs["pooled-only"].graph.output[1:]
    graphs["unknown-input"].graph.input.append(helper.make_tensor_value_info("pixel_values", FLOAT, ["batch", 3, 8, 8]))
    for name, model in graphs.items():
        if name not in ("external", "unknown-operator"):
            onnx.checker.check_model(model)
        (OUT / f"{name}.onnx").write_bytes(model.SerializeToString())
    print(sum(f.stat().st_size for f in OUT.iterdir()), "bytes")
