"""transformers' tokenizers over the Rust tokenizers running in Node.

The vocabulary work (normalising, splitting, truncating, padding) is the Rust library's own; this module adds what
transformers adds: special tokens by name, `__call__` and its lengths, saving and loading of tokenizer_config.json.
"""

import json
import os
import tempfile

import torch

from .generic import BatchEncoding
from .rust import Rust

__all__ = [
    "AddedToken", "AutoProcessor", "AutoTokenizer", "BertTokenizer", "BertTokenizerFast", "PreTrainedTokenizerBase",
    "PreTrainedTokenizerFast", "XLMRobertaTokenizer", "XLMRobertaTokenizerFast",
]  # fmt: skip

VERY_LARGE = int(1e30)
SPECIAL = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"]


class AddedToken:
    def __init__(self, content, single_word=False, lstrip=False, rstrip=False, special=False, normalized=None):
        self.content = content
        self.single_word = single_word
        self.lstrip = lstrip
        self.rstrip = rstrip
        self.special = special
        self.normalized = (not special) if normalized is None else normalized

    def __str__(self):
        return self.content

    def to_json(self):
        names = ["content", "lstrip", "normalized", "rstrip", "single_word", "special"]
        return {name: getattr(self, name) for name in names}

    def to_rust(self):
        return {
            "content": self.content,
            "special": self.special,
            "normalized": self.normalized,
            "singleWord": self.single_word,
            "leftStrip": self.lstrip,
            "rightStrip": self.rstrip,
        }


def added(value, special=False):
    """An AddedToken from what a configuration file or a caller gives."""
    if isinstance(value, AddedToken):
        return value
    if isinstance(value, dict):
        names = ["content", "single_word", "lstrip", "rstrip", "special", "normalized"]
        known = {name: value[name] for name in names if name in value}
        return AddedToken(**{"special": special, **known})
    return AddedToken(value, special=special)


class PreTrainedTokenizerBase:
    is_fast = False
    model_input_names = ["input_ids", "token_type_ids", "attention_mask"]
    defaults = {}

    def __init__(self, **config):
        self.init_kwargs = {**self.defaults, **config}
        self.model_max_length = self.init_kwargs.get("model_max_length") or VERY_LARGE
        self.padding_side = self.init_kwargs.get("padding_side", "right")
        self.truncation_side = self.init_kwargs.get("truncation_side", "right")
        self.model_input_names = self.init_kwargs.get("model_input_names") or type(self).model_input_names
        self.chat_template = self.init_kwargs.get("chat_template")
        self.named = {}
        for name in SPECIAL:
            value = self.init_kwargs.get(name)
            self.named[name] = None if value is None else str(added(value, special=True))
        more = self.init_kwargs.get("additional_special_tokens") or self.init_kwargs.get("extra_special_tokens") or []
        self.additional_special_tokens = [str(added(value)) for value in more]

    # Lengths, as transformers' _get_padding_truncation_strategies reads them.

    def __call__(
        self,
        text,
        text_pair=None,
        add_special_tokens=True,
        padding=False,
        truncation=None,
        max_length=None,
        return_tensors=None,
        return_token_type_ids=None,
        return_attention_mask=None,
        return_special_tokens_mask=False,
        **other,
    ):
        unknown = set(other) - {"text_target", "verbose", "stride", "is_split_into_words", "pad_to_multiple_of", "padding_side"}
        if unknown or text_pair is not None or any(other.get(name) for name in other if name != "verbose"):
            raise NotImplementedError(f"not in the stand-in: {sorted(other)}, text_pair={text_pair is not None}")
        batched = isinstance(text, (list, tuple))
        if truncation is None and max_length is not None and padding is False:
            truncation = "longest_first"
        if truncation is True:
            truncation = "longest_first"
        if truncation not in (None, False, "longest_first", "do_not_truncate", "only_first"):
            raise NotImplementedError(f"truncation={truncation!r}")
        cut = truncation not in (None, False, "do_not_truncate")
        limit = max_length if max_length is not None else self.model_max_length
        cut_to = limit if cut and limit < VERY_LARGE // 10**6 else None
        if padding in (True, "longest"):
            pad = "longest"
        elif padding == "max_length":
            pad = limit if limit < VERY_LARGE // 10**6 else None
        else:
            pad = None
        texts = list(text) if batched else [text]
        rows = self.encode_rows(texts, add_special_tokens, cut_to, pad) if texts else []
        kept = list(self.model_input_names)
        if return_token_type_ids and "token_type_ids" not in kept:
            kept.append("token_type_ids")
        if return_token_type_ids is False:
            kept = [name for name in kept if name != "token_type_ids"]
        if return_attention_mask is False:
            kept = [name for name in kept if name != "attention_mask"]
        if return_special_tokens_mask:
            kept.append("special_tokens_mask")
        columns = {name: [row[name] for row in rows] for name in kept}
        if return_tensors == "pt":
            return BatchEncoding({name: torch.tensor(column, dtype=torch.long) for name, column in columns.items()})
        if return_tensors is not None:
            raise NotImplementedError(f"return_tensors={return_tensors!r}")
        return BatchEncoding(columns if batched else {name: column[0] for name, column in columns.items()})

    def encode(self, text, add_special_tokens=True, **options):
        return self(text, add_special_tokens=add_special_tokens, **options)["input_ids"]

    # Special tokens by name.

    @property
    def special_tokens_map(self):
        names = {name: self.named[name] for name in SPECIAL if self.named[name] is not None}
        if self.additional_special_tokens:
            names["additional_special_tokens"] = list(self.additional_special_tokens)
        return names

    @property
    def all_special_tokens(self):
        named = [self.named[name] for name in SPECIAL if self.named[name] is not None]
        return list(dict.fromkeys(named + self.additional_special_tokens))

    @property
    def all_special_ids(self):
        return self.convert_tokens_to_ids(self.all_special_tokens)

    def convert_tokens_to_ids(self, tokens):
        if tokens is None:
            return None
        return self.token_id(tokens) if isinstance(tokens, str) else [self.token_id(token) for token in tokens]

    def add_tokens(self, tokens, special_tokens=False):
        tokens = tokens if isinstance(tokens, (list, tuple)) else [tokens]
        return self.add([added(token, special=special_tokens) for token in tokens])

    def add_special_tokens(self, names):
        tokens = []
        for name, value in names.items():
            if name == "additional_special_tokens":
                self.additional_special_tokens = [str(added(token, special=True)) for token in value]
                tokens += [added(token, special=True) for token in value]
            else:
                setattr(self, name, str(added(value)))
                tokens.append(added(value, special=True))
        return self.add(tokens)

    def save_pretrained(self, folder, **_):
        os.makedirs(folder, exist_ok=True)
        files = self.save_vocabulary_files(folder)
        names = self.special_tokens_map
        config = {**self.init_kwargs, **names, "added_tokens_decoder": self.added_tokens_json()}
        config["model_max_length"] = self.model_max_length
        config["tokenizer_class"] = type(self).__name__
        if type(self).__name__ not in ("PreTrainedTokenizerFast",):
            config["tokenizer_class"] = type(self).__name__.removesuffix("Fast")
        for name, value in [("tokenizer_config.json", config), ("special_tokens_map.json", self.special_json(names))]:
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
        return files

    def special_json(self, names):
        entries = {entry["content"]: entry for entry in self.added_tokens_json().values()}

        def full(token):
            entry = dict(entries.get(token, AddedToken(token, normalized=False).to_json()))
            entry.pop("special")
            return entry

        return {name: value if isinstance(value, list) else full(value) for name, value in names.items()}

    @classmethod
    def from_pretrained(cls, folder, **options):
        return AutoTokenizer.from_pretrained(folder, **options)


def named_property(name):
    def read(self):
        return self.named[name]

    def write(self, value):
        self.named[name] = None if value is None else str(value)

    return property(read, write)


def named_id_property(name):
    def read(self):
        return None if self.named[name] is None else self.convert_tokens_to_ids(self.named[name])

    def write(self, value):
        self.named[name] = None if value is None else self.convert_ids_to_tokens(value)

    return property(read, write)


for _name in SPECIAL:
    setattr(PreTrainedTokenizerBase, _name, named_property(_name))
    setattr(PreTrainedTokenizerBase, f"{_name}_id", named_id_property(_name))


class Backend:
    """`backend_tokenizer`, as far as its normalizer is read and replaced."""

    def __init__(self, owner):
        self.owner = owner

    @property
    def normalizer(self):
        from tokenizers import normalizers

        return normalizers.of(self.owner.rust_json()["normalizer"])

    @normalizer.setter
    def normalizer(self, value):
        self.owner.reload({**self.owner.rust_json(), "normalizer": value.json})


class PreTrainedTokenizerFast(PreTrainedTokenizerBase):
    is_fast = True

    def __init__(self, tokenizer_json=None, **config):
        super().__init__(**config)
        self.handle = Rust.ask("load", json=json.dumps(tokenizer_json))
        known = set(self.added_contents())
        entries = {entry["content"]: entry for entry in (config.get("added_tokens_decoder") or {}).values()}
        wanted = [added(entry) for entry in entries.values()]
        wanted += [added(token, special=True) for token in self.all_special_tokens if token not in entries]
        self.add([token for token in wanted if token.content not in known])

    def rust_json(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "tokenizer.json")
            Rust.ask("save", handle=self.handle, path=path)
            with open(path, encoding="utf-8") as file:
                return json.load(file)

    def reload(self, tokenizer_json):
        self.handle = Rust.ask("load", json=json.dumps(tokenizer_json))

    @property
    def backend_tokenizer(self):
        return Backend(self)

    def added_contents(self):
        return [entry["content"] for entry in self.rust_json()["added_tokens"]]

    def added_tokens_json(self):
        names = ["content", "lstrip", "normalized", "rstrip", "single_word", "special"]
        return {str(entry["id"]): {name: entry[name] for name in names} for entry in self.rust_json()["added_tokens"]}

    def add(self, tokens):
        return Rust.ask("add", handle=self.handle, tokens=[token.to_rust() for token in tokens]) if tokens else 0

    def encode_rows(self, texts, special, cut_to, pad):
        # The strategy comes with its length, as Rust counts the special tokens in.
        truncation = None if cut_to is None else {"maxLength": cut_to, "strategy": "LongestFirst", "direction": "right"}
        padding = None
        if pad is not None:
            padding = {"direction": self.padding_side, "padId": self.pad_token_id, "padTypeId": 0, "padToken": self.pad_token}
            if pad != "longest":
                padding["maxLength"] = pad
        return Rust.ask("encode", handle=self.handle, texts=texts, special=special, truncation=truncation, padding=padding)

    def tokenize(self, text, add_special_tokens=False, **_):
        return self.encode_rows([text], add_special_tokens, None, None)[0]["tokens"]

    def token_id(self, token):
        found = Rust.ask("id", handle=self.handle, token=token)
        if found is None and self.unk_token is not None:
            return Rust.ask("id", handle=self.handle, token=self.unk_token)
        return found

    def convert_ids_to_tokens(self, ids):
        if not isinstance(ids, (list, tuple, torch.Tensor)):
            return Rust.ask("token", handle=self.handle, id=int(ids))
        return [self.convert_ids_to_tokens(id) for id in ids]

    def decode(self, ids, skip_special_tokens=False, **_):
        return Rust.ask("decode", handle=self.handle, ids=[int(id) for id in ids], skipSpecial=skip_special_tokens)

    def get_vocab(self):
        return Rust.ask("vocabulary", handle=self.handle, added=True)

    @property
    def vocab_size(self):
        return len(Rust.ask("vocabulary", handle=self.handle, added=False))

    def __len__(self):
        return len(self.get_vocab())

    def save_vocabulary_files(self, folder):
        path = os.path.join(folder, "tokenizer.json")
        Rust.ask("save", handle=self.handle, path=path)
        return [path]


class BertTokenizerFast(PreTrainedTokenizerFast):
    defaults = {
        "unk_token": "[UNK]",
        "sep_token": "[SEP]",
        "pad_token": "[PAD]",
        "cls_token": "[CLS]",
        "mask_token": "[MASK]",
    }

    def save_vocabulary_files(self, folder):
        files = super().save_vocabulary_files(folder)
        words = Rust.ask("vocabulary", handle=self.handle, added=False)
        path = os.path.join(folder, "vocab.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(word + "\n" for word, _ in sorted(words.items(), key=lambda entry: entry[1]))
        return [*files, path]


class XLMRobertaTokenizerFast(PreTrainedTokenizerFast):
    model_input_names = ["input_ids", "attention_mask"]
    defaults = {
        "bos_token": "<s>",
        "eos_token": "</s>",
        "sep_token": "</s>",
        "cls_token": "<s>",
        "unk_token": "<unk>",
        "pad_token": "<pad>",
        "mask_token": "<mask>",
    }


BertTokenizer = BertTokenizerFast
XLMRobertaTokenizer = XLMRobertaTokenizerFast


CLASSES = {
    "BertTokenizer": BertTokenizerFast,
    "BertTokenizerFast": BertTokenizerFast,
    "XLMRobertaTokenizer": XLMRobertaTokenizerFast,
    "XLMRobertaTokenizerFast": XLMRobertaTokenizerFast,
}


class AutoTokenizer:
    @staticmethod
    def from_pretrained(folder, *_, subfolder="", **options):
        folder = os.path.join(str(folder), subfolder or "")
        config = read_json(os.path.join(folder, "tokenizer_config.json")) or {}
        hub = ["token", "trust_remote_code", "revision", "local_files_only", "cache_dir", "use_fast", "config"]
        config.update({name: value for name, value in options.items() if name not in hub})
        name = config.pop("tokenizer_class", "PreTrainedTokenizerFast")
        if name == "BertJapaneseTokenizer":
            from .japanese import BertJapaneseTokenizer

            with open(os.path.join(folder, "vocab.txt"), encoding="utf-8") as file:
                words = [line.rstrip("\n") for line in file]
            return BertJapaneseTokenizer({word: id for id, word in enumerate(words)}, **config)
        rules = read_json(os.path.join(folder, "tokenizer.json"))
        if rules is None:
            raise EnvironmentError(f"{folder} has no tokenizer.json, and {name} is not BertJapaneseTokenizer")
        return CLASSES.get(name, PreTrainedTokenizerFast)(tokenizer_json=rules, **config)


AutoProcessor = AutoTokenizer


def read_json(path):
    if not os.path.isfile(path):
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)
