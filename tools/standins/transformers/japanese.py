"""Tokenizers in Python rather than Rust: BertJapaneseTokenizer over MeCab."""

import json
import os
import unicodedata

import torch

from .tokenizers import BertTokenizerFast, PreTrainedTokenizerBase, added

__all__ = ["BertJapaneseTokenizer", "PreTrainedTokenizer"]


class PreTrainedTokenizer(PreTrainedTokenizerBase):
    """A tokenizer in Python: added tokens are cut out of the raw text first, the rest goes to `words`."""

    def __init__(self, vocabulary, **config):
        super().__init__(**config)
        self.vocab = vocabulary
        self.by_id = {id: word for word, id in vocabulary.items()}
        self.extra = {}
        for entry in (config.get("added_tokens_decoder") or {}).values():
            self.add([added(entry)])
        self.add([added(token, special=True) for token in self.all_special_tokens])

    @property
    def vocab_size(self):
        return len(self.vocab)

    def __len__(self):
        return len(self.get_vocab())

    def get_vocab(self):
        return {**self.vocab, **{token: id for token, (id, _) in self.extra.items()}}

    def add(self, tokens):
        count = 0
        for token in tokens:
            if token.content in self.extra or token.content == "":
                continue
            known = self.get_vocab()
            self.extra[token.content] = (known.get(token.content, len(known)), token)
            self.by_id[self.extra[token.content][0]] = token.content
            count += token.content not in known
        return count

    def added_tokens_json(self):
        return {str(id): token.to_json() for id, token in sorted(self.extra.values(), key=lambda entry: entry[0])}

    def token_id(self, token):
        if token in self.extra:
            return self.extra[token][0]
        return self.vocab.get(token, self.vocab.get(self.unk_token))

    def convert_ids_to_tokens(self, ids):
        return [self.by_id[int(id)] for id in ids] if isinstance(ids, (list, tuple, torch.Tensor)) else self.by_id[int(ids)]

    def pieces(self, text):
        """Text and added tokens in turn: the leftmost, and of those the longest, added token is cut out first."""
        found, start, at = [], 0, 0
        by_length = sorted(self.extra, key=len, reverse=True)
        while at < len(text):
            hit = next((token for token in by_length if text.startswith(token, at)), None)
            if hit is None:
                at += 1
                continue
            found += [text[start:at], hit]
            at += len(hit)
            start = at
        found.append(text[start:])
        for index, piece in enumerate(found):
            if index % 2:
                how = self.extra[piece][1]
                if how.lstrip:
                    found[index - 1] = found[index - 1].rstrip()
                if how.rstrip:
                    found[index + 1] = found[index + 1].lstrip()
        return found

    def tokenize(self, text, **_):
        tokens = []
        for index, piece in enumerate(self.pieces(text)):
            tokens += [piece] if index % 2 else self.words(piece) if piece else []
        return tokens

    def encode_rows(self, texts, special, cut_to, pad):
        rows = []
        for text in texts:
            ids = self.convert_tokens_to_ids(self.tokenize(text))
            if cut_to is not None:
                ids = ids[: max(cut_to - (2 if special else 0), 0)]
            mask = [0] * len(ids)
            if special:
                ids, mask = [self.cls_token_id, *ids, self.sep_token_id], [1, *mask, 1]
            rows.append((ids, mask))
        length = max(len(ids) for ids, _ in rows) if pad == "longest" else pad or 0
        return [self.padded(ids, mask, length) for ids, mask in rows]

    def padded(self, ids, mask, length):
        missing = max(length - len(ids), 0)
        if self.padding_side != "right" and missing:
            raise NotImplementedError("padding on the left")
        return {
            "input_ids": ids + [self.pad_token_id] * missing,
            "token_type_ids": [0] * (len(ids) + missing),
            "attention_mask": [1] * len(ids) + [0] * missing,
            "special_tokens_mask": mask + [1] * missing,
        }


class BertJapaneseTokenizer(PreTrainedTokenizer):
    """Words by MeCab, each split by WordPiece. The dictionary is what MECAB_DICDIR names, or MeCab's default."""

    defaults = BertTokenizerFast.defaults

    def __init__(self, vocabulary, **config):
        import MeCab

        super().__init__(vocabulary, **config)
        kinds = (self.init_kwargs.get("word_tokenizer_type", "basic"), self.init_kwargs.get("subword_tokenizer_type", "wordpiece"))
        if kinds != ("mecab", "wordpiece") or self.init_kwargs.get("do_lower_case"):
            raise NotImplementedError(f"Japanese tokenizer of words {kinds[0]}, subwords {kinds[1]}")
        folder = os.environ.get("MECAB_DICDIR", "/var/lib/mecab/dic/unidic")
        self.mecab = MeCab.Tagger(f"-r /dev/null -d {folder}")
        self.mecab.parse("")

    def words(self, text):
        tokens = []
        node = self.mecab.parseToNode(unicodedata.normalize("NFKC", text))
        while node:
            for word in node.surface.split():
                tokens += self.wordpieces(word)
            node = node.next
        return tokens

    def wordpieces(self, word):
        if len(word) > 100:
            return [self.unk_token]
        pieces, start = [], 0
        while start < len(word):
            end = len(word)
            while end > start and ("##" if start else "") + word[start:end] not in self.vocab:
                end -= 1
            if end == start:
                return [self.unk_token]
            pieces.append(("##" if start else "") + word[start:end])
            start = end
        return pieces

    def save_vocabulary_files(self, folder):
        path = os.path.join(folder, "vocab.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(word + "\n" for word, _ in sorted(self.vocab.items(), key=lambda entry: entry[1]))
        beyond = {token: id for token, (id, _) in self.extra.items() if id >= len(self.vocab)}
        if beyond:
            with open(os.path.join(folder, "added_tokens.json"), "w", encoding="utf-8") as file:
                file.write(json.dumps(beyond, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
        return [path]
