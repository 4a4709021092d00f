"""Checkpoints written, loaded, encoded and scored by MultiVectorEncoder of Sentence-Transformers 6."""

import checkpoint
import texts
import torch
import vocabulary
from shapes import BERT, MODERNBERT, PUNCTUATION, sized


def create(folder, work, config, tokenizer, seed, out, follow, prompts, tokens=(), similarity="maxsim", **knobs):
    """Backbone folder, then the library's own stack and save; `follow` gives the modules after the projection."""
    from sentence_transformers import MultiVectorEncoder
    from sentence_transformers.base.modules import Dense, Transformer

    base = checkpoint.base_folder(work, sized(config, tokenizer), tokenizer, seed)
    transformer = Transformer(base, **knobs)
    if tokens:
        transformer.tokenizer.add_special_tokens({"additional_special_tokens": list(tokens)})
        transformer.model.resize_token_embeddings(len(transformer.tokenizer))
    dense = Dense(
        config["hidden_size"],
        out,
        bias=False,
        activation_function=torch.nn.Identity(),
        module_input_name="token_embeddings",
    )
    checkpoint.seeded(torch.nn.Sequential(transformer.model, dense), seed)
    model = MultiVectorEncoder(
        modules=[transformer, dense, *follow(transformer.tokenizer)], prompts=prompts, similarity_fn_name=similarity, device="cpu"
    )
    model.save_pretrained(folder, create_model_card=False)
    return MultiVectorEncoder(folder, device="cpu")


def record(model, folder, queries, documents, out, notes=None, pooled=()):
    """One text at a time; the vectors of documents before the model's own pooling, where it has one."""
    from sentence_transformers import MultiVectorEncoder
    from sentence_transformers.multi_vector_encoder.modules import BaseTokenPooling, HierarchicalTokenPooling

    plain = [module for module in model if not isinstance(module, BaseTokenPooling)]
    pools_itself = len(plain) < len(model)
    unpooled = MultiVectorEncoder(
        modules=plain, prompts=model.prompts, similarity_fn_name=model.similarity_fn_name, device="cpu"
    )

    def encode(text, task):
        method = unpooled.encode_query if task == "query" else unpooled.encode_document
        vectors = method([text], convert_to_numpy=True)[0]
        fed = unpooled.preprocess([text], prompt=model.prompts.get(task), task=task)
        scored = method([text], output_value=None)[0]["attention_mask"].bool()
        assert torch.equal(fed["input_ids"][0], method([text], output_value=None)[0]["input_ids"])
        return checkpoint.entry(text, fed["input_ids"][0], fed["attention_mask"][0], scored.nonzero()[:, 0], vectors)

    q = [encode(text, "query") for text in queries]
    d = [encode(text, "document") for text in documents]
    query_vectors = [torch.tensor(checkpoint.vectors_of(entry, out)) for entry in q]
    document_vectors = [torch.tensor(checkpoint.vectors_of(entry, out)) for entry in d]
    table = model.similarity(query_vectors, document_vectors).tolist()
    pools = []
    for factor, protected in pooled:
        pooling = HierarchicalTokenPooling(pool_factor=factor, num_protected_tokens=protected)
        own = pools_itself and next(module for module in model if isinstance(module, BaseTokenPooling))
        for number, text in enumerate(documents):
            if number % 2 == 0 or len(document_vectors[number]) - protected == 2:
                continue  # scipy before 1.11 leaves two tokens apart when one cluster is asked for.
            if own and (own.pool_factor, own.num_protected_tokens) == (factor, protected):
                rows = model.encode_document([text], convert_to_numpy=True)[0]
            else:
                rows = unpooled.encode_document([text], token_pooling=pooling, convert_to_numpy=True)[0]
            pools.append((factor, protected, number, rows))
    notes = f"{notes or ''} Ranks are its scores, sorted.".strip()
    if pools_itself:
        notes = f"{notes or ''} Vectors and scores of documents are those before the model's own pooling.".strip()
    parity = {
        "reference": checkpoint.reference("Sentence-Transformers", notes),
        "queries": q,
        "documents": d,
        "scores": table,
        "ranks": [sorted(range(len(d)), key=lambda number, row=row: -row[number]) for row in table],
    }
    if pools:
        parity["pooled"] = checkpoint.pooled_json(pools)
    checkpoint.check(parity, out)
    checkpoint.write_parity(folder, parity)
    goldens = []
    for kind, text in [("query", "which rope holds the sail?"), ("document", "Fish, salt and rope: THE quay!")]:
        features = unpooled.preprocess([text], prompt=model.prompts.get(kind), task=kind)
        ids = features["input_ids"][0]
        with torch.no_grad():
            rows = model[1](model[0](features))["token_embeddings"][0]
        goldens.append((kind, text, ids, torch.nn.functional.normalize(rows, p=2, dim=1)))
    checkpoint.write_goldens(folder, goldens)
    checkpoint.export(folder, "token_type_ids" in model.tokenizer.model_input_names)


def st6_bert(folder, work):
    from sentence_transformers.base.modules import Normalize
    from sentence_transformers.multi_vector_encoder.modules import MultiVectorMask

    def follow(_):
        return [MultiVectorMask(PUNCTUATION), Normalize(module_input_name="token_embeddings")]

    model = create(
        folder,
        work,
        BERT,
        vocabulary.wordpiece(),
        seed=11,
        out=12,
        follow=follow,
        prompts={"query": "[Q] ", "document": "[D] "},
        tokens=["[Q]", "[D]"],
        query_length=16,
        document_length=32,
        query_expansion={"strategy": "fixed", "length": 16},
    )
    record(
        model,
        folder,
        texts.queries("[Q]", limit=13),
        texts.documents("[D]", limit=29),
        out=12,
        pooled=[(2, 1)],
        notes="Two punctuation marks are not in the vocabulary: Sentence-Transformers leaves them out of the skiplist, "
        "[UNK] is kept.",
    )


def st6_modernbert_min(folder, work):
    from sentence_transformers.base.modules import Normalize
    from sentence_transformers.multi_vector_encoder.modules import HierarchicalTokenPooling, MultiVectorMask

    def follow(tokenizer):
        # Leaves out an ordinary word and some letters, to see that the list is honoured.
        only = [id for id in range(len(tokenizer)) if id % 7 != 3 or id in tokenizer.all_special_ids]
        return [
            MultiVectorMask(PUNCTUATION, skiplist_tasks=["query", "document"], keep_only_token_ids=only),
            Normalize(module_input_name="token_embeddings"),
            HierarchicalTokenPooling(2, num_protected_tokens=1),
        ]

    model = create(
        folder,
        work,
        MODERNBERT,
        vocabulary.modern_bpe(),
        seed=12,
        out=12,
        follow=follow,
        prompts={"query": "search_query: ", "document": "search_document: "},
        similarity="meanmaxsim",
        query_length=40,
        document_length=64,
        query_expansion={"strategy": "min", "length": 20, "attend": True},
    )
    record(
        model,
        folder,
        texts.queries(limit=28),
        texts.documents(limit=49),
        out=12,
        pooled=[(2, 1), (3, 0)],
        notes="Scores are meanmaxsim. The skiplist applies to queries too; documents keep only the ids of keep_only_token_ids.",
    )


ROWS = {"st6-bert": st6_bert, "st6-modernbert-min": st6_modernbert_min}
