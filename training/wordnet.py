"""Before stage 1: WordNet's noun, verb, adjective and adverb senses as sections, for words that the other text seldom uses.

    python3 wordnet.py --folder /usr/share/wordnet --out work/wordnet.jsonl.xz

A sense is a section: its words are the heading, its gloss and what it is a kind of are the text. The folder holds `data.noun` and so
on in the format of wndb(5WN); Debian has it as `wordnet-base`.
"""
from __future__ import annotations

import argparse
import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PARTS = {"n": "data.noun", "v": "data.verb", "a": "data.adj", "r": "data.adv"}
HYPERNYM = "@"


@dataclass(frozen=True)
class Sense:
    """A set of words with one meaning."""

    words: tuple[str, ...]
    gloss: str
    kinds: tuple[str, ...]
    """Keys of what it is a kind of."""


def read_senses(folder: Path) -> dict[str, Sense]:
    """Senses by part of speech and byte offset, which is how they refer to each other."""
    senses = {}
    for part, name in PARTS.items():
        for line in (folder / name).read_text("ascii").splitlines():
            # The licence stands before the data, indented.
            if line.startswith(" "):
                continue
            fields, _, gloss = line.partition(" | ")
            offset, _, _, count, *rest = fields.split()
            end = int(count, 16) * 2
            words, pointers = rest[:end:2], rest[end + 1 : end + 1 + int(rest[end]) * 4]
            symbols, offsets, parts = (pointers[at::4] for at in range(3))
            kinds = [part + to for symbol, to, part in zip(symbols, offsets, parts, strict=True) if symbol == HYPERNYM]
            spelled = tuple(word.partition("(")[0].replace("_", " ") for word in words)
            senses[part + offset] = Sense(spelled, gloss.strip(), tuple(kinds))
    return senses


def sections(senses: dict[str, Sense]) -> Iterator[dict[str, str]]:
    for sense in senses.values():
        kinds = [senses[key] for key in sense.kinds]
        wider = [f"{', '.join(kind.words)}: {kind.gloss.partition(';')[0]}" for kind in kinds]
        yield {"source": "wordnet", "title": "", "heading": ", ".join(sense.words), "text": ". ".join([sense.gloss, *wider])}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with lzma.open(options.out, "wt", encoding="utf-8") as out:
        for number, section in enumerate(sections(read_senses(options.folder)), 1):
            out.write(json.dumps(section) + "\n")
    print(f"{options.out}: {number} sections")
