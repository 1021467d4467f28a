"""The machine under test: its name, its load, and what it can do at most."""

import json
import os
from pathlib import Path
import shlex
import shutil
import subprocess
import tempfile

SOURCE = Path(__file__).resolve().parent / "limits.c"
OPTIONS = ["-O3", "-march=native", "-ffp-contract=fast", "-pthread"]


def compiler():
    """$CC, clang, gcc or cc; None without one."""
    if os.environ.get("CC"):
        return shlex.split(os.environ["CC"])
    found = next(filter(None, map(shutil.which, ("clang", "gcc", "cc"))), None)
    return [found] if found else None


def limits(threads):
    """{"fma_gflops": ..., "triad_gbs": ..., ...} by limits.c, or {"missing": why}."""
    command = compiler()
    if not command:
        return {"missing": "no C compiler"}
    with tempfile.TemporaryDirectory(prefix="limits.") as folder:
        binary = f"{folder}/limits"
        try:
            subprocess.run([*command, *OPTIONS, str(SOURCE), "-o", binary], check=True, capture_output=True, text=True)
            done = subprocess.run([binary, str(threads)], check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
            return {"missing": said[0] if said else "it failed"}
    return json.loads(done.stdout)


def load_average():
    try:
        return os.getloadavg()[0]
    except OSError:
        return None


def processor():
    """The name of the processor, as Linux knows it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return "unknown processor"
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown processor")
    instructions = next((line for line in lines if line.startswith("flags")), "")
    best = next((text for flag, text in (("avx512f", "AVX-512"), ("avx2", "AVX2")) if f" {flag}" in instructions), "no AVX2")
    return f"{model} ({best}), {os.cpu_count()} processors"
