"""The PyTorch side: backbone, head and normalisation of a checkpoint as one module."""
from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel

from errors import ConvertError
from layouts import Dense, Layout

# By the last part of a Python class name; a class is stored without its parameters, so these have their defaults.
PLAIN = ("Identity", "GELU", "ReLU", "ReLU6", "LeakyReLU", "Tanh", "Sigmoid", "SiLU", "ELU", "Softplus", "Mish")
ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    **{name: getattr(nn, name) for name in PLAIN},
    "GELUActivation": nn.GELU,
    "SiLUActivation": nn.SiLU,
    **{name: lambda: nn.GELU(approximate="tanh") for name in ("GELUTanh", "PytorchGELUTanh", "NewGELUActivation")},
}
WEIGHTS = ("model.safetensors", "pytorch_model.bin")


class DenseLayer(nn.Module):
    """`act(W x + b) + r(x)`, where r is a learned matrix, the identity, or nothing."""

    def __init__(self, dense: Dense, tensors: dict[str, Tensor]) -> None:
        super().__init__()
        rows, columns = tensors["linear.weight"].shape
        self.linear = linear(tensors["linear.weight"], tensors["linear.bias"] if dense.bias else None)
        self.activation = ACTIVATIONS[dense.activation]()
        self.residual: nn.Module | None = None
        if dense.residual:
            self.residual = nn.Identity() if rows == columns else linear(tensors["residual.weight"], None)

    def forward(self, states: Tensor) -> Tensor:
        """... x inFeatures to ... x outFeatures."""
        projected = self.activation(self.linear(states))
        return projected if self.residual is None else projected + self.residual(states)


def linear(weight: Tensor, bias: Tensor | None) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias is not None)
    layer.weight = nn.Parameter(weight.float(), requires_grad=False)
    if bias is not None:
        layer.bias = nn.Parameter(bias.float(), requires_grad=False)
    return layer


class Encoder(nn.Module):
    """Token ids to token vectors: batch x length to batch x length x width. Without a head, vectors are hidden states."""

    def __init__(self, backbone: nn.Module, head: nn.Sequential | None, takes_types: bool) -> None:
        super().__init__()
        self.backbone, self.head, self.takes_types = backbone, head, takes_types

    @property
    def inputs(self) -> list[str]:
        return ["input_ids", "attention_mask", *(["token_type_ids"] if self.takes_types else [])]

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None) -> Tensor:
        types = {"token_type_ids": token_type_ids} if self.takes_types else {}
        states = self.backbone(input_ids=input_ids, attention_mask=attention_mask, **types).last_hidden_state
        return states if self.head is None else nn.functional.normalize(self.head(states), dim=-1)


def load_backbone(folder: Path, trust_remote_code: bool) -> nn.Module:
    """The transformer in float32, with the plain attention that exports to plain operators."""
    config = AutoConfig.from_pretrained(folder, trust_remote_code=trust_remote_code)
    # ModernBERT compiles itself otherwise, which no exporter can follow.
    if hasattr(config, "reference_compile"):
        config.reference_compile = False
    # Nothing is generated; a cache would only be more to follow.
    if hasattr(config, "use_cache"):
        config.use_cache = False
    options = {"config": config, "trust_remote_code": trust_remote_code, "attn_implementation": "eager"}
    loaded = AutoModel.from_pretrained(folder, output_loading_info=True, **options)
    model, missing = (loaded[0], loaded[1]["missing_keys"]) if isinstance(loaded, tuple) else (loaded, [])
    # The library fills what is missing with random numbers; a pooler is never used.
    lost = [name for name in missing if "pooler" not in name]
    if lost:
        what = f"The weights in {folder} lack {', '.join(sorted(lost)[:5])}. Download the checkpoint again."
        raise ConvertError("model-invalid", what)
    return model.float().eval()


def load_head(checkpoint: Path, layout: Layout) -> nn.Sequential:
    """The projections of the layout; empty when it has none."""
    layers = []
    for dense in layout.dense:
        if dense.activation not in ACTIVATIONS:
            what = f"The head asks for the activation {dense.activation}; {', '.join(ACTIVATIONS)} are implemented."
            raise ConvertError("model-unsupported", what)
        tensors = read_tensors(checkpoint / (layout.folder if dense.folder is None else dense.folder))
        needed = ["linear.weight", *(["linear.bias"] if dense.bias else [])]
        lost = [name for name in needed if name not in tensors]
        if lost:
            where = checkpoint / (dense.folder or "")
            what = f"Expected {', '.join(lost)} among the weights in {where}, found none: there is no projection to convert."
            raise ConvertError("model-invalid", what)
        layers.append(DenseLayer(dense, tensors))
    return nn.Sequential(*layers)


def load_encoder(checkpoint: Path, layout: Layout, trust_remote_code: bool = False) -> Encoder:
    """The whole model as its library computes it."""
    backbone = load_backbone(checkpoint / layout.folder, trust_remote_code)
    accepts = "token_type_ids" in inspect.signature(backbone.forward).parameters
    takes_types = accepts and getattr(backbone.config, "type_vocab_size", 0) > 1
    return Encoder(backbone, load_head(checkpoint, layout), takes_types).eval()


def write_head(encoder: Encoder, layout: Layout, out: Path) -> None:
    """Stores the projections beside the graph, where the checkpoint has them, without the backbone's weights."""
    from safetensors.torch import save_file

    for dense, layer in zip(layout.dense, encoder.head or []):
        folder = out / (layout.folder if dense.folder is None else dense.folder)
        folder.mkdir(parents=True, exist_ok=True)
        save_file(layer.state_dict(), str(folder / WEIGHTS[0]), {"format": "pt"})


def read_tensors(folder: Path) -> dict[str, Tensor]:
    """All tensors of a folder, in the number format they are stored in."""
    from safetensors.torch import load_file

    if (folder / WEIGHTS[0]).exists():
        return load_file(str(folder / WEIGHTS[0]))
    if (folder / WEIGHTS[1]).exists():
        return torch.load(folder / WEIGHTS[1], map_location="cpu")
    what = f"Expected {' or '.join(WEIGHTS)} in {folder}, found neither. Download the whole checkpoint."
    raise ConvertError("model-missing-file", what)
