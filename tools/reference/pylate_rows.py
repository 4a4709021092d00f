"""Checkpoints written, loaded, encoded and scored by PyLate."""

import importlib.util
import os
import pathlib
import shutil

import checkpoint
import lazy
import texts
import torch
import vocabulary
from shapes import BERT, LFM2, MODERNBERT, PUNCTUATION, sized


def create(folder, work, config, tokenizer, seed, layers, lower=False, prompts=None, store=None, **options):
    """Backbone folder, then PyLate's own wrapper with its head, then PyLate's own save."""
    from pylate import models
    from sentence_transformers.models import Transformer

    base = checkpoint.base_folder(work, sized(config, tokenizer), tokenizer, seed)
    transformer = Transformer(base, do_lower_case=lower)
    dense = [models.Dense(**layer) for layer in layers]
    model = models.ColBERT(modules=[transformer, *dense], prompts=prompts, device="cpu", **options)
    checkpoint.seeded(model, seed)
    # Two texts first: what the tokenizer was last asked for is saved with it, as after a training.
    model.encode(["a"], is_query=True)
    model.encode(["a b"], is_query=False)
    model.save_pretrained(folder, create_model_card=False)
    if store is not None:
        for number in range(1, len(layers) + 1):
            checkpoint.store_as(store, os.path.join(folder, f"{number}_Dense", "model.safetensors"))
    if store == torch.float16:
        # And the last projection as releases before PyLate had its own class wrote it.
        older_class(folder, len(layers))
    return models.ColBERT(folder, device="cpu")


def older_class(folder, number):
    modules = checkpoint.read_json(os.path.join(folder, "modules.json"))
    modules[number]["type"] = "sentence_transformers.models.Dense"
    checkpoint.write_json(os.path.join(folder, "modules.json"), modules)
    path = os.path.join(folder, f"{number}_Dense", "config.json")
    config = checkpoint.read_json(path)
    del config["use_residual"]
    checkpoint.write_json(path, config)


def linear(inputs, outputs, activation=None, **options):
    return {
        "in_features": inputs,
        "out_features": outputs,
        "bias": options.get("bias", False),
        "activation_function": activation or torch.nn.Identity(),
        "use_residual": options.get("use_residual", False),
    }


def record(model, folder, queries, documents, prompts=(None, None), pooled=(), notes=None):
    """parity.json: one text at a time, so that no text is padded for another's sake."""
    from pylate import rank, scores

    dim = model[-1].out_features

    def encode(text, is_query):
        prompt = prompts[0 if is_query else 1]
        vectors = model.encode([text], is_query=is_query, prompt_name=prompt)[0]
        full = (model.prompts[prompt] if prompt else "") + text
        features = model.tokenize([full], is_query=is_query)
        ids, attention = features["input_ids"], features["attention_mask"]
        if not is_query:
            mask = torch.logical_and(model.skiplist_mask(ids, model.skiplist), attention)
        else:
            mask = torch.ones_like(ids, dtype=torch.bool) if model.do_query_expansion else attention.bool()
        return checkpoint.entry(text, ids[0], attention[0], mask[0].nonzero()[:, 0], vectors)

    q = [encode(text, True) for text in queries]
    d = [encode(text, False) for text in documents]
    query_vectors = [torch.tensor(checkpoint.vectors_of(entry, dim)) for entry in q]
    document_vectors = [torch.tensor(checkpoint.vectors_of(entry, dim)) for entry in d]
    together = model.encode(documents, is_query=False, prompt_name=prompts[1], batch_size=len(documents))
    apart = max(float((torch.tensor(a) - b).abs().max()) for a, b in zip(together, document_vectors))
    assert apart < 1e-4, f"batched documents differ by {apart}"
    table = [[float(scores.colbert_scores([a], [b])[0, 0]) for b in document_vectors] for a in query_vectors]
    ranked = rank.rerank(
        documents_ids=[list(range(len(d)))] * len(q),
        queries_embeddings=query_vectors,
        documents_embeddings=[document_vectors] * len(q),
        device="cpu",
    )
    ranks = [[hit["id"] for hit in hits] for hits in ranked]
    sorted_ranks = [sorted(range(len(d)), key=lambda number, row=row: -row[number]) for row in table]
    floored = [number for number in range(len(q)) if not checkpoint.agrees(table[number], ranks[number])]
    if floored:
        # Shorter documents are padded with zeros there, and a maximum below 0 becomes 0.
        notes = f"{notes or ''} For queries {floored} PyLate's rank.rerank lets zero padding win over negative similarities; their ranks are by its colbert_scores of one pair at a time.".strip()
        ranks = [sorted_ranks[number] if number in floored else ranks[number] for number in range(len(q))]
    derived = "Which positions were kept follows from PyLate's skiplist_mask and flags, checked by the number of its vectors."
    notes = f"{notes or ''} {derived}".strip()
    pools = []
    for factor, protected in pooled:
        for number, text in enumerate(documents):
            if number % 3 == 0 or len(d[number]["kept"]) - protected == 2:
                continue  # scipy before 1.11 leaves two tokens apart when one cluster is asked for.
            rows = model.encode([text], is_query=False, prompt_name=prompts[1], pool_factor=factor, protected_tokens=protected)[0]
            pools.append((factor, protected, number, rows))
    parity = {
        "reference": checkpoint.reference("PyLate", notes),
        "queries": q,
        "documents": d,
        "scores": table,
        "ranks": ranks,
    }
    if pools:
        parity["pooled"] = checkpoint.pooled_json(pools)
    checkpoint.check(parity, dim)
    checkpoint.write_parity(folder, parity)


def finish(model, folder, queries, documents, quantized=False, **options):
    record(model, folder, queries, documents, **options)
    prompts = options.get("prompts", (None, None))
    goldens = []
    for kind, text in [("query", "which rope holds the sail?"), ("document", "Fish, salt and rope: THE quay!")]:
        prompt = prompts[0 if kind == "query" else 1]
        features = model.tokenize([(model.prompts[prompt] if prompt else "") + text], is_query=kind == "query")
        ids = features["input_ids"][0]
        with torch.no_grad():
            rows = model.forward(features)["token_embeddings"][0]
        goldens.append((kind, text, ids, torch.nn.functional.normalize(rows, p=2, dim=1)))
    checkpoint.write_goldens(folder, goldens)
    checkpoint.export(folder, "token_type_ids" in model.tokenizer.model_input_names, quantized=quantized)


def pylate_bert(folder, work):
    model = create(
        folder,
        work,
        BERT,
        vocabulary.wordpiece(),
        seed=1,
        layers=[linear(16, 12)],
        query_length=16,
        document_length=32,
        skiplist_words=PUNCTUATION,
    )
    finish(
        model,
        folder,
        texts.queries(limit=13),
        texts.documents(limit=29),
        quantized=True,
        pooled=[(2, 1), (3, 0), (4, 2)],
        notes="Two punctuation marks are not in the vocabulary: PyLate then drops every document token that is [UNK]. "
        "pooled: condensed distances, protected tokens first. The release v1.4.0 pools otherwise (square matrix, protected "
        "tokens last) and gives other pooled vectors; all else is the same there. Of every third document none is pooled, and "
        "documents with exactly two unprotected tokens are left out, as scipy before 1.11 cannot make one cluster of two.",
    )


def pylate_modernbert(folder, work):
    model = create(
        folder,
        work,
        MODERNBERT,
        vocabulary.modern_bpe(),
        seed=2,
        layers=[linear(16, 12)],
        query_length=24,
        document_length=96,
        do_query_expansion=False,
        skiplist_words=[],
    )
    finish(
        model,
        folder,
        texts.queries(limit=21),
        [*texts.documents(limit=93), texts.LONG + " " + texts.LONG],
        quantized=True,
        notes="The release v1.4.0 takes a saved empty skiplist for all punctuation, and keeps fewer vectors of documents.",
    )


def pylate_modernbert_chain(folder, work):
    model = create(
        folder,
        work,
        MODERNBERT,
        vocabulary.modern_bpe(),
        seed=3,
        layers=[linear(16, 32), linear(32, 12)],
        lower=True,
        store=torch.float16,
        query_length=24,
        document_length=48,
        do_query_expansion=False,
        skiplist_words=PUNCTUATION,
    )
    finish(
        model,
        folder,
        texts.queries(limit=21),
        texts.documents(limit=45),
        notes="After PyLate's save the projections were stored as float16 and the last one given the class of older saves; "
        "PyLate then loaded that.",
    )


def pylate_modernbert_residual(folder, work):
    layers = [
        linear(16, 32, torch.nn.GELU(), bias=True, use_residual=True),
        linear(32, 32, torch.nn.Tanh(), use_residual=True),
        linear(32, 12, bias=True),
    ]
    model = create(
        folder,
        work,
        MODERNBERT,
        vocabulary.modern_bpe(),
        seed=4,
        layers=layers,
        store=torch.bfloat16,
        query_length=20,
        document_length=40,
        do_query_expansion=True,
        attend_to_expansion_tokens=True,
        skiplist_words=[".", ",", " the"],
    )
    finish(
        model,
        folder,
        texts.queries(limit=17),
        texts.documents(limit=37),
        notes="After PyLate's save the projections were stored as bfloat16; PyLate then loaded that.",
    )


def pylate_japanese(folder, work):
    if lazy.installed("transformers"):
        raise SystemExit("pylate-japanese takes the stand-in's tokenizer: run it where transformers is not installed")
    # MeCab opens the dictionary here, for the vocabulary and for the tokenizer; the checkpoint gets it packed.
    home = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "japanese"
    spec = importlib.util.spec_from_file_location("japanese_dictionary", home / "generate.py")
    dictionary = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(dictionary)
    opened = os.path.join(os.path.dirname(work), "dictionary")
    os.makedirs(opened)
    dictionary.unpack(opened)
    os.environ["MECAB_DICDIR"] = opened
    shutil.copytree(home / "mecab", os.path.join(folder, "mecab"))
    tokenizer = vocabulary.japanese(dictionary.tagger(opened))
    model = create(
        folder,
        work,
        BERT,
        tokenizer,
        seed=5,
        layers=[linear(16, 12)],
        query_prefix="[unused0]",
        document_prefix="[unused1]",
        query_length=16,
        document_length=40,
    )
    finish(
        model,
        folder,
        texts.japanese_queries("[unused0]", "[MASK]", "[SEP]", limit=13),
        texts.japanese_documents("[unused1]", "[MASK]", "[SEP]", limit=37),
        notes="Words by MeCab with the small dictionary of fixtures/japanese, which lies in mecab/ (a real checkpoint needs "
        "unidic-lite there). The steps of transformers' BertJapaneseTokenizer around MeCab are rewritten in Python.",
    )


def pylate_eos(folder, work):
    model = create(
        folder,
        work,
        LFM2,
        vocabulary.causal_bpe(),
        seed=6,
        layers=[linear(16, 16)],
        query_length=20,
        document_length=40,
        skiplist_words=PUNCTUATION,
    )
    finish(
        model,
        folder,
        texts.queries(mask="<|im_end|>", separator="<|endoftext|>", padding="<|pad|>", limit=18),
        texts.documents(mask="<|im_end|>", separator="<|endoftext|>", padding="<|pad|>", limit=38),
        notes="Tokens without attention are zeroed before each short convolution, as transformers does for a batch of "
        "several texts (for one text alone it does not).",
    )


def pylate_prompts(folder, work):
    model = create(
        folder,
        work,
        MODERNBERT,
        vocabulary.modern_bpe(),
        seed=7,
        layers=[linear(16, 12)],
        prompts={"query": "search_query: ", "document": "search_document: "},
        query_length=31,
        document_length=55,
        do_query_expansion=False,
        skiplist_words=PUNCTUATION,
    )
    finish(
        model,
        folder,
        texts.queries(limit=18),
        texts.documents(limit=39),
        prompts=("query", "document"),
        notes="Encoded with prompt_name query and document, as the model's card asks.",
    )


ROWS = {
    "pylate-bert": pylate_bert,
    "pylate-modernbert": pylate_modernbert,
    "pylate-modernbert-chain": pylate_modernbert_chain,
    "pylate-modernbert-residual": pylate_modernbert_residual,
    "pylate-japanese": pylate_japanese,
    "pylate-eos": pylate_eos,
    "pylate-prompts": pylate_prompts,
}
