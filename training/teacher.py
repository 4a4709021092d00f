"""A lexical teacher: BM25 over stems, within the documents of a batch."""
from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from corpus import Corpus


class Bm25:
    """k1 1.2, b 0.75; document frequencies from the training sections."""

    def __init__(self, corpus: Corpus, k1: float = 1.2, b: float = 0.75) -> None:
        self.stems, self.k1, self.b = corpus.stems, k1, b
        self.size = int(self.stems.max()) + 1
        sections = corpus.training_sections[:: max(1, len(corpus.training_sections) // 100_000)]
        frequency = np.zeros(self.size)
        for section in sections:
            found = np.unique(self.of(corpus.stream[corpus.offsets[section, 0] : corpus.offsets[section, 4]]))
            frequency[found] += 1
        self.idf = np.log(1 + (len(sections) - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)

    def of(self, words: np.ndarray) -> np.ndarray:
        found = self.stems[words]
        return found[found >= 0]

    def matrix(self, texts: list[np.ndarray]) -> csr_matrix:
        """Counts of stems: texts x stems."""
        rows = [self.of(words) for words in texts]
        ends = np.cumsum([0, *(len(row) for row in rows)])
        counts = csr_matrix((np.ones(ends[-1], np.float32), np.concatenate(rows), ends), (len(rows), self.size))
        counts.sum_duplicates()
        return counts

    def scores(self, queries: list[np.ndarray], documents: list[np.ndarray]) -> np.ndarray:
        """queries x documents; texts are word numbers."""
        weights = self.matrix(documents)
        lengths = np.asarray(weights.sum(1)).ravel()
        norms = self.k1 * (1 - self.b + self.b * lengths / max(lengths.mean(), 1e-9))
        tf = weights.data
        weights.data = tf * (self.k1 + 1) / (tf + np.repeat(norms, np.diff(weights.indptr)))
        asked = self.matrix(queries)
        asked.data = np.minimum(asked.data, 2) * self.idf[asked.indices]
        return np.asarray((asked @ weights.T).todense(), np.float32)
