"""Stage 1: sections of text become streams of word numbers.

    python3 prepare.py --sections sections.jsonl.xz --out work/words
    python3 prepare.py --site path/to/site --out work/words          # Markdown, HTML, reStructuredText or plain text

Writes `words.txt` (a word a line, most frequent first), `counts.npy`, `stream.npy` (uint32, all words of all fields),
`offsets.npy` (int64, sections x 5: where title, description, heading and text begin, and where the text ends) and `sources.json`.
"""
from __future__ import annotations

import argparse
import html.parser
import json
import lzma
import re
from array import array
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from words import split_words

FIELDS = ("title", "description", "heading", "text")
TEXT_SUFFIXES = (".md", ".mdx", ".markdown", ".html", ".htm", ".rst", ".txt")
MIN_TEXT_CHARACTERS = 60
MAX_TEXT_CHARACTERS = 2400


class SectionReader(html.parser.HTMLParser):
    """Sections of an HTML page: a heading, and the text up to the next one."""

    SKIPPED = ("script", "style", "nav", "footer", "head", "template")

    def __init__(self) -> None:
        super().__init__()
        self.sections: list[tuple[str, str]] = [("", "")]
        self.depth, self.heading = 0, False

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.depth += tag in self.SKIPPED
        if re.fullmatch("h[1-6]", tag):
            self.heading = True
            self.sections.append(("", ""))

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag in self.SKIPPED
        if re.fullmatch("h[1-6]", tag):
            self.heading = False

    def handle_data(self, data: str) -> None:
        if self.depth > 0:
            return
        heading, text = self.sections[-1]
        self.sections[-1] = (heading + data, text) if self.heading else (heading, f"{text} {data}")


def read_jsonl(path: Path) -> Iterator[dict[str, str]]:
    """Lines of JSON with `source`, `title`, `description`, `heading` and `text`."""
    opened = lzma.open(path, "rt", encoding="utf-8") if path.suffix == ".xz" else path.open(encoding="utf-8")
    with opened as lines:
        for line in lines:
            yield json.loads(line)


def read_site(folder: Path) -> Iterator[dict[str, str]]:
    """Sections of the pages below a folder; all have the folder's name as their source."""
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in TEXT_SUFFIXES):
        text = path.read_text("utf-8", errors="replace")
        if path.suffix.lower() in (".html", ".htm"):
            reader = SectionReader()
            reader.feed(text)
            sections = reader.sections
        else:
            parts = re.split(r"^#{1,6} +(.+?)#* *$", text, flags=re.MULTILINE)
            sections = [("", parts[0]), *zip(parts[1::2], parts[2::2], strict=True)]
        title = next((heading.strip() for heading, _ in sections if heading.strip()), path.stem)
        for heading, body in sections:
            yield {"source": folder.name, "title": title, "heading": heading.strip(), "text": " ".join(body.split())}


def prepare(sections: Iterator[dict[str, str]], out: Path) -> None:
    numbers: dict[str, int] = {}
    stream, offsets, sources = array("I"), array("q"), []
    source_numbers: dict[str, int] = {}
    for done, section in enumerate(sections, 1):
        if len(section["text"]) < MIN_TEXT_CHARACTERS:
            continue
        sources.append(source_numbers.setdefault(section["source"], len(source_numbers)))
        for field in FIELDS:
            offsets.append(len(stream))
            words = split_words(section.get(field, "")[:MAX_TEXT_CHARACTERS])
            stream.extend([numbers.setdefault(word, len(numbers)) for word in words])
        offsets.append(len(stream))
        if done % 50_000 == 0:
            print(f"{done} sections, {len(stream)} words, {len(numbers)} different", flush=True)
    found = np.frombuffer(stream, np.uint32)
    counts = np.bincount(found, minlength=len(numbers))
    # Stable, so that the same text gives the same numbers.
    order = np.argsort(-counts, kind="stable")
    renumber = np.empty(len(order), np.uint32)
    renumber[order] = np.arange(len(order), dtype=np.uint32)
    listed = list(numbers)
    out.mkdir(parents=True, exist_ok=True)
    (out / "words.txt").write_text("\n".join(listed[i] for i in order) + "\n", "utf-8")
    np.save(out / "counts.npy", counts[order])
    np.save(out / "stream.npy", renumber[found])
    np.save(out / "offsets.npy", np.frombuffer(offsets, np.int64).reshape(-1, len(FIELDS) + 1))
    np.save(out / "section_sources.npy", np.array(sources, np.int32))
    (out / "sources.json").write_text(json.dumps(list(source_numbers), indent=1) + "\n", "utf-8")
    print(f"{out}: {len(sources)} sections, {len(stream)} words, {len(order)} different")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("--sections", type=Path, nargs="+", help="JSON lines, packed with xz where the name ends in .xz")
    given.add_argument("--site", type=Path, help="folder of Markdown or HTML pages")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    given_sections = chain.from_iterable(map(read_jsonl, options.sections)) if options.sections else read_site(options.site)
    prepare(given_sections, options.out)
