"""config.json of each architecture, in small, with the keys of a real one."""

import string

BERT = {
    "architectures": ["BertModel"],
    "model_type": "bert",
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1,
    "attention_probs_dropout_prob": 0.1,
    "max_position_embeddings": 64,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
    "initializer_range": 0.5,
    "pad_token_id": 0,
}
MODERNBERT = {
    "architectures": ["ModernBertModel"],
    "model_type": "modernbert",
    "hidden_size": 16,
    "num_hidden_layers": 4,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "hidden_activation": "gelu",
    "max_position_embeddings": 256,
    "norm_eps": 1e-5,
    "norm_bias": False,
    "attention_bias": False,
    "mlp_bias": False,
    "global_rope_theta": 160000.0,
    "local_rope_theta": 10000.0,
    "local_attention": 8,
    "global_attn_every_n_layers": 3,
    "initializer_range": 0.5,
}
LFM2 = {
    "architectures": ["Lfm2Model"],
    "model_type": "lfm2",
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "norm_eps": 1e-5,
    "rope_theta": 1000000.0,
    "conv_bias": False,
    "conv_L_cache": 3,
    "block_auto_adjust_ff_dim": False,
    "layer_types": ["conv", "full_attention", "conv"],
    "initializer_range": 0.5,
    "bos_token_id": 1,
    "eos_token_id": 4,
    "pad_token_id": 0,
}
XLMR = {
    **BERT,
    "architectures": ["XLMRobertaModel"],
    "model_type": "xlm-roberta",
    "max_position_embeddings": 66,
    "type_vocab_size": 1,
    "layer_norm_eps": 1e-5,
    "bos_token_id": 0,
    "eos_token_id": 2,
    "pad_token_id": 1,
}
PUNCTUATION = list(string.punctuation)


def sized(config, tokenizer):
    """The configuration with the size and the padding of a tokenizer."""
    rules = tokenizer[0]
    if isinstance(rules, list):
        return {**config, "vocab_size": len(rules)}
    ids = {**vocabulary_of(rules), **{token["content"]: token["id"] for token in rules["added_tokens"]}}
    padding = {"pad_token_id": ids["[PAD]"]} if config["model_type"] == "modernbert" else {}
    return {**config, "vocab_size": max(ids.values()) + 1, **padding}


def vocabulary_of(rules):
    vocab = rules["model"]["vocab"]
    return vocab if isinstance(vocab, dict) else {piece: id for id, (piece, _) in enumerate(vocab)}
