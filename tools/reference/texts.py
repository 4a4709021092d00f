"""What the vocabularies are learnt from, and the queries and documents that are recorded."""

ENGLISH = """
The harbour wakes before the town does. Boats with red sails leave at dawn and come back with the evening tide.
A lateen sail is a triangular sail set on a long yard at an angle to the mast; it lets a small boat sail close to the wind.
Sailors learned to tack: the bow turns through the wind, the sail swings over, and the boat goes on to the other side.
Which rope holds the sail? The sheet holds the sail and the halyard lifts the yard.
Old maps show where the water is deep, where the rocks are, and which lights burn at night.
When the fog came in, the keeper of the lighthouse rang the bell every two minutes until the morning.
You can measure the depth with a line and a weight; count the marks as the line runs out.
Storm, calm, storm again: the captain wrote "wind from the north, force 7" in the book.
Repair the hull first, then paint it, then let it dry for three days.
Fish is sold on the quay; the price is written on a board: 3 for cod, 12 for crab, 140 for a whole box.
Water, bread, salt and rope are loaded before the journey. It isn't far, but it's always further than you think.
""".strip().split("\n")

OTHER = """
Le voilier à voile latine rentre au port à la tombée de la nuit. Où est passée l'ancre ?
Das Boot fährt über die Mündung, größer als der Hafen, süß riecht der Teer.
El viento del sur empuja la vela; mañana será otro día de pesca.
Старая лодка стоит у берега, парус уже убран.
帆船在港口等风。船长看着地图。
港に帆船が着いた。船長は地図を見て、風を待っている。
""".strip().split("\n")

JAPANESE = """
港に白い帆の船が着いた。船長は古い地図を見て、北の風を待っている。
灯台の光は夜の海を照らす。霧の朝には鐘が二分ごとに鳴る。
魚は岸壁で売られる。値段は板に書いてある。鱈は三つ、蟹は十二、箱は百四十。
三角形の帆を使うと、小さな船でも風上に進むことができる。
水とパンと塩を積んでから、長い旅に出ます。明日は晴れるでしょうか？
嵐のあとで船を修理し、色を塗って、三日間乾かした。
深さを測るには、糸と重りを使います。目盛りを数えてください。
日本語の検索では、単語に分けることが大切です。東京から大阪まで船で行きました。
""".strip().split("\n")

LONG = (
    "The keeper counts the boats again: one at the quay, two near the rocks, three with red sails, and a whole "
    "fleet far out, where the wind from the north fills every triangular sail until the evening tide brings them "
    "back with fish, salt, rope, bread, crab and cod for the board on the quay, and the bell rings every two minutes."
)
LONG_JAPANESE = "".join(JAPANESE[:4])


def cut_at(limit, word="sail"):
    """As many words as fit exactly, and one more that does not, for the limit in words."""
    return " ".join([word] * limit)


def queries(marker="[Q] ", mask="[MASK]", separator="[SEP]", padding="[PAD]", limit=12):
    """Empty, ordinary, exactly as long as fits, too long, only punctuation, other scripts, and typed markers."""
    return [
        "",
        "which rope holds the sail?",
        LONG,
        "?!... --- (),;",
        "Où est l'ancre? größer 帆船 ☃ ⛵",
        f"{marker}what is {mask} and {separator} here",
        f"rope {padding} sail",
        "  \tTHE Harbour WAKES\n",
        cut_at(limit),
        "a\u0000b\u200bc \u0301e zzzyx qqq 12345",
    ]


def documents(marker="[D] ", mask="[MASK]", separator="[SEP]", padding="[PAD]", limit=28):
    return [
        "",
        "The sheet holds the sail and the halyard lifts the yard.",
        LONG,
        "...!?,;:-()[]{}",
        "Le voilier à voile latine; l'été, naïve cafés: ÀÉÎÕÜ, cafe\u0301.",
        "帆船在港口等风。港に帆船が着いた。 Старая лодка",
        "⛵ boats 👩‍🚀 & fish 🐟🐟",
        f"typed {mask} and {separator} and {marker}here, {marker.strip()} too",
        f"quay {padding} tide{mask}",
        "   leading and trailing spaces \n\t ",
        "UPPERCASE Sailors LEARNED",
        "zzzyx qqq ^ ` ~ caret^tick`tilde~",
        cut_at(limit),
        cut_at(limit + 1),
        "wind, north, force 7: 3 for cod; 12 for crab; 140!",
        "a\u0000b\u0007c\u200bd\ufeffe\u00adf no\u00a0break",
    ]


def japanese_queries(marker, mask, separator, limit=12):
    return [
        "",
        "帆はどの綱で支えますか？",
        LONG_JAPANESE,
        "。、！？「」",
        "ＡＢＣ　ｶﾞｷﾞ ㍍ ⛵ café",
        f"{marker}船{mask}と{separator}港",
        "  船長  ",
        "船" * limit,
    ]


def japanese_documents(marker, mask, separator, limit=28):
    return [
        "",
        *JAPANESE[:6],
        LONG_JAPANESE,
        "。、！？「」…",
        f"{marker}の船と{mask}と{separator}、{marker.strip()}",
        "Lateen sailの船 ABC ａｂｃ 123 １２３",
        "髙﨑 𠮟る 👩‍🚀⛵ がぎ か\u3099",
        "  前後の空白　\n",
        "船" * limit,
        "帆、" * limit,
        "zzzyx 龘龘龘 ^`~",
    ]
