"""Checkpoints written, loaded, encoded and scored by Stanford ColBERT."""

import os

import checkpoint
import texts
import torch
import vocabulary
from shapes import BERT, XLMR, sized

NOTES = (
    "Ran of the library: ColBERTConfig, HF_ColBERT, QueryTokenizer, DocTokenizer, Checkpoint.queryFromText and docFromText, "
    "colbert_score. Not run: its C++ extension, which only scores packed indexes. Ranks are its scores, sorted. "
    "artifact.metadata is the library's, without paths, host and time."
)


def create(folder, work, config, tokenizer, seed, store=None, **settings):
    """Backbone folder, then the library's own wrapper and save."""
    import colbert.modeling.base_colbert as base_colbert
    from colbert.infra import ColBERTConfig

    base = checkpoint.base_folder(work, sized(config, tokenizer), tokenizer, seed)
    model = base_colbert.BaseColBERT(base, ColBERTConfig(checkpoint=base, **settings))
    model.model.resize_token_embeddings(len(model.raw_tokenizer))
    checkpoint.seeded(model.model, seed)
    model.save(folder)
    if store is not None:
        checkpoint.store_as(store, os.path.join(folder, "model.safetensors"))
    tidy(os.path.join(folder, "artifact.metadata"))


def tidy(path):
    """Takes out what tells of the machine and the hour."""
    metadata = checkpoint.read_json(path)
    for name in ["checkpoint", "root", "name", "index_root", "index_path"]:
        if name in metadata:
            metadata[name] = None
    metadata["meta"] = {"version": metadata["meta"]["version"]}
    checkpoint.write_json(path, metadata)


def load(folder):
    from colbert.infra import ColBERTConfig
    from colbert.modeling.checkpoint import Checkpoint

    # The extension is compiled when the class is first used, for packed scoring that is not asked for here.
    Checkpoint.loaded_extensions = True
    return Checkpoint(folder, ColBERTConfig.from_existing(ColBERTConfig.load_from_checkpoint(folder)), verbose=0)


def record(model, folder, queries, documents, notes=None, name="parity.json", load=None):
    from colbert.modeling.colbert import colbert_score

    def query(text):
        ids, attention = model.query_tokenizer.tensorize([text])
        rows = model.queryFromText([text])[0]
        return checkpoint.entry(text, ids[0], attention[0], range(len(rows)), rows)

    def document(text):
        ids, attention = model.doc_tokenizer.tensorize([text])
        rows = model.docFromText([text], keep_dims=False)[0]
        kept = [position for position, keep in enumerate(model.mask(ids, model.skiplist)[0]) if keep]
        return checkpoint.entry(text, ids[0], attention[0], kept, rows)

    def score(a, b):
        rows = torch.tensor(checkpoint.vectors_of(b, dim))[None]
        mask = torch.ones(rows.shape[:2])
        return float(colbert_score(torch.tensor(checkpoint.vectors_of(a, dim))[None], rows, mask, model.colbert_config)[0])

    dim = model.colbert_config.dim
    q, d = [query(text) for text in queries], [document(text) for text in documents]
    table = [[score(a, b) for b in d] for a in q]
    parity = {
        "reference": checkpoint.reference("Stanford ColBERT", f"{NOTES} {notes or ''}".strip()),
        **({"load": load} if load else {}),
        "queries": q,
        "documents": d,
        "scores": table,
        "ranks": [sorted(range(len(d)), key=lambda number, row=row: -row[number]) for row in table],
    }
    checkpoint.check(parity, dim)
    checkpoint.write_parity(folder, parity, name)


def finish(model, folder, inside, takes_types, quantized=False):
    """Goldens, and the graph with the projection inside or without it."""
    from encoder import DenseLayer
    from layouts import Dense

    goldens = []
    for kind, text in [("query", "which rope holds the sail?"), ("document", "Fish, salt and rope: THE quay!")]:
        tensorize = (model.query_tokenizer if kind == "query" else model.doc_tokenizer).tensorize
        ids, attention = tensorize([text])
        with torch.no_grad():
            rows = model.linear(model.bert(ids, attention_mask=attention)[0])[0]
        goldens.append((kind, text, ids[0], torch.nn.functional.normalize(rows, p=2, dim=1)))
    checkpoint.write_goldens(folder, goldens)
    head = None
    if inside:
        weights = {"linear.weight": model.linear.weight.data}
        head = torch.nn.Sequential(DenseLayer(Dense(folder=None, activation="Identity", bias=False, residual=False), weights))
    checkpoint.export(folder, takes_types, head, "contextual" if inside else "last_hidden_state", quantized)


def bert(seed, inside, takes_types, store=None, **settings):
    def make(folder, work):
        create(folder, work, BERT, vocabulary.wordpiece(), seed, store, dim=12, **settings)
        model = load(folder)
        record(
            model,
            folder,
            texts.queries("[unused0]", limit=13),
            texts.documents("[unused1]", limit=29),
            notes="Documents lose a typed [PAD], as the library drops that id, and [UNK], as two punctuation marks are [UNK] here."
            + (" After the library's save all weights were stored as float16; it then loaded that." if store else ""),
        )
        finish(model, folder, inside, takes_types)

    return make


def xlmr(folder, work):
    settings = {
        "query_token_id": "[QueryMarker]",
        "doc_token_id": "[DocumentMarker]",
        "query_maxlen": 20,
        "doc_maxlen": 48,
        "attend_to_mask_tokens": True,
    }
    tokenizer = vocabulary.unigram()
    create(folder, work, XLMR, tokenizer, 23, dim=12, **settings)
    model = load(folder)
    spoken = [
        texts.queries("[QueryMarker]", "<mask>", "</s>", "<pad>", limit=17) + [texts.OTHER[0], texts.OTHER[3][:30]],
        texts.documents("[DocumentMarker]", "<mask>", "</s>", "<pad>", limit=45) + texts.OTHER,
    ]
    record(model, folder, *spoken)
    finish(model, folder, inside=False, takes_types=False, quantized=True)
    # What a checkpoint of fewer dimensions is: the first rows of the projection, all else the same.
    shorter = os.path.join(work, "shorter")
    create(shorter, work, XLMR, tokenizer, 23, dim=8, **settings)
    small = load(shorter)
    small.model.load_state_dict({**model.model.state_dict(), "linear.weight": model.linear.weight.data[:8]})
    notes = "The first 8 rows of the projection, loaded as a checkpoint of dim 8: how Matryoshka checkpoints are shortened."
    record(small, folder, *[part[:12] for part in spoken], notes=notes, name="parity-8.json", load={"dim": 8})


ROWS = {
    "stanford-bert": bert(21, inside=True, takes_types=False, query_maxlen=16, doc_maxlen=32),
    "stanford-bert-beside": bert(
        22, inside=False, takes_types=True, store=torch.float16, query_maxlen=16, doc_maxlen=32, attend_to_mask_tokens=True
    ),
    "stanford-xlmr": xlmr,
}
