"""Stands in for transformers: AutoConfig, AutoModel and AutoTokenizer over local folders, and empty names for the rest.

models.py holds the architectures in plain PyTorch, tokenizers.py the tokenizers over the Rust library in Node,
japanese.py those over MeCab.
"""

import sys

import lazy

__version__ = "5.0.0+standin"

# isort: off
from .generic import *  # noqa: F403
from .tokenizers import *  # noqa: F403
from .japanese import *  # noqa: F403
from . import models as _models
from .heads import *  # noqa: F403

for _name in dir(_models):
    _value = getattr(_models, _name)
    if isinstance(_value, type) and _value.__module__ == _models.__name__:
        globals()[_name] = _value

# Asked of every configuration, rarely in a config.json.
for _name in ["architectures", "auto_map", "output_hidden_states"]:
    if not hasattr(PretrainedConfig, _name):  # noqa: F405
        setattr(PretrainedConfig, _name, None)  # noqa: F405

sys.modules[__name__].__class__ = lazy.UnusedModule
