"""Stands in for the models of transformers where it cannot be installed: plain PyTorch, written from the architectures'
descriptions, with the same configuration keys, parameter names and numbers. Runs on PyTorch 1.13 and later.

    config = AutoConfig.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder)                  # weights of model.safetensors or pytorch_model.bin
    states = model(input_ids, attention_mask).last_hidden_state   # batch x length x hidden_size

BERT (`bert`), RoBERTa and XLM-RoBERTa (`roberta`, `xlm-roberta`, `camembert`), ModernBERT (`modernbert`), LFM2 (`lfm2`).
"""
from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from .generic import ModelOutput

WEIGHTS, OLD_WEIGHTS = "model.safetensors", "pytorch_model.bin"

# What transformers assumes for keys that a config.json does not set.
COMMON: dict[str, Any] = {"initializer_range": 0.02, "pad_token_id": 0, "torch_dtype": "float32"}
BERT: dict[str, Any] = COMMON | {
    "vocab_size": 30522, "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072,
    "hidden_act": "gelu", "max_position_embeddings": 512, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
}
ROBERTA: dict[str, Any] = BERT | {"pad_token_id": 1}
DEFAULTS: dict[str, dict[str, Any]] = {
    "bert": BERT,
    "roberta": ROBERTA,
    "camembert": ROBERTA,
    "xlm-roberta": ROBERTA,
    "modernbert": COMMON | {
        "vocab_size": 50368, "hidden_size": 768, "intermediate_size": 1152, "num_hidden_layers": 22,
        "num_attention_heads": 12, "hidden_activation": "gelu", "max_position_embeddings": 8192, "norm_eps": 1e-5,
        "norm_bias": False, "attention_bias": False, "mlp_bias": False, "global_rope_theta": 160000.0,
        "local_rope_theta": 10000.0, "local_attention": 128, "global_attn_every_n_layers": 3, "pad_token_id": 50283,
    },
    "lfm2": COMMON | {
        "vocab_size": 65536, "hidden_size": 2560, "intermediate_size": 12288, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "max_position_embeddings": 128000, "norm_eps": 1e-5,
        "rope_theta": 1000000.0, "conv_bias": False, "conv_L_cache": 3, "block_multiple_of": 256,
        "block_ffn_dim_multiplier": 1.0, "block_auto_adjust_ff_dim": True,
    },
}


class PretrainedConfig:
    """The keys of a config.json as attributes."""

    def __init__(self, **keys: Any) -> None:
        for key, value in (DEFAULTS.get(keys.get("model_type", ""), {}) | keys).items():
            setattr(self, key, value)

    @classmethod
    def from_pretrained(cls, folder: str | Path, **_: Any) -> "PretrainedConfig":
        return cls(**json.loads((Path(folder) / "config.json").read_text("utf-8")))

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))

    def save_pretrained(self, folder: str | Path) -> None:
        (Path(folder) / "config.json").write_text(json.dumps(self.to_dict(), indent=2) + "\n", "utf-8")


AutoConfig = PretrainedConfig


class PreTrainedModel(nn.Module):
    """A model without a task on top, as AutoModel gives it."""

    base_model_prefix = ""

    def __init__(self, config: PretrainedConfig) -> None:
        super().__init__()
        self.config = config

    @property
    def dtype(self) -> torch.dtype:
        return next(self.parameters()).dtype

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    def post_init(self) -> None:
        """Random weights, as for training from nothing."""
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, std=self.config.initializer_range)
            if isinstance(module, nn.Linear) and module.bias is not None:
                nn.init.zeros_(module.bias)

    def get_input_embeddings(self) -> nn.Embedding:
        return next(module for module in self.modules() if isinstance(module, nn.Embedding))

    def resize_token_embeddings(self, size: int, *_: Any, **__: Any) -> nn.Embedding:
        """Keeps the rows there are; new ones are random."""
        table = self.get_input_embeddings()
        rows = torch.empty(size, table.embedding_dim).normal_(std=self.config.initializer_range)
        kept = min(size, table.num_embeddings)
        rows[:kept] = table.weight.data[:kept]
        table.weight, table.num_embeddings, self.config.vocab_size = nn.Parameter(rows), size, size
        return table

    def save_pretrained(self, folder: str | Path, **_: Any) -> None:
        from safetensors.torch import save_file

        Path(folder).mkdir(parents=True, exist_ok=True)
        self.config.architectures = [type(self).__name__]
        self.config.save_pretrained(folder)
        save_file(self.state_dict(), Path(folder) / WEIGHTS, {"format": "pt"})

    def load_weights(self, tensors: dict[str, Tensor]) -> None:
        """Takes the tensors of this model, whether or not they carry the prefix that a model with a task gives them.

        Raises:
            ValueError: a tensor is missing.
        """
        prefix = f"{self.base_model_prefix}."
        names = {name: name.removeprefix(prefix).replace("gamma", "weight").replace("beta", "bias") for name in tensors}
        bare = {names[name]: value for name, value in tensors.items()}
        missing = [name for name in self.load_state_dict(bare, strict=False).missing_keys if "pooler" not in name]
        if missing:
            raise ValueError(f"the weights lack {', '.join(missing[:5])}{' and more' if len(missing) > 5 else ''}")


def activation(name: str) -> nn.Module:
    if name in ("gelu_new", "gelu_pytorch_tanh"):
        return nn.GELU(approximate="tanh")
    return {"gelu": nn.GELU, "relu": nn.ReLU, "silu": nn.SiLU}[name]()


def blocked(visible: Tensor) -> Tensor:
    """From true where a position may be looked at to numbers that are added to attention scores."""
    return torch.where(visible, torch.tensor(0.0), torch.tensor(torch.finfo(torch.float32).min))


def attend(query: Tensor, key: Tensor, value: Tensor, bias: Tensor) -> Tensor:
    """From batch x heads x length x size to batch x length x heads * size; the bias is for batch x heads x length x length."""
    scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1]) + bias
    return (torch.softmax(scores, -1) @ value).transpose(1, 2).flatten(2)


def split_heads(states: Tensor, heads: int) -> Tensor:
    return states.reshape(*states.shape[:2], heads, -1).transpose(1, 2)


class RotaryEmbedding(nn.Module):
    """Rotary positions: the two halves of a head are the two coordinates of its pairs. Bases by kind of layer."""

    def __init__(self, size: int, thetas: dict[str, float]) -> None:
        super().__init__()
        self.size, self.thetas = size, thetas

    def forward(self, x: Tensor, position_ids: Tensor, layer_type: str) -> tuple[Tensor, Tensor]:
        """Cosines and sines, ... x length x size."""
        speeds = self.thetas[layer_type] ** (-torch.arange(0, self.size, 2, dtype=torch.float32) / self.size)
        angles = position_ids[..., None] * speeds
        angles = torch.cat([angles, angles], -1)
        return angles.cos().to(x.dtype), angles.sin().to(x.dtype)


def rotate(states: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
    cos, sin = turns
    left, right = states.chunk(2, -1)
    return states * cos + torch.cat([-right, left], -1) * sin


def places(input_ids: Tensor) -> Tensor:
    return torch.arange(input_ids.shape[1], device=input_ids.device)[None]


# --- BERT, RoBERTa ---


class BertEmbeddings(nn.Module):
    def __init__(self, config: PretrainedConfig) -> None:
        super().__init__()
        size = config.hidden_size
        self.word_embeddings = nn.Embedding(config.vocab_size, size)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, size)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, size)
        self.LayerNorm = nn.LayerNorm(size, config.layer_norm_eps)

    def forward(self, input_ids: Tensor, token_type_ids: Tensor, position_ids: Tensor) -> Tensor:
        words, types = self.word_embeddings(input_ids), self.token_type_embeddings(token_type_ids)
        return self.LayerNorm(words + types + self.position_embeddings(position_ids))


class Bag(nn.Module):
    """Modules under given names, so that parameters are called as checkpoints call them."""

    def __init__(self, /, **modules: nn.Module) -> None:
        super().__init__()
        for name, module in modules.items():
            self.add_module(name, module)


class BertLayer(nn.Module):
    def __init__(self, config: PretrainedConfig) -> None:
        super().__init__()
        size, inner, eps = config.hidden_size, config.intermediate_size, config.layer_norm_eps
        self.heads, self.act = config.num_attention_heads, activation(config.hidden_act)
        self.attention = Bag(
            self=Bag(query=nn.Linear(size, size), key=nn.Linear(size, size), value=nn.Linear(size, size)),
            output=Bag(dense=nn.Linear(size, size), LayerNorm=nn.LayerNorm(size, eps)),
        )
        self.intermediate = Bag(dense=nn.Linear(size, inner))
        self.output = Bag(dense=nn.Linear(inner, size), LayerNorm=nn.LayerNorm(size, eps))

    def forward(self, states: Tensor, bias: Tensor) -> Tensor:
        project = getattr(self.attention, "self")
        heads = [split_heads(linear(states), self.heads) for linear in (project.query, project.key, project.value)]
        states = self.attention.output.LayerNorm(self.attention.output.dense(attend(*heads, bias)) + states)
        return self.output.LayerNorm(self.output.dense(self.act(self.intermediate.dense(states))) + states)


class BertModel(PreTrainedModel):
    base_model_prefix = "bert"

    def __init__(self, config: PretrainedConfig, add_pooling_layer: bool = True) -> None:
        super().__init__(config)
        self.embeddings = BertEmbeddings(config)
        self.encoder = Bag(layer=nn.ModuleList(BertLayer(config) for _ in range(config.num_hidden_layers)))
        if add_pooling_layer:
            self.pooler = Bag(dense=nn.Linear(config.hidden_size, config.hidden_size))
        self.post_init()

    def positions(self, input_ids: Tensor) -> Tensor:
        return places(input_ids)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, token_type_ids: Tensor | None = None,
        position_ids: Tensor | None = None, **_: Any,
    ) -> ModelOutput:
        attention_mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        token_type_ids = torch.zeros_like(input_ids) if token_type_ids is None else token_type_ids
        position_ids = self.positions(input_ids) if position_ids is None else position_ids
        states = self.embeddings(input_ids, token_type_ids, position_ids)
        bias = blocked(attention_mask[:, None, None, :] != 0)
        for layer in self.encoder.layer:
            states = layer(states, bias)
        return ModelOutput(last_hidden_state=states)


class XLMRobertaModel(BertModel):
    """Positions count from the padding id on, and padding stays there whatever its attention is."""

    base_model_prefix = "roberta"

    def positions(self, input_ids: Tensor) -> Tensor:
        padding = self.config.pad_token_id
        real = (input_ids != padding).long()
        return torch.cumsum(real, 1) * real + padding


# --- ModernBERT ---


class ModernBertLayer(nn.Module):
    def __init__(self, config: PretrainedConfig, index: int) -> None:
        super().__init__()
        size, inner = config.hidden_size, config.intermediate_size
        self.heads, self.act = config.num_attention_heads, activation(config.hidden_activation)
        self.kind = "sliding_attention" if index % config.global_attn_every_n_layers else "full_attention"
        self.attn_norm = nn.Identity() if index == 0 else modern_norm(config)
        bias = config.attention_bias
        self.attn = Bag(Wqkv=nn.Linear(size, 3 * size, bias), Wo=nn.Linear(size, size, bias))
        self.mlp_norm = modern_norm(config)
        self.mlp = Bag(Wi=nn.Linear(size, 2 * inner, config.mlp_bias), Wo=nn.Linear(inner, size, config.mlp_bias))

    def forward(self, states: Tensor, bias: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
        query, key, value = (split_heads(part, self.heads) for part in self.attn.Wqkv(self.attn_norm(states)).chunk(3, -1))
        mixed = attend(rotate(query, turns), rotate(key, turns), value, bias)
        states = states + self.attn.Wo(mixed)
        inner, gate = self.mlp.Wi(self.mlp_norm(states)).chunk(2, -1)
        return states + self.mlp.Wo(self.act(inner) * gate)


def modern_norm(config: PretrainedConfig) -> nn.LayerNorm:
    norm = nn.LayerNorm(config.hidden_size, config.norm_eps)
    if not config.norm_bias:
        # Nothing is stored; zeros stand in the graph, as ONNX Runtime crashes on an input that an exporter leaves empty.
        del norm.bias
        norm.register_buffer("bias", torch.zeros(config.hidden_size), persistent=False)
    return norm


class ModernBertModel(PreTrainedModel):
    base_model_prefix = "model"

    def __init__(self, config: PretrainedConfig) -> None:
        super().__init__(config)
        thetas = {"full_attention": config.global_rope_theta, "sliding_attention": config.local_rope_theta}
        ropes = getattr(config, "rope_parameters", None) or {}
        thetas |= {kind: ropes[kind]["rope_theta"] for kind in thetas if "rope_theta" in ropes.get(kind, {})}
        self.rotary_emb = RotaryEmbedding(config.hidden_size // config.num_attention_heads, thetas)
        self.embeddings = Bag(tok_embeddings=nn.Embedding(config.vocab_size, config.hidden_size), norm=modern_norm(config))
        self.layers = nn.ModuleList(ModernBertLayer(config, index) for index in range(config.num_hidden_layers))
        self.final_norm = modern_norm(config)
        self.post_init()

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None, **_: Any) -> ModelOutput:
        attention_mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        visible = attention_mask[:, None, None, :] != 0
        place = places(input_ids)
        near = (place.T - place).abs() <= self.config.local_attention // 2
        biases = {"full_attention": blocked(visible), "sliding_attention": blocked(visible & near)}
        states = self.embeddings.norm(self.embeddings.tok_embeddings(input_ids))
        turns = {kind: self.rotary_emb(states, place, layer_type=kind) for kind in biases}
        for layer in self.layers:
            states = layer(states, biases[layer.kind], turns[layer.kind])
        return ModelOutput(last_hidden_state=self.final_norm(states))


# --- LFM2 ---


class RMSNorm(nn.Module):
    def __init__(self, size: int, eps: float) -> None:
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(size)), eps

    def forward(self, states: Tensor) -> Tensor:
        return self.weight * (states * torch.rsqrt((states * states).mean(-1, keepdim=True) + self.eps))


class Lfm2Attention(nn.Module):
    def __init__(self, config: PretrainedConfig) -> None:
        super().__init__()
        self.heads, self.groups = config.num_attention_heads, config.num_key_value_heads
        size = config.hidden_size // self.heads
        self.q_proj = nn.Linear(config.hidden_size, self.heads * size, False)
        self.k_proj = nn.Linear(config.hidden_size, self.groups * size, False)
        self.v_proj = nn.Linear(config.hidden_size, self.groups * size, False)
        self.out_proj = nn.Linear(self.heads * size, config.hidden_size, False)
        self.q_layernorm, self.k_layernorm = RMSNorm(size, config.norm_eps), RMSNorm(size, config.norm_eps)

    def forward(self, states: Tensor, bias: Tensor, mask: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
        query = rotate(self.q_layernorm(split_heads(self.q_proj(states), self.heads)), turns)
        key = rotate(self.k_layernorm(split_heads(self.k_proj(states), self.groups)), turns)
        value = split_heads(self.v_proj(states), self.groups)
        share = self.heads // self.groups
        key, value = (part.unsqueeze(2).expand(-1, -1, share, -1, -1).flatten(1, 2) for part in (key, value))
        return self.out_proj(attend(query, key, value, bias))


class Lfm2ShortConv(nn.Module):
    """A gated convolution over the last few tokens, each channel for itself."""

    def __init__(self, config: PretrainedConfig) -> None:
        super().__init__()
        size, width = config.hidden_size, config.conv_L_cache
        self.conv = nn.Conv1d(size, size, width, groups=size, bias=config.conv_bias, padding=width - 1)
        self.in_proj = nn.Linear(size, 3 * size, config.conv_bias)
        self.out_proj = nn.Linear(size, size, config.conv_bias)

    def forward(self, states: Tensor, bias: Tensor, mask: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
        before, after, x = self.in_proj(states * mask[..., None].to(states.dtype)).transpose(1, 2).chunk(3, 1)
        return self.out_proj((after * self.conv(before * x)[..., : states.shape[1]]).transpose(1, 2))


class Lfm2Layer(nn.Module):
    def __init__(self, config: PretrainedConfig, attends: bool) -> None:
        super().__init__()
        size, inner = config.hidden_size, config.intermediate_size
        if config.block_auto_adjust_ff_dim:
            multiple = config.block_multiple_of
            inner = multiple * math.ceil(int(config.block_ffn_dim_multiplier * int(2 * inner / 3)) / multiple)
        self.operator = "self_attn" if attends else "conv"
        self.add_module(self.operator, Lfm2Attention(config) if attends else Lfm2ShortConv(config))
        gate, into, out = (nn.Linear(*sizes, bias=False) for sizes in ((size, inner), (size, inner), (inner, size)))
        self.feed_forward = Bag(w1=gate, w3=into, w2=out)
        self.operator_norm, self.ffn_norm = RMSNorm(size, config.norm_eps), RMSNorm(size, config.norm_eps)

    def forward(self, states: Tensor, bias: Tensor, mask: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
        states = states + getattr(self, self.operator)(self.operator_norm(states), bias, mask, turns)
        x = self.ffn_norm(states)
        return states + self.feed_forward.w2(nn.functional.silu(self.feed_forward.w1(x)) * self.feed_forward.w3(x))


class Lfm2Model(PreTrainedModel):
    """Causal. Tokens without attention are zeroed before a convolution, as in a batch of several texts."""

    base_model_prefix = "model"

    def __init__(self, config: PretrainedConfig) -> None:
        super().__init__(config)
        kinds = getattr(config, "layer_types", None)
        attending = getattr(config, "full_attn_idxs", None)
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(
            Lfm2Layer(config, kinds[index] == "full_attention" if kinds else attending is None or index in attending)
            for index in range(config.num_hidden_layers)
        )
        self.embedding_norm = RMSNorm(config.hidden_size, config.norm_eps)
        self.rotary_emb = RotaryEmbedding(config.hidden_size // config.num_attention_heads, {"full_attention": config.rope_theta})
        self.post_init()

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None, **_: Any) -> ModelOutput:
        attention_mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        place = places(input_ids)
        bias = blocked((place.T >= place) & (attention_mask[:, None, None, :] != 0))
        states = self.embed_tokens(input_ids)
        turns = self.rotary_emb(states, place, layer_type="full_attention")
        for layer in self.layers:
            states = layer(states, bias, attention_mask, turns)
        return ModelOutput(last_hidden_state=self.embedding_norm(states))


MODELS: dict[str, type[PreTrainedModel]] = {
    "bert": BertModel, "roberta": XLMRobertaModel, "camembert": XLMRobertaModel, "xlm-roberta": XLMRobertaModel,
    "modernbert": ModernBertModel, "lfm2": Lfm2Model,
}


class AutoModel:
    @staticmethod
    def from_config(config: PretrainedConfig, **_: Any) -> PreTrainedModel:
        """Random weights; `torch.manual_seed` decides which."""
        if config.model_type not in MODELS:
            raise ValueError(f"{config.model_type} is not implemented; the stand-ins are {', '.join(MODELS)}")
        return MODELS[config.model_type](config).eval()

    @staticmethod
    def from_pretrained(folder: str | Path, config: PretrainedConfig | None = None, **_: Any) -> PreTrainedModel:
        """Weights as float32, whatever they are stored as."""
        model = AutoModel.from_config(config or AutoConfig.from_pretrained(folder))
        model.load_weights({name: tensor.float() for name, tensor in read_weights(Path(folder)).items()})
        return model


def read_weights(folder: Path) -> dict[str, Tensor]:
    if (folder / WEIGHTS).exists():
        from safetensors.torch import load_file

        return load_file(folder / WEIGHTS)
    return torch.load(folder / OLD_WEIGHTS, map_location="cpu")
