"""The two normalizers Sentence-Transformers 6 puts in front of a tokenizer's own when it must lowercase."""


class Normalizer:
    """A normalizer as tokenizer.json writes it."""

    def __init__(self, json):
        self.json = json


class Lowercase(Normalizer):
    def __init__(self):
        super().__init__({"type": "Lowercase"})


class Sequence(Normalizer):
    def __init__(self, normalizers):
        super().__init__({"type": "Sequence", "normalizers": [normalizer.json for normalizer in normalizers]})

    def __iter__(self):
        return iter([of(json) for json in self.json["normalizers"]])


def of(json):
    """The normalizer a tokenizer.json names, or None."""
    if json is None:
        return None
    kind = json["type"]
    if kind == "Lowercase":
        return Lowercase()
    return Sequence([of(part) for part in json["normalizers"]]) if kind == "Sequence" else Normalizer(json)
