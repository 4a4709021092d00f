"""Questions for sections: what a batch of training pairs is made of. Every batch follows from its number alone."""
from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from corpus import DESCRIPTION, HEADING, TEXT, TITLE, Corpus

MIN_SENTENCE, MAX_SENTENCE = 5, 40
MIN_TEXT = 12
# Share of all words from which on the forms of a word are common ones: in about one section of a hundred.
COMMON = 1e-4
# What people put around the words they look for. Prefixes only: the words stay as they are.
QUESTIONS = [
    "how to", "how do i", "how can i", "what is", "what are", "what is the", "how does", "explain", "where is", "when to use",
    "why", "is there a way to", "show me", "what does", "how do you", "tell me about", "need help with", "example of", "which",
]


@dataclass(frozen=True)
class Mix:
    """Shares of the kinds of questions; they need not sum to one."""

    heading: float = 0.34
    title_heading: float = 0.12
    description: float = 0.10
    sentence: float = 0.26
    passage: float = 0.10
    question: float = 0.08
    """A heading inside a question."""
    one_source: float = 0.65
    """Batches whose documents are of one source; the others take from four."""
    topics: float = 0.7
    """Batches of neighbours in meaning, which are hard negatives of each other; the others are drawn at random."""
    noise: float = 0.08
    """Questions with a mistake of typing, or cut off."""
    strange: float = 0.0
    """Batches in which a part of the words, the same in questions and documents, are spelled as words the model never saw."""


@dataclass
class Batch:
    """Words of questions and documents, in pairs, and the same as pieces the way the model reads them."""

    query_words: list[np.ndarray]
    document_words: list[np.ndarray]
    queries: list[np.ndarray]
    """Pieces: with slips and strange spellings."""
    documents: list[np.ndarray]
    same: np.ndarray
    """batch x batch: true where a document may answer a question as well as its own, off the diagonal."""


class Pairs:
    """Batches of pairs."""

    def __init__(self, corpus: Corpus, vectors: np.ndarray, mix: Mix = Mix(), seed: int = 0) -> None:
        self.corpus, self.mix, self.seed = corpus, mix, seed
        sections = corpus.training_sections
        long_enough = corpus.offsets[sections, TEXT + 1] - corpus.offsets[sections, TEXT] >= MIN_TEXT
        self.sections = sections[long_enough]
        self.by_source = [s for s in self.group(corpus.section_sources[self.sections]) if len(s) >= 8]
        sizes = np.array([len(s) for s in self.by_source], float)
        # Large reference manuals would otherwise be most of what is seen.
        self.source_shares = sizes**0.6 / (sizes**0.6).sum()
        self.vectors = self.section_vectors(vectors)
        self.orders: dict[tuple[int, int], np.ndarray] = {}
        headings = [corpus.field(s, HEADING).tobytes() for s in self.sections]
        known: dict[bytes, int] = {}
        for heading in headings:
            known[heading] = known.get(heading, 0) + 1
        self.heading_counts = dict(zip(self.sections.tolist(), (known[h] for h in headings), strict=True))
        self.template_words = [self.words_of(q) for q in QUESTIONS]
        self.strangers = self.rare_words() if mix.strange > 0 else []
        if mix.strange > 0 and not self.strangers:
            raise ValueError("Expected rare words of several pieces to spell others as, found none: there is too little text for --strange.")

    def group(self, numbers: np.ndarray) -> list[np.ndarray]:
        order = np.argsort(numbers, kind="stable")
        return np.split(self.sections[order], np.flatnonzero(np.diff(numbers[order])) + 1)

    def words_of(self, text: str) -> np.ndarray:
        numbers = {w: i for i, w in enumerate(self.corpus.words[:20_000])}
        return np.array([numbers[w] for w in text.split() if w in numbers], np.uint32)

    def section_vectors(self, vectors: np.ndarray) -> np.ndarray:
        """What a section is about: the mean of its word vectors, rare words first; in the order of all sections."""
        corpus = self.corpus
        # The first component is how common a word is.
        usable = vectors[:, 1:65]
        result = np.zeros((len(corpus.section_sources), usable.shape[1]), np.float32)
        for section in self.sections:
            start, end = corpus.offsets[section, TITLE], corpus.offsets[section, TEXT + 1]
            mean = usable[corpus.to_pieces(corpus.stream[start : min(end, start + 150)])].mean(0)
            result[section] = mean / (np.linalg.norm(mean) + 1e-9)
        return result

    def order(self, source: int, turn: int) -> np.ndarray:
        """Sections of a source so that neighbours are alike: leaves of a tree of random planes."""
        key = (source, turn)
        if key not in self.orders:
            rng = np.random.default_rng((self.seed, source, turn))
            self.orders[key] = self.split(self.by_source[source], rng)
        return self.orders[key]

    def split(self, sections: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if len(sections) <= 16:
            return rng.permutation(sections)
        first, second = self.vectors[rng.choice(sections, 2, replace=False)]
        sides = self.vectors[sections] @ (first - second)
        ranked = sections[np.argsort(sides, kind="stable")]
        half = len(ranked) // 2
        return np.concatenate([self.split(ranked[:half], rng), self.split(ranked[half:], rng)])

    def draw_sections(self, rng: np.random.Generator, size: int, turn: int) -> np.ndarray:
        count = 1 if rng.random() < self.mix.one_source else 4
        topics = rng.random() < self.mix.topics
        drawn: list[np.ndarray] = []
        missing = size
        while missing > 0:
            source = int(rng.choice(len(self.by_source), p=self.source_shares))
            wanted = min(missing, len(self.by_source[source]), max(8, size // count))
            if topics:
                order = self.order(source, turn)
                start = int(rng.integers(0, len(order) - wanted + 1))
                drawn.append(order[start : start + wanted])
            else:
                drawn.append(rng.choice(self.by_source[source], wanted, replace=False))
            missing -= wanted
        return np.concatenate(drawn)

    def batch(self, number: int, size: int, document_length: int, query_length: int) -> Batch:
        rng = np.random.default_rng((self.seed, 1, number))
        sections = self.draw_sections(rng, size, turn=number // 1500)
        made = [self.pair(int(section), rng) for section in sections]
        queries = [query for query, _ in made]
        documents = [document[:document_length] for _, document in made]
        spelling = self.strange_spelling(queries, documents, rng) if rng.random() < self.mix.strange else {}
        noisy = [self.misspell(q, spelling, rng) if rng.random() < self.mix.noise else self.pieces_of(q, spelling) for q in queries]
        keys = [(self.corpus.field(int(s), TITLE).tobytes(), self.corpus.field(int(s), HEADING).tobytes()) for s in sections]
        owners = np.unique(np.array([hash(key) for key in keys]), return_inverse=True)[1]
        same = (owners[:, None] == owners[None, :]) & ~np.eye(size, dtype=bool)
        return Batch(queries, documents, [q[:query_length] for q in noisy], [self.pieces_of(d, spelling) for d in documents], same)

    def pair(self, section: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Word numbers of a question and of the document that answers it."""
        corpus, mix = self.corpus, self.mix
        title, description, heading, text = (corpus.field(section, f) for f in (TITLE, DESCRIPTION, HEADING, TEXT))
        titled = len(heading) > 0 and np.array_equal(title, heading)
        kinds = {
            # A heading that many sections have ("Remarks") asks for nothing without its title.
            "heading": mix.heading * (len(heading) > 0 and self.heading_counts[section] <= 20),
            "title_heading": mix.title_heading * (len(title) > 0 and not titled),
            "description": mix.description * 2 * (len(description) >= 4),
            "sentence": mix.sentence,
            "passage": mix.passage * (len(text) >= 80),
            "question": mix.question * (len(heading) > 0 and self.heading_counts[section] <= 20),
        }
        shares = np.array(list(kinds.values()))
        kind = list(kinds)[int(rng.choice(len(shares), p=shares / shares.sum()))]
        shown = [title] if len(title) and rng.random() < 0.8 else []
        if kind in ("sentence", "passage"):
            query, text = self.cut_out(text, kind == "passage", rng)
            if len(heading) and not titled and rng.random() < 0.7:
                shown.append(heading)
        elif kind == "description":
            query = description
            if len(heading) and not titled:
                shown.append(heading)
        else:
            query = heading if kind != "title_heading" else np.concatenate([title, heading])
            if kind == "title_heading" or titled:
                shown = shown if rng.random() < 0.3 else []
            if rng.random() < 0.1:
                shown.append(heading)
            if kind == "question":
                query = np.concatenate([self.template_words[rng.integers(len(self.template_words))], query])
        if len(text) > 120 and rng.random() < 0.25:
            ends = np.flatnonzero(corpus.ends_sentence[text[: len(text) - 40]])
            if len(ends):
                text = text[ends[rng.integers(len(ends))] + 1 :]
        return query, np.concatenate([*shown, text])

    def cut_out(self, text: np.ndarray, several: bool, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """A sentence or a few as the question, mostly without them in the rest (the inverse cloze task)."""
        ends = np.flatnonzero(self.corpus.ends_sentence[text]) + 1
        edges = np.unique(np.concatenate([[0], ends, [len(text)]]))
        usable = np.flatnonzero(np.diff(edges) >= MIN_SENTENCE)
        if len(usable) == 0:
            edges, usable = np.array([0, min(len(text), 12)]), np.array([0])
        at = int(usable[rng.integers(len(usable))])
        start, end = int(edges[at]), int(edges[at + 1])
        if several:
            end = min(len(text), start + int(rng.integers(25, 60)))
        elif end - start > MAX_SENTENCE:
            end = start + int(rng.integers(8, MAX_SENTENCE))
        query = text[start:end]
        if not several and rng.random() < 0.5:
            # What is looked for is seldom a whole sentence.
            keep = rng.random(len(query)) < rng.uniform(0.35, 1)
            query = query[keep] if keep.sum() >= 3 else query
        rest = np.concatenate([text[:start], text[end:]])
        return (query, text) if len(rest) < 8 or rng.random() < 0.12 else (query, rest)

    def rare_words(self) -> list[str]:
        """Words of several pieces that are seldom in the text: how words look that a model has not learnt."""
        corpus = self.corpus
        found = np.flatnonzero((corpus.piece_counts > 1) & (corpus.piece_counts < 5) & (corpus.counts < 20))
        return [w for w in (corpus.words[i] for i in found[:100_000]) if w.isalpha() and w.isascii() and 4 < len(w) < 14]

    def strange_spelling(self, queries: list[np.ndarray], documents: list[np.ndarray], rng: np.random.Generator) -> dict[int, str]:
        """By word number. Forms of a word stay forms of one; common words stay as they are, as their weight is learnt."""
        corpus = self.corpus
        words = np.unique(np.concatenate([*queries, *documents]))
        words = words[(corpus.stems[words] >= 0) & (corpus.stem_shares[corpus.stems[words]] < COMMON)]
        share = rng.uniform(0.05, 0.6)
        strangers: dict[int, tuple[str, str]] = {}
        spelling = {}
        for word in words.tolist():
            spelled, stem = corpus.words[word], int(corpus.stems[word])
            if not spelled.isalpha():
                continue
            if stem not in strangers:
                # A share of stems, drawn for each the first time it is met.
                strangers[stem] = (self.strangers[rng.integers(len(self.strangers))] if rng.random() < share else "", spelled)
            stranger, first = strangers[stem]
            if stranger:
                spelling[word] = stranger + spelled[len(os.path.commonprefix([first, spelled])) :]
        return spelling

    def pieces_of(self, words: np.ndarray, spelling: dict[int, str]) -> np.ndarray:
        if not spelling:
            return self.corpus.to_pieces(words)
        pieces, known = self.corpus.pieces, self.corpus.words
        # Strange spellings are not remembered: the next batch has others.
        split = (pieces.split(spelling[w]) if w in spelling else pieces(known[w]) for w in words.tolist())
        return np.array([i for ids in split for i in ids], np.int64)

    def misspell(self, words: np.ndarray, spelling: dict[int, str], rng: np.random.Generator) -> np.ndarray:
        """Pieces of a question with one slip, or with a last word that is not finished."""
        spelled = [spelling.get(w) or self.corpus.words[w] for w in words.tolist()]
        long = [i for i, w in enumerate(spelled) if len(w) > 4 and w.isalpha()]
        if long:
            at = long[-1] if rng.random() < 0.3 else long[int(rng.integers(len(long)))]
            word = spelled[at]
            place = int(rng.integers(1, len(word) - 1))
            letter = chr(97 + int(rng.integers(26)))
            slips = [
                word[:place] + word[place + 1] + word[place] + word[place + 2 :], word[:place] + word[place + 1 :],
                word[:place] + letter + word[place:], word[:place] + letter + word[place + 1 :], word[: max(4, place + 1)],
            ]
            spelled[at] = slips[int(rng.integers(len(slips)))]
        return np.array([i for word in spelled for i in self.corpus.pieces(word)], np.int64)
