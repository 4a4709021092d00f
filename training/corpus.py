"""The prepared text: words, their pieces and stems, and which sections train and which are set aside."""
from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path

import numpy as np

from vocabulary import WordPieces
from words import PUNCTUATION

# Set aside for every decision: five documentation sites and two textbooks. Of other text, parts of it.
DEV_DOCS = ("fastapi/fastapi", "etcd-io/website", "helm/helm-www", "traefik/traefik", "denoland/docs")
DEV_BOOKS = ("openstax/osbooks-microbiology", "openstax/osbooks-introduction-philosophy")
TITLE, DESCRIPTION, HEADING, TEXT = range(4)


class Corpus:
    """Sections as word numbers, with tables from a word to its pieces and its stem."""

    def __init__(self, words: Path, tokenizer: Path) -> None:
        self.words = (words / "words.txt").read_text("utf-8").split("\n")[:-1]
        self.counts = np.load(words / "counts.npy")
        self.stream = np.load(words / "stream.npy")
        self.offsets = np.load(words / "offsets.npy")
        self.sources: list[str] = json.loads((words / "sources.json").read_text())
        self.section_sources = np.load(words / "section_sources.npy")
        self.pieces = WordPieces(tokenizer)
        split = [self.pieces(word) for word in self.words]
        self.piece_counts = np.array([len(ids) for ids in split], np.int64)
        self.piece_starts = np.concatenate([[0], np.cumsum(self.piece_counts)])[:-1]
        self.piece_ids = np.array([i for ids in split for i in ids], np.int64)
        ends = {".", "?", "!"}
        self.ends_sentence = np.array([word in ends for word in self.words])
        self.is_punctuation = np.array([word in set(PUNCTUATION) for word in self.words])

    def field(self, section: int, field: int) -> np.ndarray:
        """Word numbers of a field."""
        start, end = self.offsets[section, field : field + 2]
        return self.stream[start:end]

    def to_pieces(self, words: np.ndarray) -> np.ndarray:
        """Piece ids of words, in order."""
        counts = self.piece_counts[words]
        ends = np.cumsum(counts)
        inside = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
        return self.piece_ids[np.repeat(self.piece_starts[words], counts) + inside]

    @cached_property
    def dev_sections(self) -> dict[str, np.ndarray]:
        """Sections in no training pair, by the name of the collection they make."""
        result = {}
        for start, (name, sources) in enumerate((("headings", DEV_DOCS), ("sentences", DEV_BOOKS))):
            known = [self.sources.index(source) for source in sources if source in self.sources]
            everything = np.arange(len(self.section_sources))
            result[name] = np.flatnonzero(np.isin(self.section_sources, known)) if known else everything[start::20]
        return result

    @cached_property
    def training_sections(self) -> np.ndarray:
        return np.setdiff1d(np.arange(len(self.section_sources)), np.concatenate(list(self.dev_sections.values())))

    @cached_property
    def stems(self) -> np.ndarray:
        """Stem number of every word; -1 for stop words and punctuation."""
        import snowballstemmer

        stemmer = snowballstemmer.stemmer("english")
        numbers: dict[str, int] = {}
        stop = STOP_WORDS.union(PUNCTUATION)
        return np.array(
            [-1 if w in stop else numbers.setdefault(stemmer.stemWord(w) if w.isalpha() else w, len(numbers)) for w in self.words]
        )

    @cached_property
    def stem_shares(self) -> np.ndarray:
        """Share of all words that are forms of a stem."""
        known = self.stems >= 0
        return np.bincount(self.stems[known], weights=self.counts[known]) / self.counts.sum()


STOP_WORDS = frozenset(
    "a about above after again all also am an and any are as at be because been before being below between both but by can could did do "
    "does doing down during each few for from further had has have having he her here hers him his how i if in into is it its itself just "
    "me more most my no nor not now of off on once only or other our ours out over own same she should so some such than that the their "
    "theirs them then there these they this those through to too under until up very was we were what when where which while who whom why "
    "will with would you your yours s t re ve ll d m".split()
)
