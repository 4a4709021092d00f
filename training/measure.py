"""Retrieval on the sections that are set aside: nDCG@10 of exact MaxSim, and of BM25 for comparison.

    python3 measure.py --words work/words --tokenizer work/tokenizer --checkpoint work/contrastive/last.pt

`headings`: documentation sites; the question is a section's own heading, which is taken out of it. `sentences`: textbooks; the
question is a sentence that is taken out of its section. Neither is a set that releases are judged by.
"""
from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from corpus import HEADING, TEXT, TITLE, Corpus
from model import Encoder, Shape, pack_documents, pack_queries
from pool import Pooling
from teacher import Bm25

QUESTIONS = 600
SECTIONS = 2500


@dataclass
class Collection:
    """Words of questions and documents, and for each question its one document."""

    name: str
    queries: list[np.ndarray]
    documents: list[np.ndarray]
    answers: np.ndarray


def dev_collections(corpus: Corpus) -> list[Collection]:
    rng = np.random.default_rng(7)
    result = []
    for name, sections in corpus.dev_sections.items():
        lengths = corpus.offsets[sections, TEXT + 1] - corpus.offsets[sections, TEXT]
        sections = sections[lengths >= 20]
        sections = np.sort(rng.permutation(sections)[:SECTIONS])
        texts = {int(s): corpus.field(s, TEXT) for s in sections}
        headings = Counter(corpus.field(s, HEADING).tobytes() for s in sections)
        queries, answers = [], []
        for at in rng.permutation(len(sections)):
            section = int(sections[at])
            if name == "headings":
                heading = corpus.field(section, HEADING)
                if len(heading) < 2 or headings[heading.tobytes()] > 1:
                    continue
                query = heading
            else:
                text = texts[section]
                edges = np.concatenate([[0], np.flatnonzero(corpus.ends_sentence[text]) + 1])
                whole = np.flatnonzero((np.diff(edges) >= 8) & (np.diff(edges) <= 40))
                if len(whole) == 0 or len(text) < 60:
                    continue
                pick = int(whole[rng.integers(len(whole))])
                query = text[edges[pick] : edges[pick + 1]]
                texts[section] = np.concatenate([text[: edges[pick]], text[edges[pick + 1] :]])
            queries.append(query)
            answers.append(at)
            if len(queries) == QUESTIONS:
                break
        full_stop = np.array([corpus.words.index(".")], np.uint32)
        documents = [np.concatenate([corpus.field(s, TITLE), full_stop, texts[int(s)]]) for s in sections]
        result.append(Collection(name, queries, documents, np.array(answers)))
    return result


def ndcg(scores: np.ndarray, answers: np.ndarray) -> float:
    """At 10, with one relevant document a question."""
    if not np.isfinite(scores).all():
        raise ValueError("Expected finite scores, found others: no comparison with them holds, which would look like a first place.")
    rows = np.arange(len(answers))
    own = scores[rows, answers][:, None]
    ranks = (scores > own).sum(1) + ((scores == own).sum(1) - 1) / 2
    return float(np.where(ranks < 10, 1 / np.log2(ranks + 2), 0).mean())


@torch.no_grad()
def model_scores(
    model: Encoder, corpus: Corpus, collection: Collection, dims: list[int], document_length: int, pool_factor: int, device: str
) -> dict[int, np.ndarray]:
    """MaxSim of all questions with all documents, without the punctuation of documents; by number of dimensions."""
    skipped = punctuation_pieces(corpus).to(device)
    queries = pack_queries([corpus.to_pieces(q) for q in collection.queries], 128).to(device)
    asked = model(queries)
    owners = queries.owners
    result = {dim: np.zeros((len(collection.queries), len(collection.documents)), np.float32) for dim in dims}
    pieces = [corpus.to_pieces(d[:document_length]) for d in collection.documents]
    order = np.argsort([len(p) for p in pieces])
    for part in np.array_split(order, max(1, len(order) // 64)):
        packed = pack_documents([pieces[i] for i in part], document_length).to(device)
        vectors = model(packed)
        pool = Pooling(vectors, packed, ~skipped[packed.ids], pool_factor)
        for dim, found in result.items():
            q, d = (F.normalize(x[:, :dim], dim=-1) for x in (asked, vectors))
            best = (q @ pool(d).view(-1, dim).T).view(len(q), len(part), -1).amax(-1)
            found[:, part] = best.new_zeros(queries.batch, len(part)).index_add(0, owners, best).cpu().numpy()
    return result


def punctuation_pieces(corpus: Corpus) -> torch.Tensor:
    skipped = torch.zeros(corpus.pieces.size, dtype=torch.bool)
    for i in np.flatnonzero(corpus.is_punctuation):
        skipped[corpus.pieces(corpus.words[i])] = True
    return skipped


def measure(
    model: Encoder, corpus: Corpus, collections: list[Collection], dims: list[int], *,
    document_length: int = 220, pool_factor: int = 1, device: str = "cpu",
) -> dict[str, float]:
    """nDCG@10 by collection and number of dimensions."""
    return {
        f"{c.name}@{dim}": round(ndcg(scores, c.answers), 4)
        for c in collections
        for dim, scores in model_scores(model, corpus, c, dims, document_length, pool_factor, device).items()
    }


def load_model(path: Path) -> tuple[Encoder, float]:
    """A checkpoint of training: its running average, and what it multiplies a score with before the softmax."""
    saved = torch.load(path, map_location="cpu")
    model = Encoder(Shape(**saved["shape"]))
    model.load_named(saved["average"])
    return model.eval(), float(saved["scale"].exp())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--words", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, nargs="*", default=[])
    parser.add_argument("--pool-factors", type=int, nargs="*", default=[1])
    parser.add_argument("--dims", type=int, nargs="*", default=[96, 64, 48, 32])
    options = parser.parse_args()
    text = Corpus(options.words, options.tokenizer)
    dev = dev_collections(text)
    bm25 = Bm25(text)
    print(json.dumps({"bm25": {c.name: round(ndcg(bm25.scores(c.queries, c.documents), c.answers), 4) for c in dev}}))
    for checkpoint in options.checkpoint:
        encoder, _ = load_model(checkpoint)
        dims = [d for d in options.dims if d <= encoder.shape.dim]
        for factor in options.pool_factors:
            figures = measure(encoder, text, dev, dims, pool_factor=factor)
            print(json.dumps({"checkpoint": str(checkpoint), "pool_factor": factor, **figures}), flush=True)
