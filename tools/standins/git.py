"""Stands in for GitPython, of which Stanford ColBERT asks which commit it runs from: none."""


class exc:
    class InvalidGitRepositoryError(Exception):
        pass


class Repo:
    def __init__(self, *_, **__):
        raise exc.InvalidGitRepositoryError
