"""Stage 3: word vectors to start from: co-occurrence, positive pointwise mutual information, SVD.

    python3 embeddings.py --words work/words --tokenizer work/tokenizer --out work/embeddings.npy --weight wordnet=4

A piece and its neighbours within 8 places are counted, near ones more (1/distance); contexts are smoothed with power 0.75
(Levy, Goldberg and Dagan 2015). Pieces that are whole words share half of their vector with the words of the same stem.
The first component is set apart: it is large for frequent pieces, which makes a common word match every text about equally
(a text's marker has nothing else). That is inverse document frequency within unit vectors; `train.py` starts from it.
"""
from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from scipy.sparse import coo_matrix

from corpus import Corpus
from vocabulary import SPECIAL

WINDOW = 8
SMOOTHING = 0.75


def co_occurrences(corpus: Corpus, size: int, weights: dict[str, float]) -> np.ndarray:
    """size x size, symmetric. A source counts `weights` times, once where it is not among them."""
    sections = corpus.training_sections
    source_weights = np.array([weights.get(source, 1.0) for source in corpus.sources], np.float32)
    total = np.zeros((size, size), np.float32)
    for part in np.array_split(sections, 8):
        pieces, owners, shares = [], [], []
        for number, section in enumerate(part):
            start, end = corpus.offsets[section, 0], corpus.offsets[section, 4]
            ids = corpus.to_pieces(corpus.stream[start:end])
            pieces.append(ids)
            owners.append(np.full(len(ids), number, np.int32))
            shares.append(np.full(len(ids), source_weights[corpus.section_sources[section]]))
        ids, owner, share = np.concatenate(pieces).astype(np.int32), np.concatenate(owners), np.concatenate(shares)
        for distance in range(1, WINDOW + 1):
            together = owner[:-distance] == owner[distance:]
            left, right = ids[:-distance][together], ids[distance:][together]
            pairs = coo_matrix((share[distance:][together] / np.float32(distance), (left, right)), (size, size)).tocsr()
            pairs.sum_duplicates()
            rows = np.repeat(np.arange(size), np.diff(pairs.indptr))
            total[rows, pairs.indices] += pairs.data
        print(f"{len(ids)} pieces counted", flush=True)
    return total + total.T


def information(counts: np.ndarray) -> torch.Tensor:
    """Positive pointwise mutual information, in place."""
    matrix = torch.from_numpy(counts)
    row = matrix.sum(1)
    context = row.pow(SMOOTHING)
    context /= context.sum()
    matrix /= row.clamp(min=1)[:, None]
    matrix /= context.clamp(min=1e-12)[None, :]
    return matrix.log_().clamp_(min=0)


def leading_vectors(matrix: torch.Tensor, width: int, rounds: int = 5) -> torch.Tensor:
    """Randomised SVD (Halko, Martinsson and Tropp 2011); U times the fourth root of the singular values, turned at random.

    Turned, so that a projection to the first components keeps something of all of them: words that are told apart by the last
    ones stay apart, and every prefix is as good as its length.
    """
    generator = torch.Generator().manual_seed(0)
    basis = torch.randn(matrix.shape[1], width + 32, generator=generator)
    for _ in range(rounds):
        basis = torch.linalg.qr(matrix @ basis)[0]
    left, values, _ = torch.linalg.svd(basis.T @ matrix, full_matrices=False)
    turn = torch.linalg.qr(torch.randn(width, width, generator=generator))[0]
    return (basis @ left)[:, :width] * values[:width].pow(0.25) @ turn


def share_stems(vectors: np.ndarray, corpus: Corpus, counts: np.ndarray) -> None:
    """Half of a word is what its forms have in common, in place."""
    by_stem: dict[int, list[int]] = {}
    for word, stem in zip(corpus.words, corpus.stems.tolist(), strict=True):
        ids = corpus.pieces(word)
        if stem >= 0 and len(ids) == 1 and word.isalpha():
            by_stem.setdefault(stem, []).append(ids[0])
    for forms in by_stem.values():
        if len(forms) > 1:
            weights = np.sqrt(counts[forms] + 1)[:, None]
            mean = (vectors[forms] * weights).sum(0) / weights.sum()
            mean /= np.linalg.norm(mean) + 1e-9
            vectors[forms] = 0.5 * vectors[forms] + 0.5 * mean


def commonness(corpus: Corpus, size: int) -> np.ndarray:
    """1 for a piece that is in every section, 0 for one in few: 1 - idf / idf of the 1,000th part."""
    sections = corpus.training_sections[:: max(1, len(corpus.training_sections) // 60_000)]
    frequency = np.zeros(size)
    for section in sections:
        ids = corpus.to_pieces(corpus.stream[corpus.offsets[section, 0] : corpus.offsets[section, 4]])
        frequency[np.unique(ids)] += 1
    idf = np.log((len(sections) + 1) / (frequency + 1))
    return np.clip(1 - idf / np.log(1000), 0, 1)


def embeddings(corpus: Corpus, width: int, weights: dict[str, float]) -> np.ndarray:
    """pieces x width."""
    size = corpus.pieces.size
    counts = co_occurrences(corpus, size, weights)
    frequency = counts.sum(1)
    vectors = leading_vectors(information(counts), width - 1).numpy()
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-9
    share_stems(vectors, corpus, frequency)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-9
    common = commonness(corpus, size)
    common[: len(SPECIAL)] = 1
    rest = np.sqrt(1 - np.minimum(common, 0.97) ** 2)
    result = np.concatenate([common[:, None], vectors * rest[:, None]], axis=1)
    # Markers and other special tokens meet any common word, and nothing else.
    result[: len(SPECIAL), 1:] *= 0.05
    return result.astype(np.float32)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--words", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--weight", nargs="*", default=[], metavar="SOURCE=TIMES", help="sources that count more or less than once")
    options = parser.parse_args()
    loaded = Corpus(options.words, options.tokenizer)
    listed = {source: float(times) for source, _, times in (given.rpartition("=") for given in options.weight)}
    if unknown := sorted(set(listed).difference(loaded.sources)):
        parser.error(f"Expected sources of the text in --weight, found {', '.join(unknown)}; {options.words}/sources.json lists them.")
    found = embeddings(loaded, options.width, listed)
    np.save(options.out, found)
    for word in ("install", "error", "pressure", "vector", "library", "delete"):
        unit = found / np.linalg.norm(found, axis=1, keepdims=True)
        near = np.argsort(-(unit @ unit[loaded.pieces(word)[0]]))[1:9]
        names = {i: p for p, i in [*loaded.pieces.first.items(), *((f"##{p}", i) for p, i in loaded.pieces.next.items())]}
        print(word, [names.get(int(i), SPECIAL[i] if i < len(SPECIAL) else "?") for i in near])
