"""Checks of the recipe: python3 -m unittest discover -s training. They need the packages of requirements.txt."""
from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import unittest
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import numpy as np  # noqa: E402
import torch  # noqa: E402

from maxsim import scores  # noqa: E402
from measure import ndcg  # noqa: E402
from merge import slerp  # noqa: E402
from model import Encoder, Shape, pack_documents, pack_queries  # noqa: E402
from pool import Pooling, cluster  # noqa: E402
from vocabulary import WordPieces  # noqa: E402
from words import split_words  # noqa: E402

FIXTURES = HERE.parent / "fixtures"
WORDS = "wind water lamp storm tide moon harbour anchor rope sail mast keel hull deck oar wave current reef coast chart".split()


def sections(count: int) -> list[dict[str, str]]:
    """Made-up pages of a few sources, with words that tell them apart."""
    rng = np.random.default_rng(0)
    made = []
    for i in range(count):
        own = [f"{a}{b}" for a, b in zip(rng.choice(WORDS, 6), rng.choice(WORDS, 6), strict=True)]
        text = ". ".join(" ".join(rng.choice([*WORDS, *own], 12)) for _ in range(6)) + "."
        made.append({"source": f"s{i % 3}", "title": own[0], "heading": f"{own[1]} {own[2]}", "description": "", "text": f"{own[1]} {own[3]} {text}"})
    return made


class Words(unittest.TestCase):
    def test_text_is_split_as_bert_does(self) -> None:
        self.assertEqual(split_words("Café-Déjà std::vec\u200b 東京!"), ["cafe", "-", "deja", "std", ":", ":", "vec", "東", "京", "!"])

    def test_pieces_are_those_of_the_reference_tokenizer(self) -> None:
        pieces = WordPieces(HERE.parent / "public" / "models" / "lateen-mini")
        cases = json.loads((FIXTURES / "tokenizer" / "wordpiece.json").read_text("utf-8"))["cases"]
        # Without special tokens, which are looked for before words are, and in alphabets whose tables do not differ.
        plain = [c for c in cases if re.fullmatch("[\\s!-Z\\\\-~\u00a0-\u024f]+", c["text"])]
        self.assertGreater(len(plain), 30)
        for case in plain:
            self.assertEqual([i for word in split_words(case["text"]) for i in pieces(word)], case["ids"][1:-1], case["text"])


class Scores(unittest.TestCase):
    def test_max_sim_and_its_gradient_are_those_of_the_plain_formula(self) -> None:
        torch.manual_seed(0)
        queries = torch.randn(7, 8, dtype=torch.double, requires_grad=True)
        documents = torch.randn(3, 5, 8, dtype=torch.double, requires_grad=True)
        owners = torch.tensor([0, 0, 0, 1, 1, 1, 1])
        plain = torch.einsum("qd,nld->qnl", queries, documents).amax(-1)
        wanted = torch.stack([plain[:3].sum(0), plain[3:].sum(0)])
        weights = torch.randn(2, 3, dtype=torch.double)
        expected = torch.autograd.grad((wanted * weights).sum(), (queries, documents))
        found = scores(queries, owners, 2, documents)
        self.assertLess((found - wanted).abs().max().item(), 1e-5)
        for a, b in zip(torch.autograd.grad((found * weights).sum(), (queries, documents)), expected, strict=True):
            self.assertLess((a - b).abs().max().item(), 1e-5)


class Pools(unittest.TestCase):
    def test_tokens_are_pooled_as_the_runtime_pools_them(self) -> None:
        rng = np.random.default_rng(3)
        vectors = rng.normal(size=(9, 4)).astype(np.float32)
        vectors[[2, 5]] = vectors[1] + 0.01
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        groups = cluster(vectors, 2)
        self.assertEqual(groups[0], 0)
        self.assertEqual(int(groups.max()), 4)
        self.assertEqual(groups[1], groups[2])
        self.assertEqual(groups[2], groups[5])
        self.assertEqual(int((groups == 0).sum()), 1)

    def test_means_are_padded_with_what_changes_no_maximum(self) -> None:
        packed = pack_documents([np.array([50, 51, 52, 53]), np.array([60])], 32)
        vectors = torch.nn.functional.normalize(torch.randn(len(packed.ids), 4, generator=torch.Generator().manual_seed(1)), dim=-1)
        keeps = torch.ones(len(packed.ids), dtype=torch.bool)
        keeps[3] = False
        result = Pooling(vectors, packed, keeps, 1)(vectors)
        self.assertEqual(list(result.shape), [2, 6, 4])
        self.assertTrue(torch.equal(result[0, 3], vectors[4]))
        self.assertTrue(torch.equal(result[1, 5], vectors[7]))


class Merges(unittest.TestCase):
    def test_slerp_keeps_the_length_of_what_it_turns(self) -> None:
        half = slerp(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]), 0.5)
        self.assertAlmostEqual(half.norm().item(), 1, places=5)


class Encoders(unittest.TestCase):
    def test_a_text_has_the_same_vectors_in_any_company(self) -> None:
        torch.manual_seed(0)
        model = Encoder(Shape(100, hidden=32, layers=2, heads=2, feed_forward=64, dim=16), torch.float32).eval()
        texts = [np.arange(7, 20), np.arange(30, 34)]
        together = model(pack_documents(texts, 32))
        alone = model(pack_documents(texts[1:], 32))
        self.assertLess((together[-len(alone) :] - alone).abs().max().item(), 1e-5)

    def test_before_training_a_word_counts_by_how_often_it_is_there_and_by_how_long_the_text_is(self) -> None:
        torch.manual_seed(0)
        size, hidden = 200, 64
        model = Encoder(Shape(size, hidden=hidden, layers=1, heads=2, feed_forward=64, dim=32), torch.float32).eval()
        rng = np.random.default_rng(0)
        vectors = rng.normal(size=(size, hidden)).astype(np.float32)
        common = np.where(np.arange(size) < 20, 1, 0.3)
        vectors[:, 0] = 0
        vectors *= np.sqrt(1 - common**2)[:, None] / np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors[:, 0] = common
        model.start_from(vectors, 2.0)
        word, others = 50, np.arange(60, 160)
        asked = model(pack_queries([np.array([word])], 8))[2]

        def strength(text: np.ndarray) -> float:
            return (model(pack_documents([text], 128)) @ asked).max().item()

        once = strength(np.concatenate([[word], others[:60]]))
        often = strength(np.concatenate([[word] * 4, others[:57]]))
        longer = strength(np.concatenate([[word], others]))
        absent = strength(others[:61])
        self.assertGreater(often, once + 0.01)
        self.assertGreater(once, longer + 0.01)
        self.assertGreater(longer, absent + 0.1)

    def test_scores_that_are_no_numbers_are_no_first_places(self) -> None:
        with self.assertRaises(ValueError):
            ndcg(np.array([[np.nan, 1.0]]), np.array([0]))


class Recipe(unittest.TestCase):
    def test_text_becomes_a_checkpoint_in_the_layout_of_pylate(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            lines = work / "sections.jsonl"
            lines.write_text("".join(json.dumps(s) + "\n" for s in sections(240)), "utf-8")

            def stage(script: str, *arguments: str) -> None:
                done = subprocess.run([sys.executable, str(HERE / script), *arguments], capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stderr)

            stage("prepare.py", "--sections", str(lines), "--out", f"{work}/words")
            stage("vocabulary.py", "--words", f"{work}/words", "--out", f"{work}/tokenizer", "--size", "300")
            common = ("--words", f"{work}/words", "--tokenizer", f"{work}/tokenizer")
            stage("embeddings.py", *common, "--out", f"{work}/embeddings.npy", "--width", "64")
            train = ("train.py", "--work", f"{work}", "--batch", "16", "--hidden", "64", "--dim", "32", "--dims", "16", "--feed-forward", "64",
                     "--measure", "3", "--save", "3", "--warmup", "2")
            stage(*train, "--out", f"{work}/words-only", "--layers", "0", "--steps", "3")
            finish = (*train, "--out", f"{work}/run", "--init", f"{work}/words-only/last.pt", "--layers", "1",
                      "--ensemble", f"{work}/words-only/last.pt", "--pool", "1", "2", "--noise", "0.1")
            stage(*finish, "--steps", "3")
            stage(*finish, "--steps", "6")
            stage("export.py", "--checkpoint", f"{work}/run/last.pt", "--tokenizer", f"{work}/tokenizer", "--dim", "16", "--out", f"{work}/checkpoint")
            self.assertEqual(json.loads((work / "checkpoint/1_Dense/config.json").read_text())["out_features"], 16)
            trained = torch.load(work / "run/last.pt")
            self.assertEqual((trained["step"], trained["shape"]["layers"]), (6, 1))
            self.assertTrue((work / "checkpoint/model.safetensors").exists())
            if find_spec("matplotlib"):
                stage("plot.py", "curve", f"{work}/words-only/log.jsonl", f"{work}/run/log.jsonl", "--bm25", "0.5", "0.4", "--out", f"{work}/curve.svg")
                self.assertIn("nDCG@10", (work / "curve.svg").read_text())


if __name__ == "__main__":
    unittest.main()
