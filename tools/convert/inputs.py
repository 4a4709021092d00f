"""From a text to what the model sees, as the library of its layout does it."""
from __future__ import annotations

from pathlib import Path
from typing import Any

from errors import ConvertError
from layouts import Layout

MARKER_POSITION = 1


def load_tokenizer(folder: Path, layout: Layout, trust_remote_code: bool) -> Any:
    """The tokenizer as the library has it once the model is loaded."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder / layout.folder, trust_remote_code=trust_remote_code)
    markers = [side.marker for side in (layout.query, layout.document) if side.marker]
    for marker in markers:
        marker_id(tokenizer, marker)
    if layout.adds_markers:
        tokenizer.add_tokens(markers)
    if layout.lowercase == "inside":
        from tokenizers import normalizers

        backend = tokenizer.backend_tokenizer
        rest = [backend.normalizer] if backend.normalizer else []
        backend.normalizer = normalizers.Sequence([normalizers.Lowercase(), *rest])
    return tokenizer


def model_input(layout: Layout, tokenizer: Any, text: str, kind: str) -> tuple[list[int], list[int]]:
    """Token ids and attention (0 or 1) of a text; `kind` is 'query' or 'document'.

    Lengths count special tokens, marker and expansion. What is too long loses its last words, never its closing token.
    """
    side = layout.query if kind == "query" else layout.document
    expansion = layout.expansion if kind == "query" else None
    marker = [] if side.marker == "" else [marker_id(tokenizer, side.marker)]
    limit = max(side.length, expansion.length if expansion else 0) - len(marker)

    text = side.prompt + text
    text = text.strip() if layout.strips else text
    text = text.lower() if layout.lowercase == "first" else text
    ids = list(tokenizer(text, truncation=True, max_length=limit)["input_ids"])
    attention = [1] * len(ids)
    if expansion:
        added = expansion_id(tokenizer, expansion.token)
        if expansion.takes_padding:
            ids = [added if found == tokenizer.pad_token_id else found for found in ids]
        missing = max(0, expansion.length - len(marker) - len(ids))
        ids += [added] * missing
        attention += [int(expansion.attend)] * missing
    ids[MARKER_POSITION:MARKER_POSITION] = marker
    attention[MARKER_POSITION:MARKER_POSITION] = [1] * len(marker)
    return ids, attention


def marker_id(tokenizer: Any, marker: str) -> int:
    found = tokenizer.get_vocab().get(marker)
    if found is None:
        raise ConvertError(
            "model-invalid",
            f"The marker {marker!r} should be in the vocabulary of the tokenizer, found no such token. "
            "Take tokenizer and settings from one version of the model.",
        )
    return found


def expansion_id(tokenizer: Any, token: str | None) -> int:
    """Masks, or end tokens for models that have no mask."""
    if token is not None:
        return marker_id(tokenizer, token)
    for found in (tokenizer.mask_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id):
        if found is not None:
            return found
    raise ConvertError("model-invalid", "The model expands queries, but its tokenizer names no mask, end or padding token.")
