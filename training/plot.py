"""Draws the curves of training, or the frontier of models, as SVG for the documentation.

    python3 plot.py curve work/contrastive/log.jsonl work/finish/log.jsonl --bm25 0.55 --out curve.svg
    python3 plot.py frontier ../bench/out/quality.json --out frontier.svg      # what npm run bench -- quality has measured
"""
from __future__ import annotations

import argparse
import json
from itertools import cycle
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402

# Fixed ids and no date, so that the same figures give the same file.
matplotlib.rcParams.update({"svg.hashsalt": "lateen", "font.size": 9, "svg.fonttype": "none", "axes.spines.top": False, "axes.spines.right": False})
COLOURS = ("#1f6feb", "#d1643d", "#3f8f4f", "#8250df", "#a37b00")


def curve(logs: list[Path], lines: dict[str, float]) -> Any:
    figure, (loss, quality) = pyplot.subplots(1, 2, figsize=(8, 3))
    start = 0.0
    seen: dict[str, list[tuple[float, float]]] = {}
    for colour, log in zip(cycle(COLOURS), logs, strict=False):
        entries = [json.loads(line) for line in log.read_text().splitlines()]
        steps = [e for e in entries if "loss" in e]
        loss.plot([(start + e["seconds"]) / 60 for e in steps], [e["loss"] for e in steps], color=colour, label="/".join(log.parts[-3:-1]))
        by_step = {e["step"]: e["seconds"] for e in steps}
        for e in entries:
            for name in [k for k in e if "@" in k]:
                seconds = by_step.get(e["step"], steps[-1]["seconds"])
                seen.setdefault(name, []).append(((start + seconds) / 60, e[name]))
        start += steps[-1]["seconds"]
    loss.set(xlabel="minutes", ylabel="loss")
    loss.legend(frameon=False)
    for colour, (name, points) in zip(cycle(COLOURS), seen.items(), strict=False):
        quality.plot(*zip(*points, strict=True), marker="o", markersize=3, color=colour, label=name)
    for name, value in lines.items():
        quality.axhline(value, color="#888", linewidth=0.8, linestyle="--")
        quality.annotate(
            f"BM25, {name}", (1, value), xycoords=("axes fraction", "data"), xytext=(-2, -9), textcoords="offset points", ha="right",
            fontsize=7, color="#666",
        )
    quality.set(xlabel="minutes", ylabel="nDCG@10, set aside")
    quality.legend(frameon=False)
    return figure


def frontier(rows: list[dict[str, Any]]) -> Any:
    """Means over the collections; a token is one vector without pooling."""
    tokens = {r["collection"]: r["vectors_per_passage"] for r in rows if r["pool_factor"] == 1}
    points: dict[int, dict[int, list[tuple[float, float]]]] = {}
    for r in rows:
        point = (r["vector_bytes_per_passage"] / tokens[r["collection"]], r["ndcg@10"])
        points.setdefault(r["bits"], {}).setdefault(r["pool_factor"], []).append(point)
    figure, axis = pyplot.subplots(figsize=(6, 3.4))
    for colour, bits in zip(COLOURS, (8, 4, 2, 1), strict=False):
        means = {f: [sum(values) / len(found) for values in zip(*found, strict=True)] for f, found in sorted(points[bits].items())}
        axis.plot(*zip(*means.values(), strict=True), marker="o", markersize=4, color=colour, label=f"{bits} bit{'s' * (bits > 1)}")
        for factor, place in means.items():
            axis.annotate(f"\u00d7{factor}", place, xytext=(4, -9), textcoords="offset points", fontsize=7)
    axis.set(xlabel="bytes for each token of text (at pool factors)", ylabel="nDCG@10, meaning alone")
    axis.set_xscale("log")
    axis.set_xticks([2, 5, 10, 20, 50], ["2", "5", "10", "20", "50"])
    axis.minorticks_off()
    axis.legend(frameon=False)
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("kind", choices=["curve", "frontier"])
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--bm25", type=float, nargs="*", default=[], help="of headings, of sentences")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    if options.kind == "curve":
        drawn = curve(options.files, dict(zip(("headings", "sentences"), options.bm25, strict=False)))
    else:
        drawn = frontier(json.loads(options.files[0].read_text())["rows"])
    drawn.tight_layout()
    title = "Loss and nDCG over minutes of training" if options.kind == "curve" else "nDCG against bytes for each token of text"
    drawn.savefig(options.out, metadata={"Date": None, "Title": title})
