"""What takes turns in a comparison: peers (long-lived processes) and `jacquard bench`."""

from dataclasses import dataclass
import json
from pathlib import Path
import statistics
import os
import subprocess
import sys

FOLDER = Path(__file__).resolve().parent
COMMANDS = {
    "torch": ["peer_torch.py"],
    "torch-compile": ["peer_torch.py", "--mode", "compile"],
    "jax": ["peer_jax.py"],
}


class Unavailable(Exception):
    """The contender cannot run; the text says why, in a line."""


@dataclass
class Turn:
    """Milliseconds a step."""

    median: float
    minimum: float


class PeerProcess:
    """A peer that speaks the protocol of protocol.py. Its errors go to a file beside the others of this run."""

    def __init__(self, name, python, model, threads, log_folder):
        self.name = name
        self.log = Path(log_folder) / f"{name}.{model}.log"
        command = [python, *COMMANDS[name], model, "--threads", str(threads)]
        try:
            with open(self.log, "w") as log:
                self.process = subprocess.Popen(command, cwd=FOLDER, text=True, bufsize=1, stdin=subprocess.PIPE,
                                                stdout=subprocess.PIPE, stderr=log)
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
        times = self.ask(f"run {steps}")["times_ms"]
        return Turn(statistics.median(times), min(times))

    def peak_bytes(self):
        return self.ask("rss")["rss_bytes"]

    def product_gflops(self):
        return self.ask("gemm")["gflops"]

    def close(self):
        if self.process.poll() is None:
            try:
                self.process.stdin.write("quit\n")
                self.process.stdin.close()
                self.process.wait(timeout=20)
            except (BrokenPipeError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait()


class JacquardBench:
    """`jacquard bench`, started anew for every turn; it warms itself up."""

    name = "jacquard"

    def __init__(self, binary, graph, executor, threads):
        self.graph = Path(graph)
        self.command = [str(binary), "bench", str(graph), "--json", "--executor", executor, "--threads", str(threads)]
        self.last = {}
        self.turn(20)
        self.version = f"jacquard, executor {self.last.get('executor', executor)}"
        self.first_ms = self.last.get("compile_cold_ms")

    def turn(self, steps):
        try:
            done = subprocess.run([*self.command, "--steps", str(steps)], capture_output=True, text=True)
        except OSError as error:
            raise Unavailable(f"jacquard: {error.strerror}") from None
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines() or ["no message"]
            message = lines[-1].replace(str(self.graph), self.graph.name)  # the reason may be published
            raise Unavailable(f"jacquard: exit status {done.returncode}: {message}")
        try:
            self.last = json.loads(done.stdout)
            return Turn(self.last["median_ms"], self.last["min_ms"])
        except (ValueError, KeyError) as error:
            raise Unavailable(f"jacquard: `bench --json` printed something else ({error})") from None

    def peak_bytes(self):
        return self.last.get("peak_rss_bytes")

    def product_gflops(self):
        return None

    def close(self):
        pass


def find_python(given):
    """The Python that has the peers' packages: the one given, this folder's .venv, or the one running."""
    if given:
        # Peers run in another folder; a link is kept, since it is what makes the environment.
        return os.path.abspath(given) if os.sep in given else given
    local = FOLDER / ".venv" / "bin" / "python"
    return str(local) if local.exists() else sys.executable
