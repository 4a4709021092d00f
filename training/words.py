"""Text to words, as BERT's normaliser and pre-tokenizer split it: lower case, no accents, punctuation alone."""
from __future__ import annotations

import re
import sys
import unicodedata


def _ranges(belongs) -> str:
    """A regular-expression class body of all characters for which `belongs` is true."""
    parts, start = [], None
    for code in range(sys.maxunicode + 2):
        inside = code <= sys.maxunicode and belongs(chr(code))
        if inside and start is None:
            start = code
        elif not inside and start is not None:
            parts.append(f"\\U{start:08x}-\\U{code - 1:08x}")
            start = None
    return "".join(parts)


def _is_punctuation(char: str) -> bool:
    return char in "$+<=>^`|~" or unicodedata.category(char).startswith("P")


# The ranges that BERT calls Chinese characters, each a word of its own.
_CJK = "\u4e00-\u9fff\u3400-\u4dbf\uf900-\ufaff\U00020000-\U0002a6df\U0002a700-\U0002ebef\U0002f800-\U0002fa1f"
_ALONE = _ranges(_is_punctuation) + _CJK
_WORD = re.compile(f"[{_ALONE}]|[^\\s{_ALONE}]+")
_CONTROL = re.compile(f"[{_ranges(lambda c: c not in chr(9) + chr(10) + chr(13) and unicodedata.category(c) in ('Cc', 'Cf', 'Co'))}\ufffd]")
PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"


def split_words(text: str) -> list[str]:
    """The words of a text, in order; joining them loses white space, case and accents only."""
    if text.isascii():
        if not text.isprintable():
            text = _CONTROL.sub("", text)
        return _WORD.findall(text.lower())
    text = _CONTROL.sub("", text).lower()
    text = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
    return _WORD.findall(text)
