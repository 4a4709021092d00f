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

from corpus import Corpus  # noqa: E402
from exchange import turned  # noqa: E402
from maxsim import scores  # noqa: E402
from measure import ndcg  # noqa: E402
from merge import slerp  # noqa: E402
from model import Encoder, Shape, pack_documents, pack_queries, random_turn  # noqa: E402
from pairs import Mix, Pairs  # noqa: E402
from pool import Pooling, cluster  # noqa: E402
from vocabulary import WordPieces  # noqa: E402
from wordnet import read_senses, sections as sense_sections  # noqa: E402
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


class Dictionary(unittest.TestCase):
    def test_a_sense_is_a_section_with_its_words_and_what_it_is_a_kind_of(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for part in ("verb", "adj", "adv"):
                (Path(folder) / f"data.{part}").write_text("  1 A licence, indented.\n")
            (Path(folder) / "data.noun").write_text(
                "00000100 06 n 01 craft 0 000 | a vehicle for water; \"a small craft\"  \n"
                "00000200 06 n 02 sailing_boat 0 sailboat 0 002 @ 00000100 n 0000 ~ 00000300 n 0000 | a small craft moved by wind  \n"
            )
            found = list(sense_sections(read_senses(Path(folder))))
        self.assertEqual([section["heading"] for section in found], ["craft", "sailing boat, sailboat"])
        self.assertEqual(found[1]["text"], "a small craft moved by wind. craft: a vehicle for water")


class Exchange(unittest.TestCase):
    def test_vectors_that_were_only_turned_come_back(self) -> None:
        old = np.random.default_rng(0).normal(size=(40, 9)).astype(np.float32)
        new = np.concatenate([old[:, :1], old[:, 1:] @ random_turn(8, 5).numpy()], axis=1)
        self.assertLess(np.abs(turned(new, old) - old).max(), 1e-4)

    def test_vectors_of_other_pieces_are_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "same pieces"):
            turned(np.zeros((3, 4)), np.zeros((4, 4)))


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
            stage("embeddings.py", *common, "--out", f"{work}/others.npy", "--width", "64", "--weight", "s1=4")
            self.check_strange_words(work)
            train = ("train.py", "--work", f"{work}", "--batch", "16", "--hidden", "64", "--dim", "32", "--dims", "16", "--feed-forward", "64",
                     "--measure", "3", "--save", "3", "--warmup", "2")
            stage(*train, "--out", f"{work}/words-only", "--layers", "0", "--steps", "3")
            stage("exchange.py", "--checkpoint", f"{work}/words-only/last.pt", "--old", f"{work}/embeddings.npy", "--new", f"{work}/others.npy",
                  "--out", f"{work}/exchanged.pt")
            finish = (*train, "--out", f"{work}/run", "--init", f"{work}/exchanged.pt", "--layers", "1",
                      "--ensemble", f"{work}/words-only/last.pt", "--pool", "1", "2", "--noise", "0.1", "--strange", "0.5")
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

    def check_strange_words(self, work: Path) -> None:
        """Words are spelled otherwise in the pieces of a batch alone, and alike in questions and documents."""
        corpus = Corpus(work / "words", work / "tokenizer")
        # All words of this little text are common ones.
        corpus.stem_shares = np.zeros_like(corpus.stem_shares)
        pairs = Pairs(corpus, np.load(work / "embeddings.npy"), Mix(strange=1, noise=0))
        batch = pairs.batch(0, 16, 40, 40)
        read = [*zip(batch.query_words, batch.queries, strict=True), *zip(batch.document_words, batch.documents, strict=True)]
        strange = [not np.array_equal(corpus.to_pieces(words)[: len(pieces)], pieces) for words, pieces in read]
        self.assertGreater(sum(strange), 16)

        found = [np.array([corpus.words.index(word) for word in text.split()]) for text in ("rope sail mast keel hull deck", "deck . hull")]
        spelling = pairs.strange_spelling(found[:1], found[1:], np.random.default_rng(1))
        self.assertGreater(len(spelling), 0)
        self.assertNotIn(corpus.words.index("."), spelling)
        first, second = (pairs.pieces_of(words, spelling).tolist() for words in found)
        deck = pairs.pieces_of(found[1][:1], spelling).tolist()
        self.assertEqual(first[-len(deck) :], deck)
        self.assertEqual(second[: len(deck)], deck)


if __name__ == "__main__":
    unittest.main()
