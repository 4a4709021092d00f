"""Tokenizer and configuration files of a bundle: copied from the checkpoint, or made where it has none."""
from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

from errors import ConvertError
from layouts import METADATA, MODULES, SETTINGS, TRANSFORMER, Layout, read_json

TOKENIZER = "tokenizer.json"
# Of the folder with backbone and tokenizer; the runtime reads a BERT's vocab.txt itself.
COPIED = ("config.json", TRANSFORMER, "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.txt")
# Words of Japanese, packed or not.
DICTIONARY = "mecab"
# Python packages with such a dictionary.
DICTIONARIES = ("unidic_lite", "unidic", "ipadic")


def copy_files(checkpoint: Path, out: Path, layout: Layout) -> None:
    """Copies what the runtime reads, weights and tokenizer.json aside."""
    names = [MODULES, SETTINGS, METADATA, *(f"{layout.folder}/{name}".lstrip("/") for name in COPIED)]
    if (checkpoint / MODULES).exists():
        names += [f"{module['path']}/config.json" for module in read_json(checkpoint / MODULES) if module.get("path")]
    names += [str(path.relative_to(checkpoint)) for path in (checkpoint / layout.folder / DICTIONARY).glob("*")]
    for name in names:
        if (checkpoint / name).is_file():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(checkpoint / name, out / name)


def write_tokenizer(source: Path, target: Path) -> None:
    """Writes tokenizer.json, with neither truncation nor padding frozen into it: lengths are the runtime's business."""
    if (source / TOKENIZER).exists():
        tokenizer = read_json(source / TOKENIZER)
    else:
        tokenizer = converted(source)
        if tokenizer is None:
            return
    text = json.dumps({**tokenizer, "truncation": None, "padding": None}, ensure_ascii=False)
    (target / TOKENIZER).write_text(text + "\n", "utf-8")


def converted(source: Path) -> dict[str, Any] | None:
    """What transformers makes of older files, such as a SentencePiece model; nothing where vocab.txt is enough."""
    from transformers import AutoTokenizer

    try:
        backend = getattr(AutoTokenizer.from_pretrained(source), "backend_tokenizer", None)
    except (ImportError, OSError, ValueError):
        backend = None
    if hasattr(backend, "to_str"):
        return json.loads(backend.to_str())
    if (source / "vocab.txt").exists():
        return None
    what = f"Expected {TOKENIZER} in {source}, or a tokenizer that transformers can write as one; found neither."
    raise ConvertError("model-unsupported", what)


def dictionary_of(source: Path) -> Path | None:
    """The MeCab dictionary that a checkpoint was trained with and does not bring along: a folder of the Python package.

    Raises ConvertError `bad-argument` where the package is not installed.
    """
    config = read_json(source / "tokenizer_config.json", optional=True)
    if config.get("word_tokenizer_type") != "mecab" or (source / DICTIONARY).exists():
        return None
    name = (config.get("mecab_kwargs") or {}).get("mecab_dic") or DICTIONARIES[0]
    if name in DICTIONARIES and importlib.util.find_spec(name):
        return Path(importlib.import_module(name).DICDIR)
    raise ConvertError(
        "bad-argument",
        f"The tokenizer finds words with the dictionary {name}, of which {', '.join(DICTIONARIES)} are known. "
        f"Install it (pip install {name.replace('_', '-')}), or put its files into {source / DICTIONARY}.",
    )
