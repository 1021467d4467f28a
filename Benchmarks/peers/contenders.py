"""What takes turns in a comparison: peers (long-lived processes) and `jacquard bench`."""

from dataclasses import dataclass
import json
import os
from pathlib import Path
import subprocess
import sys

FOLDER = Path(__file__).resolve().parent
ONNX_FILE = "model.onnx"
COMMANDS = {
    "torch": ["peer_torch.py"],
    "torch-compile": ["peer_torch.py", "--mode", "compile"],
    "jax": ["peer_jax.py"],
    "onnxruntime": ["peer_onnx.py", "--file", ONNX_FILE],
    "openvino": ["peer_onnx.py", "--file", ONNX_FILE, "--engine", "openvino"],
}
OF_INFERENCE = ("onnxruntime", "openvino")  # cannot train
BF16 = "-bf16"  # ends the names of those that compute in bf16
LOWERED = {name + BF16: [*COMMANDS[name], "--precision", "bf16"] for name in ("torch", "torch-compile", "jax")}


class Unavailable(Exception):
    """The contender cannot run; the text says why, in a line."""


@dataclass
class Turn:
    """Milliseconds a step."""

    median: float
    minimum: float


class PeerProcess:
    """A peer that speaks the protocol of protocol.py and works in a folder of its row: its errors and what it caches go there, so
    that each compiles anew. `words`: its script and options, as of COMMANDS."""

    def __init__(self, name, words, python, row, threads, folder):
        self.name = name
        self.log = Path(folder) / f"{name}.log"
        script, *rest = words
        command = [python, str(FOLDER / script), *row.words, *rest, "--threads", str(threads)]
        surroundings = os.environ | {"TORCHINDUCTOR_CACHE_DIR": str(Path(folder) / "inductor")}
        try:
            with open(self.log, "w") as log:
                self.process = subprocess.Popen(command, cwd=folder, env=surroundings, text=True, bufsize=1,
                                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        except OSError as error:
            raise Unavailable(f"{name}: {error.strerror}") from None
        self.head = self._read()
        self.version = f"{self.head['peer']} {self.head['version']}"
        self.first_ms = self.ask("warmup")["first_ms"]

    def _read(self):
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            lines = self.log.read_text().strip().splitlines() or ["ended without a word"]
            raise Unavailable(f"{self.name}: {lines[-1]}")
        answer = json.loads(line)
        if "error" in answer:
            raise Unavailable(f"{self.name}: {answer['error']}")
        return answer

    def ask(self, command):
        try:
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # the reading below finds the reason
        return self._read()

    def turn(self, steps):
        answer = self.ask(f"run {steps}")
        return Turn(answer["median_ms"], answer["min_ms"])

    def close(self):
        if self.process.poll() is None:
            try:
                self.process.stdin.write("quit\n")
                self.process.stdin.close()
                self.process.wait(timeout=20)
            except (BrokenPipeError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait()


class Jacquard:
    """The binary: what its commands print."""

    def __init__(self, binary, executor, threads):
        self.binary, self.executor, self.threads = str(Path(binary).resolve()), executor, threads

    def bench(self, graph, bindings=None, executor=None, threads=None, steps=None, cache=None):
        """The JSON of `jacquard bench`. `cache`: the folder for compiled code, if not the user's."""
        words = ["bench", str(graph), "--json", *self.common(bindings, executor, threads)]
        words += ["--steps", str(steps)] if steps else []
        printed = self.call(words, graph, os.environ | ({"JACQUARD_CACHE": str(cache)} if cache else {}))
        try:
            return json.loads(printed)
        except ValueError as error:
            raise Unavailable(f"jacquard: `bench --json` printed something else ({error})") from None

    def run(self, graph, bindings, values, outputs, steps=1, seed=0, precision=""):
        """`jacquard run` on the values that write_values.py wrote to a folder, in f32 or BF16; its outputs go to another."""
        words = ["run", str(graph), "--params", f"{values}/parameters{precision}.safetensors", "--output-dir", str(outputs)]
        for file in sorted(Path(values).glob("*.npy")):
            words += ["--input", f"{file.stem}={file}"]
        self.call([*words, "--steps", str(steps), "--seed", str(seed), *self.common(bindings)], graph)

    def convert(self, graph, values, file):
        self.call(["convert", str(graph), str(file), "--params", f"{values}/parameters.safetensors"], graph)

    def common(self, bindings, executor=None, threads=None):
        words = ["--executor", executor or self.executor, "--threads", str(threads or self.threads)]
        for symbol, size in (bindings or {}).items():
            words += ["--bind", f"{symbol}={size}"]
        return words

    def call(self, words, graph, surroundings=None):
        try:
            done = subprocess.run([self.binary, *words], capture_output=True, text=True, env=surroundings)
        except OSError as error:
            raise Unavailable(f"jacquard: {error.strerror}") from None
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines() or ["no message"]
            message = lines[-1].replace(str(graph), Path(graph).name)  # the reason may be published
            raise Unavailable(f"jacquard: exit status {done.returncode}: {message}")
        return done.stdout


class JacquardBench:
    """`jacquard bench` of a row, started anew for every turn; it warms itself up."""

    def __init__(self, jacquard, row, name="jacquard"):
        self.jacquard, self.row, self.name = jacquard, row, name
        self.turn(20)
        self.version = f"jacquard, executor {self.last['executor']}"
        self.first_ms = self.last["compile_cold_ms"]

    def turn(self, steps):
        self.last = self.jacquard.bench(self.row.graph, self.row.bindings, steps=steps)
        return Turn(self.last["median_ms"], self.last["min_ms"])

    def close(self):
        """Nothing runs between turns."""


def find_python(given):
    """The Python that has the peers' packages: the one given, this folder's .venv, or the one running."""
    if given:
        # Peers run in another folder; a link is kept, since it is what makes the environment.
        return os.path.abspath(given) if os.sep in given else given
    local = FOLDER / ".venv" / "bin" / "python"
    return str(local) if local.exists() else sys.executable
