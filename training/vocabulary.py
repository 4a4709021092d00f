"""Stage 2: a WordPiece vocabulary for the words of the text, and the tokenizer files.

    python3 vocabulary.py --words work/words --out work/tokenizer --size 20480

Byte-pair merges are learned by SentencePiece from the counts of words; a merge that begins a word becomes a piece, any other
one a continuing piece (`##`). Every character that is frequent enough is there in both forms, all of ASCII is.
"""
from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np

from words import PUNCTUATION

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[Q]", "[D]"]
PAD, UNK, CLS, SEP, MASK, QUERY, DOCUMENT = range(len(SPECIAL))
ASCII = [*PUNCTUATION, *"0123456789abcdefghijklmnopqrstuvwxyz"]
MAX_WORD = 100


def learn_pieces(words: list[str], counts: np.ndarray, size: int) -> list[str]:
    """Pieces beside the special tokens, in the order they should be numbered."""
    import sentencepiece

    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "words.tsv"
        # Numbers and rare words teach nothing about the parts of words.
        rows = [f"{w}\t{c}\n" for w, c in zip(words, counts.tolist(), strict=True) if c >= 3 and 1 < len(w) <= 40]
        table.write_text("".join(rows), "utf-8")
        sentencepiece.SentencePieceTrainer.train(
            input=str(table), input_format="tsv", model_prefix=f"{folder}/bpe", model_type="bpe", vocab_size=size,
            character_coverage=0.9998, normalization_rule_name="identity", split_by_unicode_script=False,
            split_by_number=False, num_threads=2, minloglevel=1,
        )
        lines = Path(f"{folder}/bpe.vocab").read_text("utf-8").splitlines()
    merged = [line.split("\t")[0] for line in lines][3:]
    marked = [piece[1:] if piece.startswith("▁") else f"##{piece}" for piece in merged if piece != "▁"]
    alphabet = [piece for piece in merged if len(piece) == 1 and piece != "▁"]
    singles = [*ASCII, *[c for c in alphabet if c not in ASCII]]
    letters = [c for c in singles if c not in PUNCTUATION]
    required = list(dict.fromkeys([*singles, *[f"##{c}" for c in letters]]))
    return [*required, *[p for p in dict.fromkeys(marked) if p not in set(required)]][: size - len(SPECIAL)]


def tokenizer_json(pieces: list[str]) -> dict:
    """What Hugging Face's tokenizers read: BERT's rules around the pieces."""
    added = [{"id": i, "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True} for i, token in enumerate(SPECIAL)]
    single = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}]
    pair = [*single, {"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 1}}]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing", "single": single, "pair": pair,
            "special_tokens": {t: {"id": t, "ids": [SPECIAL.index(t)], "tokens": [t]} for t in ("[CLS]", "[SEP]")},
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": MAX_WORD,
            "vocab": {piece: i for i, piece in enumerate([*SPECIAL, *pieces])},
        },
    }


TOKENIZER_CONFIG = {
    "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 512, "extra_special_tokens": ["[Q]", "[D]"],
    "cls_token": "[CLS]", "mask_token": "[MASK]", "pad_token": "[PAD]", "sep_token": "[SEP]", "unk_token": "[UNK]",
}


class WordPieces:
    """Words to piece ids: the longest piece first, as WordPiece does. Remembers what it has seen."""

    def __init__(self, folder: Path) -> None:
        vocabulary = json.loads((folder / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
        self.first = {p: i for p, i in vocabulary.items() if not p.startswith("##") and i >= len(SPECIAL)}
        self.next = {p[2:]: i for p, i in vocabulary.items() if p.startswith("##") and len(p) > 2}
        self.size = len(vocabulary)
        self.seen: dict[str, list[int]] = {}

    def __call__(self, word: str) -> list[int]:
        known = self.seen.get(word)
        if known is None:
            known = self.seen[word] = self.split(word)
        return known

    def split(self, word: str) -> list[int]:
        if len(word) > MAX_WORD:
            return [UNK]
        ids, start = [], 0
        while start < len(word):
            table, end = self.next if start else self.first, len(word)
            while end > start and word[start:end] not in table:
                end -= 1
            if end == start:
                return [UNK]
            ids.append(table[word[start:end]])
            start = end
        return ids


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--words", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", type=int, default=20480)
    options = parser.parse_args()
    listed = (options.words / "words.txt").read_text("utf-8").split("\n")[:-1]
    counted = np.load(options.words / "counts.npy")
    options.out.mkdir(parents=True, exist_ok=True)
    learned = learn_pieces(listed, counted, options.size)
    (options.out / "tokenizer.json").write_text(json.dumps(tokenizer_json(learned), indent=1, ensure_ascii=False) + "\n", "utf-8")
    (options.out / "tokenizer_config.json").write_text(json.dumps(TOKENIZER_CONFIG, indent=1) + "\n", "utf-8")
    split = WordPieces(options.out)
    lengths = np.array([len(split(word)) for word in listed])
    print(f"{options.out}: {split.size} pieces, {(lengths * counted).sum() / counted.sum():.3f} a word")
