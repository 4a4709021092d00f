"""Compares the records of fixtures/family with transformers, as installed: no stand-in takes part.

    python3 tools/reference/witness.py [folder]

Needs the packages of tools/convert/requirements.txt. The recorded ids and attention go through the backbone of transformers, and the
projection; the vectors that come out have to be those on record, which were made with a stand-in. Exits with 1 when one is not.
"""

import base64
import json
import sys
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "convert"))
sys.dont_write_bytecode = True
import transformers  # noqa: E402
from encoder import load_encoder  # noqa: E402
from layouts import read_layout  # noqa: E402

LIMIT = 1e-4


def difference(encoder, known):
    """The largest one of a component of a vector."""
    # Twice, as LFM2 sets aside tokens without attention for batches only, and records are of batches.
    rows = [torch.tensor([known["ids"]] * 2), torch.tensor([known["attention"]] * 2)]
    if encoder.takes_types:
        rows.append(torch.zeros_like(rows[0]))
    with torch.no_grad():
        vectors = torch.nn.functional.normalize(encoder(*rows)[0], dim=-1)
    recorded = np.frombuffer(base64.b64decode(known["vectors"]), "<f4")
    found = vectors[known["kept"]].numpy().ravel()
    if found.shape != recorded.shape:
        raise SystemExit(f"{len(recorded)} values are recorded of {known['text']!r}, found {len(found)}.")
    return float(np.abs(found - recorded).max(initial=0))


def main():
    family = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parents[1] / "fixtures" / "family"
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    rows = []
    for folder in sorted(path for path in family.iterdir() if path.is_dir()):
        encoder = load_encoder(folder, read_layout(folder), False).eval()
        parity = json.loads((folder / "parity.json").read_text("utf-8"))
        differences = [difference(encoder, known) for known in [*parity["queries"], *parity["documents"]]]
        rows.append((folder.name, type(encoder.backbone).__name__, len(differences), max(differences)))
    largest = max(row[-1] for row in rows)
    for name, backbone, texts, worst in rows:
        print(f"{name:28}{backbone:18}{texts:4} texts  {worst:.1e}")
    print(f"transformers {transformers.__version__}, PyTorch {torch.__version__}: {largest:.1e} at most")
    return int(not largest <= LIMIT)


if __name__ == "__main__":
    sys.exit(main())
