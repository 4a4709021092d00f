"""Writes fixtures/tiny-model: a model of a few hundred weights whose head lies beside the graph.

    pip install numpy onnx==1.23.1
    python tools/tiny_model.py

It has everything the shipped model has not: a chain of two Dense layers with bias, activation and residual in
three number formats, token types as an input, markers with a space in them, query expansion, a skiplist word
that is not in the vocabulary. Its graph looks a hidden state up for every id and adds the mean of the attended
ones, so that attention and padding can be told from the vectors. The known answers are computed here, in double
precision.
"""
import json, math, struct
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OUT = Path(__file__).resolve().parent.parent / "fixtures" / "tiny-model"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[Q] ", "[D] "]
WORDS = list("abcdefgh") + ["##" + c for c in "abcdefgh"] + [".", ",", "cab", "bad", "##ge"]
VOCAB = {token: i for i, token in enumerate(SPECIAL + WORDS)}
HIDDEN, MIDDLE, DIM, QUERY_LENGTH, DOCUMENT_LENGTH = 8, 6, 4, 8, 10
rng = np.random.default_rng(5)


def half(a):
    return a.astype(np.float16).astype(np.float64)


def bfloat(a):
    bits = a.astype(np.float32).view(np.uint32) & 0xFFFF0000
    return bits.view(np.float32).astype(np.float64)


EMBEDDING = rng.normal(size=(len(VOCAB), HIDDEN)).astype(np.float32)
TYPES = rng.normal(size=(2, HIDDEN)).astype(np.float32)
LAYERS = [
    {"weight": half(rng.normal(size=(MIDDLE, HIDDEN))), "bias": half(rng.normal(size=MIDDLE)), "residual": None,
     "activation": "torch.nn.modules.activation.GELU", "dtype": "F16"},
    {"weight": bfloat(rng.normal(size=(DIM, MIDDLE))), "bias": None, "residual": bfloat(rng.normal(size=(DIM, MIDDLE))),
     "activation": "torch.nn.modules.activation.Tanh", "dtype": "BF16"},
]


def graph():
    inputs = [helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", "seq"]) for n in ("input_ids", "attention_mask", "token_type_ids")]
    output = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "seq", HIDDEN])
    constants = {"embedding": EMBEDDING, "types": TYPES, "last": np.array([2], np.int64), "second": np.array([1], np.int64)}
    nodes = [
        helper.make_node("Gather", ["embedding", "input_ids"], ["words"]),
        helper.make_node("Gather", ["types", "token_type_ids"], ["kinds"]),
        helper.make_node("Add", ["words", "kinds"], ["states"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["column"]),
        helper.make_node("Mul", ["states", "column"], ["attended"]),
        helper.make_node("ReduceSum", ["attended", "second"], ["sum"]),
        helper.make_node("ReduceSum", ["column", "second"], ["count"]),
        helper.make_node("Div", ["sum", "count"], ["mean"]),
        helper.make_node("Add", ["states", "mean"], ["last_hidden_state"]),
    ]
    made = helper.make_graph(nodes, "tiny", inputs, [output], [numpy_helper.from_array(v, k) for k, v in constants.items()])
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="")
    onnx.checker.check_model(model)
    return model.SerializeToString()


def encode(ids, attention):
    states = EMBEDDING[ids].astype(np.float64) + TYPES[0]
    mask = np.array(attention, float)[:, None]
    x = states + (states * mask).sum(0) / mask.sum()
    erf = np.vectorize(math.erf)
    for layer in LAYERS:
        y = x @ layer["weight"].T + (0 if layer["bias"] is None else layer["bias"])
        y = np.tanh(y) if "Tanh" in layer["activation"] else 0.5 * y * (1 + erf(y / math.sqrt(2)))
        x = y if layer["residual"] is None else y + x @ layer["residual"].T
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def safetensors(tensors, dtype):
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, values in tensors.items():
        raw = values.astype("<f2").tobytes() if dtype == "F16" else (values.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()
        header[name] = {"dtype": dtype, "shape": list(values.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def write(path, content):
    target = OUT / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content if isinstance(content, bytes) else (json.dumps(content, indent=1) + "\n").encode())


def tokenizer():
    def added(token):
        return {"id": VOCAB[token], "content": token, "single_word": False, "lstrip": False, "rstrip": False,
                "normalized": token.endswith(" "), "special": not token.endswith(" ")}

    def special(token):
        return {"SpecialToken": {"id": token, "type_id": 0}}

    return {
        "version": "1.0", "truncation": {"max_length": 5, "strategy": "LongestFirst", "stride": 0, "direction": "Right"}, "padding": None,
        "added_tokens": [added(t) for t in SPECIAL],
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing",
                           "single": [special("[CLS]"), {"Sequence": {"id": "A", "type_id": 0}}, special("[SEP]")],
                           "pair": [special("[CLS]"), {"Sequence": {"id": "A", "type_id": 0}}, special("[SEP]")],
                           "special_tokens": {t: {"id": t, "ids": [VOCAB[t]], "tokens": [t]} for t in ("[CLS]", "[SEP]")}},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": VOCAB},
    }


if __name__ == "__main__":
    write("onnx/model.onnx", graph())
    write("tokenizer.json", tokenizer())
    write("tokenizer_config.json", {"mask_token": {"content": "[MASK]"}, "pad_token": "[PAD]"})
    write("config.json", {"hidden_size": HIDDEN})
    write("sentence_bert_config.json", {"max_seq_length": DOCUMENT_LENGTH, "do_lower_case": False})
    write("modules.json", [{"idx": i, "name": str(i), "path": p, "type": t} for i, (p, t) in enumerate([
        ("", "sentence_transformers.models.Transformer"), ("1_Dense", "pylate.models.Dense.Dense"), ("2_Dense", "sentence_transformers.models.Dense")])])
    write("config_sentence_transformers.json", {
        "model_type": "ColBERT", "prompts": {}, "default_prompt_name": None, "similarity_fn_name": "MaxSim", "query_prefix": "[Q] ", "document_prefix": "[D] ",
        "query_length": QUERY_LENGTH, "document_length": DOCUMENT_LENGTH, "do_query_expansion": True, "attend_to_expansion_tokens": False, "skiplist_words": [".", ",", "?"]})
    for i, layer in enumerate(LAYERS, 1):
        rows, columns = layer["weight"].shape
        write(f"{i}_Dense/config.json", {"in_features": columns, "out_features": rows, "bias": layer["bias"] is not None,
                                         "activation_function": layer["activation"], "use_residual": layer["residual"] is not None})
        tensors = {"linear.weight": layer["weight"]}
        if layer["bias"] is not None:
            tensors["linear.bias"] = layer["bias"]
        if layer["residual"] is not None:
            tensors["residual.weight"] = layer["residual"]
        write(f"{i}_Dense/model.safetensors", safetensors(tensors, layer["dtype"]))
    v = lambda *tokens: [VOCAB[t] for t in tokens]
    cases = [
        ("query", "bad cab", v("[CLS]", "[Q] ", "bad", "cab", "[SEP]", "[MASK]", "[MASK]", "[MASK]"), [1] * 5 + [0] * 3),
        ("document", "A cab, abge.", v("[CLS]", "[D] ", "a", "cab", ",", "a", "##b", "##ge", ".", "[SEP]"), [1] * 10),
    ]
    write("reference.json", [{"kind": kind, "text": text, "input_ids": ids, "vectors": encode(ids, attention).round(7).tolist()} for kind, text, ids, attention in cases])
    print(sum(f.stat().st_size for f in OUT.rglob("*") if f.is_file()), "bytes")
