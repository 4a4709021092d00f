"""How a late-interaction checkpoint lies in its folder, read into one `Layout`.

Three layouts: PyLate, Stanford ColBERT, and the native stack of Sentence-Transformers 6. The readers in
src/model/layouts do the same for the runtime; here is only what an export and its known answers need.
"""
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errors import ConvertError

MODULES, SETTINGS, TRANSFORMER = "modules.json", "config_sentence_transformers.json", "sentence_bert_config.json"
METADATA = "artifact.metadata"


@dataclass(frozen=True)
class Side:
    """How texts of one kind, queries or documents, become input."""

    # Tokens including special tokens and marker.
    length: int
    # Vocabulary string inserted at position 1; empty inserts nothing.
    marker: str = ""
    # Text put in front.
    prompt: str = ""


@dataclass(frozen=True)
class Expansion:
    """Queries are filled up to `length`; longer ones are cut ('fixed') or stay ('min')."""

    length: int
    attend: bool
    strategy: str = "fixed"
    # None is the mask token, else the end token.
    token: str | None = None
    # Whether padding tokens that a user typed become expansion, too.
    takes_padding: bool = False


@dataclass(frozen=True)
class Dense:
    """A layer `act(W x + b) + r(x)` of the head."""

    # Folder of its weights below the checkpoint; None is `linear.weight` among the weights of the backbone.
    folder: str | None
    bias: bool = False
    activation: str = "Identity"
    residual: bool = False


@dataclass(frozen=True)
class Layout:
    kind: str
    # Folder of backbone and tokenizer below the checkpoint; "" is the checkpoint itself.
    folder: str
    query: Side
    document: Side
    expansion: Expansion | None
    dense: tuple[Dense, ...]
    # 'first' before the tokenizer sees a text, 'inside' for the words between its added tokens.
    lowercase: str | None = None
    # Whether white space around a text is dropped before the tokenizer sees it.
    strips: bool = False
    # Whether markers become tokens that are found in texts, too.
    adds_markers: bool = False

    @property
    def longest(self) -> int:
        """Tokens of the longest text."""
        return max(self.query.length, self.document.length, self.expansion.length if self.expansion else 0)


def read_layout(checkpoint: Path) -> Layout:
    """Raises ConvertError `model-missing-file`, `model-invalid`, `model-unsupported`."""
    if (checkpoint / MODULES).exists():
        return read_modules(checkpoint)
    if (checkpoint / METADATA).exists() or is_stanford(read_json(checkpoint / "config.json", optional=True)):
        return read_stanford(checkpoint)
    raise ConvertError(
        "model-unsupported",
        f"Expected a late-interaction checkpoint at {checkpoint}: {MODULES} of PyLate or Sentence-Transformers, or "
        f"{METADATA} of Stanford ColBERT. Found neither; save the model with the library that trained it.",
    )


def is_stanford(config: dict[str, Any]) -> bool:
    """Whether the weights of the transformer hold the projection."""
    return "HF_ColBERT" in (config.get("architectures") or [])


def read_metadata(folder: Path) -> dict[str, Any]:
    """Older checkpoints keep the settings one level down."""
    metadata = read_json(folder / METADATA, optional=True)
    return metadata.get("config") or metadata


def read_stanford(checkpoint: Path) -> Layout:
    metadata = read_metadata(checkpoint)
    length = metadata.get("query_maxlen") or 32
    return Layout(
        kind="stanford",
        folder="",
        query=Side(length, metadata.get("query_token_id") or "[unused0]"),
        document=Side(metadata.get("doc_maxlen") or 220, metadata.get("doc_token_id") or "[unused1]"),
        expansion=Expansion(length, bool(metadata.get("attend_to_mask_tokens")), takes_padding=True),
        dense=(Dense(folder=None),),
    )


def read_modules(checkpoint: Path) -> Layout:
    settings = read_json(checkpoint / SETTINGS)
    modules = [(module["type"], module.get("path", "")) for module in read_json(checkpoint / MODULES)]
    kinds = [kind.rpartition(".")[2] for kind, _ in modules]
    known = ("Transformer", "Dense", "Normalize", "MultiVectorMask", "HierarchicalTokenPooling", "Dropout")
    unknown = [kind for kind in kinds if kind not in known]
    if unknown or kinds[:1] != ["Transformer"]:
        what = f"{MODULES} should name a Transformer first and then {', '.join(known[1:])}, found {', '.join(kinds)}."
        raise ConvertError("model-unsupported", what)
    folder = modules[0][1]
    dense = tuple(read_dense(checkpoint, path, kind) for kind, path in modules if kind.endswith("Dense"))
    native = settings.get("model_type") == "MultiVectorEncoder"
    read = read_native if native else read_pylate
    return Layout(folder=folder, **{"dense": dense, **read(checkpoint / folder, settings, kinds)})


def read_pylate(folder: Path, settings: dict[str, Any], kinds: list[str]) -> dict[str, Any]:
    head: dict[str, Any] = {}
    if "Dense" not in kinds:
        if not is_stanford(read_json(folder / "config.json")):
            what = f"{MODULES} names no Dense module: the model has no projection yet. Train it and save it again."
            raise ConvertError("model-unsupported", what)
        head = {"dense": (Dense(folder=None),)}
        metadata = read_metadata(folder)
        stanford = {
            "query_prefix": metadata.get("query_token_id") or "[unused0]",
            "document_prefix": metadata.get("doc_token_id") or "[unused1]",
            "query_length": metadata.get("query_maxlen"),
            "document_length": metadata.get("doc_maxlen"),
            "attend_to_expansion_tokens": metadata.get("attend_to_mask_tokens"),
        }
        settings = stanford | {key: value for key, value in settings.items() if value is not None}

    def value(key: str, default: Any) -> Any:
        return default if settings.get(key) is None else settings[key]

    length = value("query_length", 32)
    expansion = Expansion(length, value("attend_to_expansion_tokens", False))
    document_prompt = prompt(settings, "document", "passage", "corpus")
    return head | {
        "kind": "pylate",
        "query": Side(length, value("query_prefix", "[Q] "), prompt(settings, "query")),
        "document": Side(value("document_length", 180), value("document_prefix", "[D] "), document_prompt),
        "expansion": expansion if value("do_query_expansion", True) else None,
        "lowercase": "first" if read_json(folder / TRANSFORMER, optional=True).get("do_lower_case") else None,
        "strips": True,
        "adds_markers": True,
    }


def prompt(settings: dict[str, Any], *names: str) -> str:
    """The first prompt of these names, else the default one."""
    prompts = settings.get("prompts") or {}
    found = [prompts[name] for name in (*names, settings.get("default_prompt_name")) if prompts.get(name) is not None]
    return found[0] if found else ""


def read_native(folder: Path, settings: dict[str, Any], kinds: list[str]) -> dict[str, Any]:
    transformer = read_json(folder / TRANSFORMER, optional=True)
    prompts = settings.get("prompts") or {}
    given = ((transformer.get("processing_kwargs") or {}).get("text") or {}).get("max_length")
    longest = transformer.get("max_seq_length") or longest_input(folder)
    rules = transformer.get("query_expansion")
    expansion = None
    # Without a mask that counts them, tokens without attention are not scored.
    if rules and ("MultiVectorMask" in kinds or rules.get("attend")):
        expansion = Expansion(rules["length"], bool(rules.get("attend")), rules["strategy"], rules.get("token"))
    fixed = expansion.length if expansion and expansion.strategy == "fixed" else None
    return {
        "kind": "sentence-transformers",
        "query": Side(fixed or given or transformer.get("query_length") or longest, prompt=prompts.get("query") or ""),
        "document": Side(given or transformer.get("document_length") or longest, prompt=prompts.get("document") or ""),
        "expansion": expansion,
        "lowercase": "inside" if transformer.get("do_lower_case") else None,
    }


def longest_input(folder: Path) -> int:
    """The most tokens the tokenizer lets through where no length is set."""
    limits = [
        read_json(folder / "tokenizer_config.json", optional=True).get("model_max_length"),
        read_json(folder / "config.json").get("max_position_embeddings"),
    ]
    # Either can be a number that means none.
    found = [int(limit) for limit in limits if limit and 0 < limit < 1e9]
    return min(found, default=512)


def read_dense(checkpoint: Path, folder: str, kind: str) -> Dense:
    """PyLate's layer multiplies where nothing is said, that of Sentence-Transformers bends by a tanh."""
    config = read_json(checkpoint / folder / "config.json")
    activation = config.get("activation_function", "Identity" if kind.startswith("pylate.") else "Tanh")
    return Dense(folder, config.get("bias", True), activation.rpartition(".")[2], config.get("use_residual", False))


def read_json(path: Path, optional: bool = False) -> Any:
    if optional and not path.exists():
        return {}
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        what = f"Expected {path}, found nothing there. Download the whole checkpoint."
        raise ConvertError("model-missing-file", what) from None
    except ValueError as error:
        raise ConvertError("model-invalid", f"{path} is not JSON: {error}. Download the checkpoint again.") from None
