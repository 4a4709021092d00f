"""Stage 4: contrastive training with MaxSim, taught by a lexical teacher beside the pairs.

    python3 train.py --work work --out work/contrastive --steps 2000 --decay 0
    python3 train.py --work work --out work/taught --init work/contrastive/last.pt --ensemble work/contrastive/last.pt --steps 500

Writes `last.pt` (weights, their running average, optimiser) every `--save` steps, and `log.jsonl`. Called again it goes on from
there: every batch follows from its number. A question's target is its own document, and in part the documents of the batch as
BM25 sees them, or as BM25 and an earlier checkpoint see them together (cross-entropy with a mixed target: the hard label keeps
the meaning, the teachers say which of the other documents are not wrong). A step trains one length of the head (Matryoshka;
Kusupati et al. 2022), drawn by its number.
"""
from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from corpus import Corpus
from measure import dev_collections, load_model, measure, punctuation_pieces
from maxsim import scores
from model import EMBEDDING_NORM, Encoder, Shape, pack_documents, pack_queries
from pairs import Batch, Mix, Pairs
from pool import Pooling
from teacher import Bm25


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    add("--work", type=Path, required=True, help="folder with words/, tokenizer/ and embeddings.npy")
    add("--out", type=Path, required=True)
    add("--init", type=Path, help="checkpoint to start from, also one with fewer layers; otherwise the word vectors")
    add("--steps", type=int, default=8000)
    add("--batch", type=int, default=128)
    add("--document-length", type=int, default=96)
    add("--query-length", type=int, default=64)
    add("--rate", type=float, default=4e-4)
    add("--embedding-rate", type=float, default=0.3, help="times --rate; a rare word moves with every mention, and should not go astray")
    add("--warmup", type=int, default=150)
    add("--decay", type=float, default=0.35, help="share of the steps over which the rate falls to zero")
    add("--layers", type=int, default=2)
    add("--hidden", type=int, default=256)
    add("--feed-forward", type=int, default=1024)
    add("--dim", type=int, default=96)
    add("--dims", type=int, nargs="*", default=[64, 96, 64, 48, 64, 32], help="lengths of the head, one of which a step trains")
    add("--teacher", type=float, default=0.1, help="weight of the lexical teacher in the target")
    add("--teacher-temperature", type=float, default=2.5)
    add("--ensemble", type=Path, help="checkpoint that teaches together with BM25; the two are equals")
    add("--ensemble-weight", type=float, default=0.5, help="weight of that pair in the target")
    add("--topics", type=float, default=Mix.topics)
    add("--strange", type=float, default=Mix.strange, help="share of batches with words the model never saw")
    add("--pool", type=int, nargs="*", default=[1], help="pool factors of documents, drawn by the number of a step")
    add("--noise", type=float, nargs="*", default=[0.0], help="length of the noise on unit vectors of documents, as a codec adds, drawn likewise")
    add("--random-start", action="store_true", help="random word vectors instead of those of the text")
    add("--embedding-norm", type=float, default=EMBEDDING_NORM)
    add("--threads", type=int, default=os.cpu_count() or 1)
    add("--device", default="cpu")
    add("--seed", type=int, default=0)
    add("--save", type=int, default=500)
    add("--measure", type=int, default=1000)
    return parser.parse_args()


class Trainer:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        work = options.work
        self.corpus = Corpus(work / "words", work / "tokenizer")
        vectors = np.load(work / "embeddings.npy")
        self.pairs = Pairs(self.corpus, vectors, Mix(topics=options.topics, strange=options.strange), options.seed)
        self.teacher = Bm25(self.corpus)
        self.dev = dev_collections(self.corpus)
        self.skipped = punctuation_pieces(self.corpus).to(options.device)
        torch.manual_seed(options.seed)
        shape = Shape(self.corpus.pieces.size, hidden=options.hidden, layers=options.layers, feed_forward=options.feed_forward, dim=options.dim)
        scale = torch.tensor(1.0)
        if options.init:
            saved = torch.load(options.init, map_location="cpu")
            shape = Shape(**{**saved["shape"], "layers": max(options.layers, saved["shape"]["layers"])})
            scale = saved["scale"]
        self.model = Encoder(shape).to(options.device)
        if options.init:
            # Layers that the checkpoint lacks begin small, behind what it knows.
            self.model.load_named({**self.model.named(), **saved["average"]})
        elif not options.random_start:
            self.model.start_from(vectors, options.embedding_norm)
        if options.ensemble:
            self.elder, self.elder_scale = load_model(options.ensemble)
            self.elder.to(options.device)
        # The logarithm of what a score is multiplied with before the softmax.
        self.scale = torch.nn.Parameter(scale.clone().to(options.device))
        named = self.model.named()
        table = [t for n, t in named.items() if n.startswith("embeddings.") and t.dim() == 2]
        matrices = [t for n, t in named.items() if t.dim() == 2 and not n.startswith("embeddings.")]
        vectors_only = [*(t for t in named.values() if t.dim() == 1), self.scale]
        groups = [
            {"params": table, "weight_decay": 0.0, "factor": options.embedding_rate},
            {"params": matrices, "weight_decay": 0.01, "factor": 1.0},
            {"params": vectors_only, "weight_decay": 0.0, "factor": 1.0},
        ]
        self.optimiser = torch.optim.AdamW(groups, lr=options.rate, betas=(0.9, 0.98), eps=1e-8, foreach=True)
        self.average = {n: t.detach().clone() for n, t in named.items()}
        self.step = 0
        self.seconds = 0.0

    def rate(self) -> float:
        """Warm-up, then constant, then down to zero in a line."""
        o = self.options
        left = (o.steps - self.step) / max(1, int(o.steps * o.decay))
        return o.rate * min(1.0, (self.step + 1) / o.warmup, left)

    def loss(self, number: int) -> tuple[torch.Tensor, dict[str, float]]:
        o = self.options
        batch = self.pairs.batch(number, o.batch, o.document_length, o.query_length)
        queries = pack_queries(batch.queries, o.query_length).to(o.device)
        documents = pack_documents(batch.documents, o.document_length).to(o.device)
        asked, found = self.model(queries), self.model(documents)
        rng = np.random.default_rng((o.seed, 2, number))
        pool = Pooling(found, documents, ~self.skipped[documents.ids], int(rng.choice(o.pool)))
        noise = float(rng.choice(o.noise))
        wrong = torch.from_numpy(batch.same).to(o.device)
        # A sum over more tokens spreads wider: long questions are brought to the scale of short ones.
        spread = (12 / queries.lengths.float()).sqrt()[:, None]
        factor = self.scale.exp() * spread
        target = torch.eye(queries.batch, device=o.device)
        if o.teacher or o.ensemble:
            lexical = torch.from_numpy(self.teacher.scores(batch.query_words, batch.document_words)).to(o.device)
            target = torch.lerp(target, self.lexical_target(lexical, wrong), o.teacher)
        if o.ensemble:
            taught = self.ensemble_target(batch, lexical, wrong, spread)
            target = torch.lerp(target, taught, o.ensemble_weight)
        dim = o.dims[number % len(o.dims)] if o.dims else self.model.shape.dim
        q, d = (x if dim == x.shape[1] else F.normalize(x[:, :dim], dim=-1) for x in (asked, found))
        kept = pool(d)
        if noise > 0:
            kept = kept + torch.randn_like(kept) * (noise * dim**-0.5)
        q, d = (x.to(self.model.precision) for x in (q, kept))
        logits = (scores(q, queries.owners, queries.batch, d) * factor).masked_fill(wrong, -1e4)
        loss = -(target * F.log_softmax(logits, -1)).sum(-1).mean()
        own = logits.diagonal()[:, None]
        return loss, {"loss": loss.item(), "first": (logits > own).sum(1).eq(0).float().mean().item()}

    def lexical_target(self, lexical: torch.Tensor, wrong: torch.Tensor) -> torch.Tensor:
        """Softmax of BM25. The own document is right whatever the teacher thinks of it, and so is at the top."""
        masked = lexical.masked_fill(torch.eye(len(lexical), dtype=torch.bool, device=lexical.device), -1e9)
        masked = (masked + torch.diag(masked.amax(1) + 1e9)).masked_fill(wrong, -1e9)
        return torch.softmax(masked / self.options.teacher_temperature, -1)

    @torch.no_grad()
    def ensemble_target(self, batch: Batch, lexical: torch.Tensor, wrong: torch.Tensor, spread: torch.Tensor) -> torch.Tensor:
        """Softmax of standard scores of an earlier model and of BM25, added and as wide as the model's logits: together they rank better than either.

        The earlier model reads the words as they were, without slips and strange spellings.
        """
        o, model, pieces = self.options, self.elder, self.corpus.to_pieces
        queries = pack_queries([pieces(q) for q in batch.query_words], o.query_length).to(o.device)
        documents = pack_documents([pieces(d) for d in batch.document_words], o.document_length).to(o.device)
        asked, found = model(queries), model(documents)
        kept = Pooling(found, documents, ~self.skipped[documents.ids], 1)(found)
        logits = scores(asked.to(model.precision), queries.owners, queries.batch, kept.to(model.precision)) * self.elder_scale * spread
        both = sum((x - x.mean(1, keepdim=True)) / x.std(1, keepdim=True).clamp(min=1e-6) for x in (logits, lexical))
        both = both / both.std(1, keepdim=True).clamp(min=1e-6) * logits.std(1, keepdim=True)
        return torch.softmax(both.masked_fill(wrong, -1e4), -1)

    def train(self) -> None:
        o = self.options
        o.out.mkdir(parents=True, exist_ok=True)
        last = o.out / "last.pt"
        if last.exists():
            self.restore(last)
        start = time.time() - self.seconds
        running: dict[str, float] = {}
        while self.step < o.steps:
            rate = self.rate()
            for group in self.optimiser.param_groups:
                group["lr"] = rate * group["factor"]
            loss, report = self.loss(self.step)
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_([*self.model.parameters(), self.scale], 1.0)
            self.optimiser.step()
            self.step += 1
            running = {k: 0.95 * running.get(k, v) + 0.05 * v for k, v in report.items()}
            if self.step % 10 == 0:
                # Slower the longer it ran: about the last tenth of the way counts.
                keep = 1 - 10 / max(50, self.step * 0.1)
                for name, tensor in self.model.named().items():
                    self.average[name].lerp_(tensor.detach(), 1 - keep)
            self.seconds = time.time() - start
            if self.step % 50 == 0 or self.step == o.steps:
                self.write({"step": self.step, "seconds": round(self.seconds, 1), "rate": rate, "scale": self.scale.exp().item(), **running})
            if self.step % o.save == 0 or self.step == o.steps:
                self.save(last)
            if self.step % o.measure == 0 or self.step == o.steps:
                self.write({"step": self.step, **self.measured()})

    def measured(self) -> dict[str, float]:
        """Of the running average, which is what training ends with."""
        current = {n: t.detach().clone() for n, t in self.model.named().items()}
        self.model.load_named(self.average)
        dims = [self.model.shape.dim, *self.options.dims[:1]]
        result = measure(self.model, self.corpus, self.dev, dims, device=self.options.device)
        self.model.load_named(current)
        return result

    def save(self, path: Path) -> None:
        state = {
            "shape": self.model.shape.to_dict(), "step": self.step, "seconds": self.seconds, "scale": self.scale.detach(),
            "weights": {n: t.detach() for n, t in self.model.named().items()}, "average": self.average,
            "optimiser": self.optimiser.state_dict(), "options": {k: str(v) for k, v in vars(self.options).items()},
        }
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def restore(self, path: Path) -> None:
        saved = torch.load(path, map_location=self.options.device)
        self.model.load_named(saved["weights"])
        self.average, self.step, self.seconds = saved["average"], saved["step"], saved["seconds"]
        self.optimiser.load_state_dict(saved["optimiser"])
        with torch.no_grad():
            self.scale.copy_(saved["scale"])
        print(f"Going on from step {self.step}", flush=True)

    def write(self, entry: dict[str, Any]) -> None:
        line = json.dumps({k: float(f"{v:.5g}") if isinstance(v, float) else v for k, v in entry.items()})
        with (self.options.out / "log.jsonl").open("a") as log:
            log.write(line + "\n")
        print(line, flush=True)


if __name__ == "__main__":
    chosen = arguments()
    torch.set_num_threads(chosen.threads)
    torch.set_flush_denormal(True)
    Trainer(chosen).train()
