"""The Rust tokenizers, asked over the standard streams of tokenizers.mjs."""

import atexit
import json
import os
import shutil
import subprocess


class Rust:
    """One Node process for all tokenizers of this program."""

    process = None

    @classmethod
    def ask(cls, op, **request):
        if cls.process is None:
            script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tokenizers.mjs")
            node = os.environ.get("LATEEN_NODE") or shutil.which("node")
            if node is None:
                raise RuntimeError("Node is needed for the Rust tokenizers: put it on PATH or name it in LATEEN_NODE")
            cls.process = subprocess.Popen([node, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            atexit.register(cls.process.stdin.close)
        cls.process.stdin.write(json.dumps({"op": op, **request}) + "\n")
        cls.process.stdin.flush()
        line = cls.process.stdout.readline()
        if not line:
            raise RuntimeError("tokenizers.mjs ended: is the npm package tokenizers where LATEEN_TOKENIZERS points?")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"tokenizers: {answer['error']}")
        return answer["ok"]
