"""Makes the folder a library starts from, exports what it saved, and writes parity.json."""

import base64
import json
import os
import sys
import zlib

import numpy
import torch


def seeded(model, seed):
    """Weights that keep tokens apart: each tensor from its own seed, scaled by what feeds it."""
    with torch.no_grad():
        for name, tensor in sorted(model.state_dict().items()):
            if not tensor.is_floating_point():
                continue
            generator = torch.Generator().manual_seed(seed * 1_000_003 + zlib.crc32(name.encode()))
            noise = torch.randn(tensor.shape, generator=generator)
            if tensor.dim() == 1:
                is_norm = "norm" in name.lower() and name.endswith("weight")
                tensor.copy_((1 if is_norm else 0) + noise * 0.1)
            elif "embed" in name.lower():
                # What all tokens share keeps most similarities above 0, as in trained models.
                common = torch.randn(tensor.shape[1], generator=generator) * 0.35
                tensor.copy_(noise * 0.3 if "position" in name or "type" in name else noise + common)
            else:
                tensor.copy_(noise * (0.8 / numpy.sqrt(tensor[0].numel())))
    return model


def base_folder(folder, config, tokenizer, seed):
    """A checkpoint without head, as a library finds it on the Hub: config.json, weights, tokenizer files."""
    from transformers import AutoConfig, AutoModel

    os.makedirs(folder, exist_ok=True)
    rules, tokenizer_config = tokenizer
    write_json(os.path.join(folder, "tokenizer_config.json"), tokenizer_config)
    if isinstance(rules, list):
        with open(os.path.join(folder, "vocab.txt"), "w", encoding="utf-8") as file:
            file.writelines(word + "\n" for word in rules)
    else:
        write_json(os.path.join(folder, "tokenizer.json"), rules)
    write_json(os.path.join(folder, "config.json"), config)
    model = seeded(AutoModel.from_config(AutoConfig.from_pretrained(folder)), seed)
    model.save_pretrained(folder)
    return folder


def export(folder, takes_types, head=None, output="last_hidden_state", quantized=False):
    """onnx/model.onnx by the converter: hidden states, or with a head the vectors of tokens; and where asked its q8 form."""
    import pathlib

    from encoder import Encoder, load_backbone
    from export import export as to_onnx
    from layouts import read_layout
    from quantize import quantize

    encoder = Encoder(load_backbone(pathlib.Path(folder), trust_remote_code=False), head, takes_types).eval()
    path = pathlib.Path(folder, "onnx", "model.onnx")
    to_onnx(encoder, path, output, 17, read_layout(pathlib.Path(folder)).longest)
    shorten(path)
    if quantized:
        # No matrix of a tiny model would be large enough.
        quantize(path, path.with_name("model_quantized.onnx"), "q8", min_weights=0)


def shorten(path):
    """Long names of nodes and of values between them outweigh a tiny model's weights."""
    import onnx

    model = onnx.load(str(path))
    graph = model.graph
    kept = {value.name for value in [*graph.input, *graph.output, *graph.initializer]} | {""}
    short = {}
    for node in graph.node:
        node.name = node.doc_string = ""
        for names in (node.input, node.output):
            names[:] = [name if name in kept else short.setdefault(name, str(len(short))) for name in names]
    del graph.value_info[:]
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def write_goldens(folder, answers):
    """reference.json: ids and all their vectors, unit length, before anything is dropped."""
    rows = [
        {"kind": kind, "text": text, "input_ids": [int(id) for id in ids], "vectors": numpy.asarray(rows, dtype="f8").round(7).tolist()}
        for kind, text, ids, rows in answers
    ]
    with open(os.path.join(folder, "reference.json"), "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


def entry(text, ids, attention, kept, vectors):
    vectors = numpy.ascontiguousarray(vectors, dtype="<f4")
    assert len(kept) == len(vectors), (text, len(kept), vectors.shape)
    assert numpy.isfinite(vectors).all(), text
    return {
        "text": text,
        "ids": [int(id) for id in ids],
        "attention": [int(bit) for bit in attention],
        "kept": [int(position) for position in kept],
        "vectors": base64.b64encode(vectors.tobytes()).decode(),
    }


def vectors_of(entry, dim):
    return numpy.frombuffer(base64.b64decode(entry["vectors"]), dtype="<f4").reshape(-1, dim)


def spread(entries, dim):
    """Mean cosine between the different vectors of all documents: near 1 the checkpoint would prove nothing."""
    rows = numpy.concatenate([vectors_of(entry, dim) for entry in entries])
    rows = numpy.unique(rows.round(5), axis=0)
    return float((numpy.linalg.norm(rows.sum(axis=0)) ** 2 - len(rows)) / (len(rows) * (len(rows) - 1)))


def write_parity(folder, parity, name="parity.json"):
    """One line for each text, row of scores or pooled document, so that a change shows where it is."""
    parts = []
    for key, value in parity.items():
        if isinstance(value, list):
            value = "[\n" + ",\n".join(f"  {json.dumps(item)}" for item in value) + "\n]"
        else:
            value = json.dumps(value)
        parts.append(f"{json.dumps(key)}: {value}")
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write("{\n" + ",\n".join(parts) + "\n}\n")


def store_as(dtype, path):
    """Stores tensors anew in fewer bits."""
    from safetensors.torch import load_file, save_file

    save_file({name: tensor.to(dtype) for name, tensor in load_file(path).items()}, path, {"format": "pt"})


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def write_json(path, value):
    with open(path, "w", encoding="utf-8") as file:
        file.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def reference(library, notes=None):
    """Who made the record: the library with its version, what it ran on, and what stood in for what."""
    import importlib

    import lazy

    names = {"PyLate": "pylate", "Sentence-Transformers": "sentence_transformers", "Stanford ColBERT": "colbert"}
    version = getattr(importlib.import_module(names[library]), "__version__", None) or setup_version(names[library])
    versions = {"python": ".".join(str(part) for part in sys.version_info[:3]), "torch": torch.__version__}
    for name in ["sentence_transformers", "scipy", "sentencepiece", "MeCab"]:
        if getattr(sys.modules.get(name), "__version__", None):
            versions[name] = sys.modules[name].__version__
    versions["tokenizers"] = tokenizers_version()
    if lazy.installed("transformers"):
        versions["transformers"] = sys.modules["transformers"].__version__
        standins = ""
    else:
        standins = (
            f"{library} is its own source code. transformers is a stand-in (tools/standins): the backbone in plain PyTorch, "
            "the tokenizer the Rust library of Hugging Face in Node with what transformers adds rewritten. Recorded vectors "
            "and the ONNX file come from this one backbone: agreement proves tokens, masks, head, scores and the runtime, not "
            "that the backbone equals that of transformers."
        )
    notes = " ".join(part for part in [notes, standins] if part)
    # A checkout's version string can be older than its code: a revision says what ran.
    revision = os.environ.get("LATEEN_PYLATE_REVISION") if library == "PyLate" else None
    label = f"{library} {version}" if version else library
    found = {"library": f"{label} + main at {revision}" if revision else label, "versions": versions}
    return {**found, "notes": notes} if notes else found


def tokenizers_version():
    import lazy

    if lazy.installed("transformers"):
        import tokenizers

        return tokenizers.__version__
    from transformers.tokenizers import Rust

    return Rust.ask("version")


def setup_version(name):
    """The version in the setup.py beside a checkout's package."""
    import re

    path = os.path.join(os.path.dirname(sys.modules[name].__file__), "..", "setup.py")
    if not os.path.isfile(path):
        return None
    with open(path, encoding="utf-8") as file:
        found = re.search(r"version=['\"]([^'\"]+)", file.read())
    return found and found.group(1)


def pooled_json(pools):
    return [
        {
            "factor": factor,
            "protected": protected,
            "document": number,
            "rows": len(rows),
            "vectors": base64.b64encode(numpy.ascontiguousarray(rows, dtype="<f4").tobytes()).decode(),
        }
        for factor, protected, number, rows in pools
    ]


def agrees(row, order):
    """Whether an order goes from the best score to the worst, equal ones in any order."""
    return all(row[a] >= row[b] - 1e-5 for a, b in zip(order, order[1:]))


def check(parity, dim):
    """A record that could not tell right from wrong is refused."""
    mean = spread(parity["documents"], dim)
    assert mean < 0.7, f"vectors collapse: mean cosine {mean:.2f}"
    assert len(parity["queries"]) >= 6 and len(parity["documents"]) >= 12
    for row, order in zip(parity["scores"], parity["ranks"]):
        assert sorted(order) == list(range(len(row)))
        assert agrees(row, order), "ranks and scores disagree"
    print(f"  mean cosine {mean:.3f}, {len(parity['queries'])} queries, {len(parity['documents'])} documents")
