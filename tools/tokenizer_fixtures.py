"""Writes fixtures/tokenizer: what the reference tokenizers say, for the tests of src/text/tokenize.ts.

    pip install tokenizers==0.23.2
    python tools/tokenizer_fixtures.py public/models/lateen-mini/tokenizer.json

Besides the cases of the shipped WordPiece tokenizer it trains two tiny tokenizers, byte-level BPE and
Unigram with Metaspace, so that no other family is taken for granted.
"""
import json, random, sys
from pathlib import Path

import tokenizers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

OUT = Path(__file__).resolve().parent.parent / "fixtures" / "tokenizer"

HANDMADE = [
    "", " ", "\n\t ", "a", "A", "how do i cancel a running fetch request",
    "Paris is the capital of France.", "  leading and trailing  ", "tabs\tand\nnew lines\r\nmixed",
    "don't can't won't it's", "state-of-the-art", "snake_case_name", "camelCaseName", "C++ and C#",
    "std::vector<int>::push_back(x);", "if (a && b) { return !c; }", "foo.bar[0].baz()", "$HOME/.config/app",
    "https://example.org/path?query=1&other=two#part", "name@example.org", "v1.2.3-beta.4", "3.14159e-10",
    "1,234,567.89", "100%", "#hash *bold* `code` ~strike~", "\"quoted\" 'single'", "…—–‘’“”«»",
    "[Q] what is this", "[D]", "a[MASK]b", "[CLS] [SEP] [PAD] [UNK]", "[q] [mask]", "[Q][Q]", "[ Q ]", "[Q",
    "café naïve façade", "cafe\u0301 nai\u0308ve", "ÀÉÎÕÜ àéîõü", "Ångström Å", "ñandú Ñ", "straße STRASSE",
    "Zürich Übergröße", "İstanbul ISTANBUL ıstanbul", "ﬁne ﬂow oﬃce", "ﬀ ﬃ", "x² y³ ½", "№ ™ © ®", "①②③",
    "Привет мир", "ёлка Ёлка й Й", "Ελληνικά κείμενο", "שלום עולם", "שָׁלוֹם", "مرحبا بالعالم", "مَرْحَبًا",
    "नमस्ते दुनिया", "ภาษาไทย", "한국어 텍스트", "각", "日本語のテキスト", "中文文本测试", "中a文b", "がぎぐ",
    "か\u3099", "Tiếng Việt", "e\u0301\u0323", "e\u0323\u0301", "q\u0307\u0323",
    "👍", "👍🏽 ok", "👨‍👩‍👧‍👦 family", "🇫🇷 flag", "❤️ heart", "☃ snowman", "a😀b", "😀😀😀",
    "zero\u200bwidth", "soft\u00adhyphen", "no\u00a0break", "em\u2003space", "line\u2028sep", "\u200eltr\u200f",
    "bom\ufeffinside", "bell\u0007here", "null\u0000byte", "repl\ufffdacement", "esc\u001b[0m", "del\u007f",
    "x" * 99, "x" * 100, "x" * 101 + " y", "a" * 300, "1" * 150, "word " * 60, "!?" * 30, "- " * 20,
    "antidisestablishmentarianism", "pneumonoultramicroscopicsilicovolcanoconiosis", "qwrtzxv", "abortcontroller",
    "ＡＢＣ fullwidth", "ｱｲｳ", "𝐛𝐨𝐥𝐝 math", "µ μ", "ſ long s", "Ω Ω", "K K", "DŽ Dž dž",
]
WORDS = ["fetch", "Controller", "signal", "naïve", "Übung", "日本", "слово", "👍", "x_y", "[Q]", "a.b", "(c)", "--", "e\u0301", "ﬁ",
         "it's", "1999", "é", "\u00a0", "\t", "中", "한글", "שלום", "C#", "`", "#", "…", "🏽", "ok", "THE", "Ñ", "²"]
# Known differences of the library, kept apart so that they are seen when they go.
DISAGREEING = ["ΣΑΣ", "\U00020000\U00020001 rare"]


def random_texts(count, seed=7):
    rng = random.Random(seed)
    for _ in range(count):
        glue = rng.choice([" ", "", " ", "\n", ", "])
        yield glue.join(rng.choice(WORDS) for _ in range(rng.randint(1, 12)))


def utf16(text, position):
    return len(text[:position].encode("utf-16-le")) // 2


def case(tokenizer, text):
    stripped = text.strip()  # as sentence-transformers does before it tokenises
    shift = len(text) - len(text.lstrip()) if stripped else 0
    encoding = tokenizer.encode(stripped)
    spans = [[utf16(text, a + shift), utf16(text, b + shift)] if b > a else [0, 0] for a, b in encoding.offsets]
    return {"text": text, "ids": encoding.ids, "spans": spans}


def write(name, reference, texts, **extra):
    data = {"generator": f"tokenizers {tokenizers.__version__}", **extra, "cases": [case(reference, t) for t in texts]}
    path = OUT / name
    lines = json.dumps({k: v for k, v in data.items() if k != "cases"}, ensure_ascii=True)[:-1]
    cases = ",\n".join(json.dumps(c, ensure_ascii=True) for c in data["cases"])
    path.write_text(f'{lines}, "cases": [\n{cases}\n]}}\n')
    print(path.name, len(data["cases"]), "cases", path.stat().st_size, "bytes")


def corpus():
    return [t for t in HANDMADE if t.strip()] * 4 + list(random_texts(400, seed=11))


def byte_level():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=600, special_tokens=["<s>", "</s>", "[MASK]"], show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(corpus(), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)])
    return tokenizer


def unigram():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=400, special_tokens=["<s>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator(["the cat sat on the mat and fetched a signal controller naive cafe"] * 3 + list(random_texts(300, 3)), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)])
    return tokenizer


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    shipped = Tokenizer.from_file(sys.argv[1])
    write("wordpiece.json", shipped, HANDMADE + list(random_texts(200)))
    write("wordpiece-disagreeing.json", shipped, DISAGREEING)
    for name, tokenizer in (("byte-level", byte_level()), ("unigram", unigram())):
        write(f"{name}.json", tokenizer, HANDMADE + list(random_texts(60)), tokenizer=json.loads(tokenizer.to_str()))
