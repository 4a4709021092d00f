"""Known answers: what the model gives for a few texts, computed by PyTorch."""
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from encoder import Encoder
from errors import ConvertError
from inputs import model_input
from layouts import Layout

DEFAULT_TEXTS = [
    {"kind": "query", "text": "Which planet is known as the Red Planet?"},
    {"kind": "query", "text": "café déjà vu 東京"},
    {"kind": "document", "text": "Mars, the fourth planet from the Sun, is often called the Red Planet."},
    {"kind": "document", "text": "A short one."},
]
DECIMALS = 6


def read_texts(path: Path) -> list[dict[str, Any]]:
    """Lines of JSON with `kind` and `text`, and with `input_ids` and `attention_mask` where they are known already."""
    texts = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    for line, entry in enumerate(texts, 1):
        known = isinstance(entry, dict) and entry.get("kind") in ("query", "document")
        if not known or not isinstance(entry.get("text"), str):
            wanted = '{"kind": "query" or "document", "text": "..."}'
            raise ConvertError("bad-argument", f"Line {line} of {path} should be {wanted}, found {json.dumps(entry)}.")
    return texts


def known_answers(
    encoder: Encoder, layout: Layout, load_tokenizer: Callable[[], Any], texts: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The texts with their token ids and a unit vector for each, before the skiplist drops any."""
    tokenizer = None
    answers = []
    vocabulary = encoder.backbone.get_input_embeddings().weight.shape[0]
    for entry in texts:
        kind, text = entry["kind"], entry["text"]
        if "input_ids" in entry:
            ids, attention = entry["input_ids"], entry["attention_mask"]
        else:
            tokenizer = tokenizer or load_tokenizer()
            ids, attention = model_input(layout, tokenizer, text, kind)
        if max(ids) >= vocabulary:
            raise ConvertError(
                "model-invalid",
                f"The tokenizer gives the id {max(ids)}, but the model has {vocabulary} embeddings. "
                "Save it with the library that trained it, which adds those of the markers.",
            )
        vectors = [[round(x, DECIMALS) for x in row] for row in encode(encoder, ids, attention).tolist()]
        answers.append({"kind": kind, "text": text, "input_ids": ids, "vectors": vectors})
    return answers


def encode(encoder: Encoder, ids: list[int], attention: list[int]) -> torch.Tensor:
    """One text alone: length x dim, unit rows."""
    rows = [torch.tensor([ids]), torch.tensor([attention])]
    if encoder.takes_types:
        rows.append(torch.zeros_like(rows[0]))
    with torch.no_grad():
        return torch.nn.functional.normalize(encoder(*rows)[0], dim=-1)


def write(answers: list[dict[str, Any]], path: Path) -> None:
    path.write_text(json.dumps(answers, ensure_ascii=False) + "\n", "utf-8")
