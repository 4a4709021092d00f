"""Makes a model bundle of Lateen from a PyTorch checkpoint of a late-interaction model.

    python3 convert.py <checkpoint> --out <folder> [--dtype fp32,q8,q8-matmulnbits,fp16] [--head inside|beside]

What is trained is exported as it is: markers, lengths, query expansion and skiplist stay in the settings, which the runtime
honours. Progress goes to standard error.
"""
from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import traceback
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
FILES = {
    "fp32": "model.onnx",
    "q8": "model_quantized.onnx",
    "q8-matmulnbits": "model_matmulnbits.onnx",
    "fp16": "model_fp16.onnx",
}
OUTPUTS = {"inside": "token_embeddings", "beside": "contextual"}

sys.path.insert(0, str(HERE))
# The package may be installed where nothing can be written.
sys.dont_write_bytecode = True
from errors import ConvertError  # noqa: E402


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    add("checkpoint", type=Path, help="folder saved by PyLate, Stanford ColBERT or Sentence-Transformers 6")
    add("--out", type=Path, required=True, help="folder of the bundle; weights of an earlier one are replaced")
    add("--dtype", default="fp32,q8,q8-matmulnbits", help=f"forms of the weights: {', '.join(FILES)} (default: %(default)s)")
    add("--head", choices=list(OUTPUTS), default="inside", help="where the projection goes (default: %(default)s the graph)")
    add("--opset", type=int, default=17, help="version of the ONNX operators (default: %(default)s)")
    add("--goldens", type=Path, metavar="FILE", help='lines {"kind": "query", "text": "..."} for the known answers')
    add("--trust-remote-code", action="store_true", help="run model code that comes with the checkpoint")
    add("--node", default=os.environ.get("LATEEN_NODE", "node"), help="Node.js (default: %(default)s)")
    add("--json", action="store_true", help="print one JSON object on standard output; failures too")
    add("--standins", action="store_true", help="stand-ins of a clone for transformers and safetensors, where not installed")
    return parser.parse_args()


def convert(options: argparse.Namespace) -> dict[str, Any]:
    """Writes the bundle and describes it."""
    dtypes = [dtype.strip() for dtype in options.dtype.split(",")]
    unknown = [dtype for dtype in dtypes if dtype not in FILES]
    if unknown:
        raise ConvertError("bad-argument", f"Expected --dtype among {', '.join(FILES)}; found {', '.join(unknown)}.")
    if not options.checkpoint.is_dir():
        raise ConvertError("bad-argument", f"Expected the folder of a checkpoint, found none at {options.checkpoint}.")
    if options.out.resolve() == options.checkpoint.resolve():
        raise ConvertError("bad-argument", "The bundle should not replace the checkpoint. Name another folder with --out.")

    from layouts import read_layout

    layout = read_layout(options.checkpoint)

    from encoder import Encoder, load_encoder, write_head
    from export import export
    from goldens import DEFAULT_TEXTS, known_answers, read_texts, write
    from inputs import load_tokenizer
    from tokenizer_files import copy_files, dictionary_of, write_tokenizer

    texts = read_texts(options.goldens) if options.goldens else DEFAULT_TEXTS
    say(f"Loading the {layout.kind} checkpoint at {options.checkpoint}")
    encoder = load_encoder(options.checkpoint, layout, options.trust_remote_code)
    options.out.mkdir(parents=True, exist_ok=True)
    copy_files(options.checkpoint, options.out, layout)
    write_tokenizer(options.checkpoint / layout.folder, options.out / layout.folder)
    dictionary = dictionary_of(options.checkpoint / layout.folder)
    if dictionary:
        run_node(options.node, "tools/mecab-dictionary.mjs", dictionary, options.out / layout.folder)

    say("Computing known answers")
    # The checkpoint's own, so that the files made for the runtime are compared with it.
    tokenizer = partial(load_tokenizer, options.checkpoint, layout, options.trust_remote_code)
    answers = known_answers(encoder, layout, tokenizer, texts)
    write(answers, options.out / "reference.json")

    say("Exporting to ONNX")
    base = options.out / "onnx" / FILES["fp32"]
    remove_weights(base.parent, options.out, layout)
    if options.head == "beside":
        write_head(encoder, layout, options.out)
    exported = Encoder(encoder.backbone, None, encoder.takes_types) if options.head == "beside" else encoder
    positions = export(exported, base, OUTPUTS[options.head], options.opset, layout.longest)
    for dtype in dtypes:
        if dtype != "fp32":
            say(f"Writing {FILES[dtype]}")
            write_form(base, base.with_name(FILES[dtype]), dtype, options.node)
    if "fp32" not in dtypes:
        for path in base.parent.glob(f"{base.name}*"):
            path.unlink()
    if positions:
        write_positions(options.out / "lateen.json", positions)
    run_node(options.node, "scripts/bundle-model.mjs", options.out)
    weights = [(dtype, base.with_name(FILES[dtype])) for dtype in dtypes]
    return {
        "out": str(options.out),
        "layout": layout.kind,
        "dim": len(answers[0]["vectors"][0]),
        "inputs": encoder.inputs,
        "output": OUTPUTS[options.head],
        "weights": [{"dtype": dtype, "path": f"onnx/{path.name}", "bytes": size(path)} for dtype, path in weights],
        "goldens": len(answers),
    }


def size(graph: Path) -> int:
    """Bytes of a graph and of the weights beside it."""
    return sum(path.stat().st_size for path in graph.parent.glob(f"{graph.name}*"))


def remove_weights(graphs: Path, out: Path, layout: Any) -> None:
    """What an earlier conversion left would be loaded beside the new files, or in their place."""
    heads = [layout.folder if dense.folder is None else dense.folder for dense in layout.dense]
    for path in [*(out / head / "model.safetensors" for head in heads), *graphs.glob("model*.onnx*")]:
        path.unlink(missing_ok=True)


def write_form(source: Path, target: Path, dtype: str, node: str) -> None:
    from quantize import quantize

    if dtype == "q8-matmulnbits":
        if source.with_name(f"{source.name}_data").exists():
            raise ConvertError(
                "model-too-large",
                "The float32 graph is larger than 2 GB, of which q8-matmulnbits cannot be made. Leave it out with --dtype.",
            )
        run_node(node, "tools/quantize-matmulnbits.mjs", source, target)
    else:
        quantize(source, target, dtype)


def write_positions(manifest: Path, positions: int) -> None:
    """Tells the runtime how long a text this graph takes; scripts/bundle-model.mjs keeps what it finds there."""
    found = json.loads(manifest.read_text()) if manifest.exists() else {"name": manifest.parent.name}
    manifest.write_text(json.dumps({**found, "positions": positions}))


def run_node(node: str, script: str, *paths: Path) -> None:
    """Runs a script of this package."""
    try:
        done = subprocess.run([node, str(HERE.parents[1] / script), *map(str, paths)], capture_output=True, text=True)
    except OSError as error:
        what = f"Node.js should run {script}, but {node} cannot be started: {error.strerror}. Name it with --node."
        raise ConvertError("bad-argument", what) from None
    if done.returncode != 0:
        raise ConvertError("internal", f"{script} failed: {last_line(done.stderr)}")


def say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]


def main() -> int:
    options = arguments()
    if options.standins:
        sys.path.append(str(HERE.parent / "standins"))
        import lazy

        lazy.use()
    try:
        result = convert(options)
        files = ", ".join(file["path"] for file in result["weights"])
        print(json.dumps(result) if options.json else f"{result['out']}: {result['dim']} dimensions, {files}")
        return 0
    except ConvertError as error:
        failure = {"code": error.code, "message": str(error)}
    except ModuleNotFoundError as error:
        command = f"{sys.executable} -m pip install -r {HERE / 'requirements.txt'}"
        failure = {"code": "bad-argument", "message": f"The Python package {error.name} is missing. Run: {command}"}
    except Exception as error:  # Whatever PyTorch or transformers say of a checkpoint they cannot read.
        traceback.print_exc()
        what = f"{type(error).__name__}: {last_line(str(error))}"
        failure = {"code": "model-invalid", "message": f"{options.checkpoint} cannot be converted: {what}"}
    if options.json:
        print(json.dumps({"error": failure}))
    else:
        say(f"{failure['code']}: {failure['message']}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
