"""What the reference libraries call of transformers besides models and tokenizers."""

import collections
import dataclasses
import enum
import logging as _logging
import os

__all__ = [
    "BatchEncoding", "ExplicitEnum", "ModelOutput", "PushToHubMixin", "cached_file", "find_adapter_config_file",
    "get_class_from_dynamic_module",
    "is_peft_available", "is_torch_npu_available", "is_nltk_available", "NLTK_IMPORT_ERROR", "logging", "set_seed",
]  # fmt: skip

NLTK_IMPORT_ERROR = "{0} needs NLTK"


class ExplicitEnum(str, enum.Enum):
    pass


class PushToHubMixin:
    pass


@dataclasses.dataclass(init=False, repr=False, eq=False)
class ModelOutput(collections.OrderedDict):
    """Named values that can also be asked for by position, those that are None left out."""

    last_hidden_state: object

    def __init__(self, **values):
        super().__init__((name, value) for name, value in values.items() if value is not None)

    def __getattr__(self, name):
        if name.startswith("_") or name not in self:
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, key):
        return super().__getitem__(key) if isinstance(key, str) else tuple(self.values())[key]


class BatchEncoding(collections.UserDict):
    """The lists or tensors a tokenizer gives, by name."""

    def __getattr__(self, name):
        if name == "data" or name not in self.__dict__.get("data", {}):
            raise AttributeError(name)
        return self.data[name]

    def to(self, device, **_):
        self.data = {name: value.to(device) if hasattr(value, "to") else value for name, value in self.data.items()}
        return self


def cached_file(path, filename, **_):
    """A file of a local folder; missing ones raise the OSError the real one raises."""
    found = os.path.join(str(path), filename)
    if not os.path.isfile(found):
        raise EnvironmentError(f"{path} has no file {filename}")
    return found


def get_class_from_dynamic_module(reference, *_, **__):
    raise ValueError(f"{reference}: code that comes with a checkpoint is not run")


def find_adapter_config_file(*_, **__):
    return None


def is_peft_available():
    return False


def is_torch_npu_available(*_):
    return False


def is_nltk_available():
    return False


def set_seed(seed):
    import torch

    torch.manual_seed(seed)


class logging:
    """transformers.utils.logging."""

    @staticmethod
    def get_logger(name=None):
        logger = _logging.getLogger(name or "transformers")
        said = set()

        def warning_once(message, *_, **__):
            if message not in said:
                said.add(message)
                logger.warning(message)

        logger.warning_once = warning_once
        return logger
