"""Stands in for huggingface_hub where every checkpoint is a folder: nothing is ever downloaded."""

import sys

import lazy

__version__ = "0.0.0+standin"


class EntryNotFoundError(OSError):
    pass


class LocalEntryNotFoundError(EntryNotFoundError):
    pass


class RepositoryNotFoundError(OSError):
    pass


class HFValidationError(ValueError):
    pass


def hf_hub_download(repo_id, filename=None, **_):
    raise EntryNotFoundError(f"{filename} of {repo_id}: only local folders are read")


def snapshot_download(repo_id=None, **_):
    raise RepositoryNotFoundError(f"{repo_id}: only local folders are read")


def list_repo_files(repo_id=None, **_):
    raise RepositoryNotFoundError(f"{repo_id}: only local folders are read")


class CardData:
    def __init__(self, **values):
        vars(self).update(values)


# Everything else (cards, uploads) is imported and never used.
sys.modules[__name__].__class__ = lazy.UnusedModule
