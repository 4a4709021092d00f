"""Writes fixtures/family: for each kind of checkpoint a tiny one and what its home library computes with it.

    python3 tools/reference/generate.py [name ...] --out fixtures/family \
        --pylate DIR --sentence-transformers-5 DIR --sentence-transformers-6 DIR --colbert DIR --tokenizers DIR

The folders are checkouts, for libraries that are not installed; --tokenizers is a folder with the npm package tokenizers.
Each name runs in a process of its own, as two versions of Sentence-Transformers take part. See README.md.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = {
    "pylate": ["pylate", "sentence_transformers_5"],
    "st6": ["sentence_transformers_6"],
    "stanford": ["colbert"],
}


def rows():
    import pylate_rows
    import st6_rows
    import stanford_rows

    return {**stanford_rows.ROWS, **pylate_rows.ROWS, **st6_rows.ROWS}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--out", default=os.path.join(HERE, "..", "..", "fixtures", "family"))
    for name in ["pylate", "sentence-transformers-5", "sentence-transformers-6", "colbert"]:
        parser.add_argument(f"--{name}", metavar="DIR")
    parser.add_argument("--pylate-revision", metavar="COMMIT", help="of a checkout that is past its version, for the record")
    parser.add_argument("--tokenizers", metavar="DIR", default=os.environ.get("LATEEN_TOKENIZERS"))
    parser.add_argument("--here", action="store_true", help="in this process: for one name")
    return parser.parse_args()


def make(name, options):
    import torch

    torch.manual_seed(0)
    torch.set_num_threads(1)
    folder = os.path.join(options.out, name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    with tempfile.TemporaryDirectory() as work:
        rows()[name](folder, os.path.join(work, "base"))
    size = sum(os.path.getsize(os.path.join(at, file)) for at, _, files in os.walk(folder) for file in files)
    print(f"  {size / 1024:.0f} KB")


def main():
    options = arguments()
    sys.path[:0] = [HERE]
    sys.path += [os.path.join(HERE, "..", "convert"), os.path.join(HERE, "..", "standins")]
    import lazy

    if options.tokenizers:
        os.environ["LATEEN_TOKENIZERS"] = os.path.abspath(options.tokenizers)
    if options.pylate_revision:
        os.environ["LATEEN_PYLATE_REVISION"] = options.pylate_revision
    if options.here:
        family = options.names[0].split("-")[0]
        checkouts = [vars(options)[name] for name in SOURCES[family]]
        sys.path[1:1] = [os.path.abspath(path) for path in checkouts if path]
        lazy.use()
        make(options.names[0], options)
        return
    known = list(rows())
    for name in options.names or known:
        if name not in known:
            raise SystemExit(f"{name} is not one of {', '.join(known)}")
        print(name, flush=True)
        passed = [argument for argument in sys.argv[1:] if argument not in options.names]
        subprocess.run([sys.executable, os.path.abspath(__file__), *passed, name, "--here"], check=True)


if __name__ == "__main__":
    main()
