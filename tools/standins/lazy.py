"""Puts the stand-ins on the import path, behind whatever is installed.

`use()` appends this folder to sys.path, so that a real library always wins, and adds a finder of last
resort for libraries that the reference code imports but never calls when it encodes: such a module hands
out an empty class for every name asked of it. Calling a method of one raises AttributeError, so nothing
unreal can slip into a recorded number.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
import types

HERE = os.path.dirname(os.path.abspath(__file__))

# Imported when the libraries load, used for training, cards, uploads, indexes: never to encode or score.
UNUSED = {
    "accelerate", "bitarray", "datasets", "faiss", "fast_plaid", "fast_pytorch_kmeans", "fastkmeans", "flask",
    "huggingface_hub", "ninja", "optimum", "pandas", "peft", "scann", "spacy", "tokenizers", "transformers", "voyager",
    "zmq",
}  # fmt: skip


class UnusedModule(types.ModuleType):
    """A module whose every public name is an empty class, or what the stand-in at its root defines."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        root = sys.modules.get(self.__name__.partition(".")[0])
        if root is not None and root is not self and name in vars(root):
            return vars(root)[name]
        value = type(name, (), {"__module__": self.__name__})
        setattr(self, name, value)
        return value


class UnusedFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, fullname, path=None, target=None):
        if fullname.partition(".")[0] not in UNUSED:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec):
        return UnusedModule(spec.name)

    def exec_module(self, module):
        pass


def installed(name):
    """Whether a real library of that name can be imported, not a stand-in."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return False
    if spec is None or isinstance(spec.loader, UnusedFinder):
        return False
    return not os.path.abspath(spec.origin or "").startswith(HERE + os.sep)


def use():
    """Makes the stand-ins importable where the real libraries are missing; calling it again changes nothing."""
    if HERE not in sys.path:
        sys.path.append(HERE)
    if not any(isinstance(finder, UnusedFinder) for finder in sys.meta_path):
        sys.meta_path.append(UnusedFinder())
    complete_typing()


def complete_typing():
    """What newer releases of typing_extensions have and Debian 12's has not: names for type checkers only."""
    import typing_extensions

    def deprecated(*_, **__):
        return lambda thing: thing

    for name, value in {"deprecated": deprecated, "TypeIs": typing_extensions.TypeGuard}.items():
        if not hasattr(typing_extensions, name):
            setattr(typing_extensions, name, value)
