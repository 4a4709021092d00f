"""Stage 6: a checkpoint of training becomes one that PyLate and Sentence-Transformers load.

    python3 export.py --checkpoint work/long/last.pt --tokenizer work/tokenizer --dim 64 --out work/lateen-mini

`lateen model convert` then writes the ONNX files, the known answers and the hashes: see README.md. `--dim` keeps the leading
rows of the projection, which is what a Matryoshka head is cut to.
"""
from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

import torch

from words import PUNCTUATION

QUERY_LENGTH, DOCUMENT_LENGTH = 128, 220
# Those beyond the longest text are not trained.
POSITIONS = 256


def save_tensors(tensors: dict[str, torch.Tensor], path: Path) -> None:
    try:
        from safetensors.torch import save_file
    except ModuleNotFoundError:
        sys.path.append(str(Path(__file__).resolve().parent.parent / "tools" / "standins"))
        from safetensors.torch import save_file
    save_file({name: tensor.contiguous().float() for name, tensor in tensors.items()}, str(path), {"format": "pt"})


def write_json(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", "utf-8")


def export(checkpoint: Path, tokenizer: Path, dim: int | None, out: Path) -> None:
    saved = torch.load(checkpoint, map_location="cpu")
    shape, weights = saved["shape"], dict(saved["average"])
    head = weights.pop("head.linear.weight")[:dim]
    hidden = shape["hidden"]
    table = "embeddings.position_embeddings.weight"
    weights[table] = weights[table][:POSITIONS]
    weights["embeddings.token_type_embeddings.weight"] = torch.zeros(2, hidden)
    write_json(out / "config.json", {
        "architectures": ["BertModel"], "model_type": "bert", "hidden_act": "gelu", "hidden_size": hidden,
        "intermediate_size": shape["feed_forward"], "num_hidden_layers": shape["layers"], "num_attention_heads": shape["heads"],
        "max_position_embeddings": len(weights[table]), "type_vocab_size": 2, "vocab_size": shape["vocabulary"], "pad_token_id": 0,
        "layer_norm_eps": 1e-12, "position_embedding_type": "absolute", "attention_probs_dropout_prob": 0.0, "hidden_dropout_prob": 0.0,
        "initializer_range": 0.02, "torch_dtype": "float32",
    })
    write_json(out / "config_sentence_transformers.json", {
        "model_type": "ColBERT", "prompts": {}, "default_prompt_name": None, "similarity_fn_name": "MaxSim",
        "query_prefix": "[Q]", "document_prefix": "[D]", "query_length": QUERY_LENGTH, "document_length": DOCUMENT_LENGTH,
        "do_query_expansion": False, "attend_to_expansion_tokens": False, "skiplist_words": list(PUNCTUATION),
    })
    write_json(out / "sentence_bert_config.json", {"max_seq_length": DOCUMENT_LENGTH, "do_lower_case": False})
    modules = [("", "sentence_transformers.models.Transformer"), ("1_Dense", "pylate.models.Dense.Dense")]
    write_json(out / "modules.json", [{"idx": i, "name": str(i), "path": p, "type": t} for i, (p, t) in enumerate(modules)])
    identity = "torch.nn.modules.linear.Identity"
    write_json(out / "1_Dense" / "config.json", {"in_features": hidden, "out_features": len(head), "bias": False, "activation_function": identity})
    save_tensors(weights, out / "model.safetensors")
    save_tensors({"linear.weight": head}, out / "1_Dense" / "model.safetensors")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(tokenizer / name, out / name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--dim", type=int)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    export(options.checkpoint, options.tokenizer, options.dim, options.out)
    print(f"{options.out}: next, lateen model convert {options.out} --out <bundle>")
