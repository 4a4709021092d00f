"""Tiny tokenizers, each with the normalizer, splitting and template of the family it stands for.

WordPiece as bert-base-uncased, byte-level BPE as ModernBERT, byte-level BPE as LFM2, Unigram as XLM-RoBERTa, and the word
list of bert-base-japanese-v3. Vocabularies come from texts.py, so that every run gives the same.
"""

import base64
import collections
import io
import re
import string

import texts

BYTES = {}
for _byte in [*range(33, 127), *range(161, 173), *range(174, 256)]:
    BYTES[_byte] = chr(_byte)
for _byte in range(256):
    BYTES.setdefault(_byte, chr(256 + sum(1 for byte in BYTES if ord(BYTES[byte]) >= 256)))


def added(id, content, special=True, lstrip=False, normalized=False):
    return {
        "id": id,
        "content": content,
        "single_word": False,
        "lstrip": lstrip,
        "rstrip": False,
        "normalized": normalized,
        "special": special,
    }


def template(before, after, ids):
    """`before A after`, and the pair form that goes with it."""

    def special(token, type_id):
        return {"SpecialToken": {"id": token, "type_id": type_id}}

    first = [special(before, 0), {"Sequence": {"id": "A", "type_id": 0}}]
    second = [{"Sequence": {"id": "B", "type_id": 1}}]
    if after:
        first.append(special(after, 0))
        second.append(special(after, 1))
    return {
        "type": "TemplateProcessing",
        "single": first,
        "pair": first + second,
        "special_tokens": {token: {"id": token, "ids": [ids[token]], "tokens": [token]} for token in {before, after or before}},
    }


def rules(added_tokens, normalizer, pre_tokenizer, post_processor, decoder, model):
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added_tokens,
        "normalizer": normalizer,
        "pre_tokenizer": pre_tokenizer,
        "post_processor": post_processor,
        "decoder": decoder,
        "model": model,
    }


def wordpiece(size=300, left_out="^`"):
    """bert-base-uncased in small: `left_out` are punctuation marks the vocabulary lacks."""
    words = collections.Counter(re.findall(r"[a-zà-ÿа-я]+|[0-9]", " ".join(texts.ENGLISH + texts.OTHER[:4]).lower()))
    vocabulary = ["[PAD]", "[unused0]", "[unused1]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary += [mark for mark in string.punctuation if mark not in left_out]
    vocabulary += list(string.digits) + [f"##{digit}" for digit in string.digits]
    vocabulary += list(string.ascii_lowercase) + [f"##{letter}" for letter in string.ascii_lowercase]
    vocabulary += ["##s", "##ed", "##ing", "##er", "##le", "##ly", "帆", "船", "港", "。", "с", "##т", "##а"]
    frequent = [word for word, _ in sorted(words.items(), key=lambda entry: (-entry[1], entry[0])) if word.isascii()]
    vocabulary = list(dict.fromkeys(vocabulary + frequent))[:size]
    ids = {token: id for id, token in enumerate(vocabulary)}
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    json = rules(
        [added(ids[token], token) for token in special],
        {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
        {"type": "BertPreTokenizer"},
        template("[CLS]", "[SEP]", ids),
        {"type": "WordPiece", "prefix": "##", "cleanup": True},
        {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": ids,
        },
    )
    config = {
        "tokenizer_class": "BertTokenizer",
        "do_lower_case": True,
        "strip_accents": None,
        "tokenize_chinese_chars": True,
        "clean_up_tokenization_spaces": True,
        "model_max_length": 512,
    }
    return json, config


def merges_of(count):
    """Byte-pair merges by frequency, ties by the pair itself, over words with their leading space."""
    corpus = " ".join(texts.ENGLISH + texts.OTHER)
    words = collections.Counter(re.findall(r" ?[^\W\d_]+| ?\d+| ?[^\w\s]+|\s+", corpus))
    split = {word: [BYTES[byte] for byte in word.encode()] for word in words}
    merges = []
    while len(merges) < count:
        pairs = collections.Counter()
        for word, symbols in split.items():
            for pair in zip(symbols, symbols[1:]):
                pairs[pair] += words[word]
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        for word, symbols in split.items():
            joined, at = [], 0
            while at < len(symbols):
                hit = tuple(symbols[at : at + 2]) == best
                joined.append("".join(best) if hit else symbols[at])
                at += 2 if hit else 1
            split[word] = joined
    return merges


def bpe(first, count):
    """A model over bytes whose ids follow the tokens `first`."""
    merges = merges_of(count)
    tokens = [*first, *(BYTES[byte] for byte in sorted(BYTES, key=lambda byte: BYTES[byte])), *("".join(pair) for pair in merges)]
    return {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": False,
        "vocab": {token: id for id, token in enumerate(tokens)},
        "merges": [list(pair) for pair in merges],
    }


def modern_bpe(count=100):
    """ModernBERT in small: runs of spaces are added tokens, special tokens come last, [MASK] eats the space before it."""
    model = bpe([], count)
    size = len(model["vocab"])
    extra = ["|||IP_ADDRESS|||", *(" " * width for width in (4, 3, 2))]
    special = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]
    tokens = [added(size + i, token, special=False, normalized=True) for i, token in enumerate(extra)]
    tokens += [added(size + len(extra) + i, token, lstrip=token == "[MASK]") for i, token in enumerate(special)]
    after = size + len(extra) + len(special)
    tokens += [added(after + i, f"[unused{i}]", special=False, normalized=True) for i in range(2)]
    ids = {token["content"]: token["id"] for token in tokens}
    json = rules(
        tokens,
        {"type": "NFC"},
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        template("[CLS]", "[SEP]", ids),
        {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        model,
    )
    names = {"unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "mask_token": "[MASK]"}
    config = {
        **names,
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_input_names": ["input_ids", "attention_mask"],
        "clean_up_tokenization_spaces": True,
        "model_max_length": 8192,
    }
    return json, config


LFM_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def causal_bpe(count=120):
    """LFM2 in small: no mask token, a start token before, nothing after, padding on the right."""
    special = ["<|pad|>", "<|startoftext|>", "<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    model = bpe(special, count)
    model["ignore_merges"] = True
    tokens = [added(id, token) for id, token in enumerate(special)]
    ids = model["vocab"]
    json = rules(
        tokens,
        None,
        {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": LFM_SPLIT}, "behavior": "Isolated", "invert": False},
                {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False},
            ],
        },
        template("<|startoftext|>", None, ids),
        {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        model,
    )
    config = {
        "bos_token": "<|startoftext|>",
        "eos_token": "<|im_end|>",
        "pad_token": "<|pad|>",
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_input_names": ["input_ids", "attention_mask"],
        "padding_side": "right",
        "clean_up_tokenization_spaces": False,
        "model_max_length": 128000,
    }
    return json, config


# A few rows of NFKC with lower-case-keeping, white space and control characters: XLM-RoBERTa's own map weighs 300 KB.
NORMALISE = {
    "\uff21": "A", "\uff22": "B", "\uff23": "C", "\uff11": "1", "\uff12": "2", "\uff13": "3", "\ufb01": "fi", "\u2026": "...",
    "\u00a0": " ", "\u3000": " ", "\u200b": " ", "\t": " ", "\n": " ", "\r": " ", "\u0007": "", "\u00ad": "", "\ufeff": " ",
    "e\u0301": "é", "c\u0327": "ç", "か\u3099": "が", "\uff76\uff9e": "ガ", "\u00bd": "1\u20442", "\u2122": "TM",
}  # fmt: skip


def unigram(size=240, markers=("[QueryMarker]", "[DocumentMarker]")):
    """XLM-RoBERTa in small, pieces and scores by SentencePiece's own trainer, ids moved as fairseq does."""
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2 as proto

    corpus = texts.ENGLISH + texts.OTHER
    written = io.BytesIO()
    rows = sorted(
        "\t".join(" ".join(f"{ord(letter):X}" for letter in side) for side in entry) for entry in NORMALISE.items()
    )
    import tempfile

    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as file:
        file.write("\n".join(rows) + "\n")
        file.flush()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(corpus),
            model_writer=written,
            vocab_size=size,
            model_type="unigram",
            character_coverage=0.98,
            normalization_rule_tsv=file.name,
            num_threads=1,
            minloglevel=2,
            max_sentencepiece_length=8,
        )
    model = proto.ModelProto.FromString(written.getvalue())
    pieces = [["<s>", 0.0], ["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0]]
    pieces += [[piece.piece, piece.score] for piece in model.pieces[3:]] + [["<mask>", 0.0]]
    ids = {piece: id for id, (piece, _) in enumerate(pieces)}
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokens = [added(ids[token], token, lstrip=token == "<mask>") for token in special]
    tokens += [added(len(pieces) + i, marker) for i, marker in enumerate(markers)]
    json = rules(
        tokens,
        {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(model.normalizer_spec.precompiled_charsmap).decode()},
        {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "WhitespaceSplit"},
                {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True},
            ],
        },
        template("<s>", "</s>", ids),
        {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True},
        {"type": "Unigram", "unk_id": 3, "vocab": pieces, "byte_fallback": False},
    )
    config = {"tokenizer_class": "XLMRobertaTokenizer", "clean_up_tokenization_spaces": True, "model_max_length": 8194}
    return json, config


def japanese(tagger, size=420):
    """bert-base-japanese-v3 in small: letters, their continuations, then words as MeCab finds them in the corpus."""
    import unicodedata

    words, letters = collections.Counter(), collections.Counter()
    for line in texts.JAPANESE:
        node = tagger.parseToNode(unicodedata.normalize("NFKC", line))
        while node:
            if node.surface:
                words[node.surface] += 1
                letters.update(node.surface)
            node = node.next
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[unused0]", "[unused1]"]
    vocabulary += [mark for mark in string.punctuation if mark not in "^`"] + ["。", "、", "「", "」"]
    vocabulary += list(string.digits) + list("abcdefsiltnABC") + [f"##{letter}" for letter in "abcdefsiltnABC123"]
    by_count = [[item for item, _ in sorted(found.items(), key=lambda entry: (-entry[1], entry[0]))] for found in (letters, words)]
    vocabulary += by_count[0] + [f"##{letter}" for letter in by_count[0]] + by_count[1]
    config = {
        "tokenizer_class": "BertJapaneseTokenizer",
        "do_lower_case": False,
        "do_word_tokenize": True,
        "do_subword_tokenize": True,
        "word_tokenizer_type": "mecab",
        "subword_tokenizer_type": "wordpiece",
        "never_split": None,
        "mecab_kwargs": {"mecab_dic": "unidic_lite"},
        "model_max_length": 512,
    }
    return list(dict.fromkeys(vocabulary))[:size], config
