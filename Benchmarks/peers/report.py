"""The result of a comparison as text and as a page."""

import os
from pathlib import Path

ORDER = ("jacquard", "torch", "torch-compile", "jax")
MEBIBYTE = 1 << 20


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


def names_in(result):
    present = {name for row in result["rows"] for name in row["contenders"]}
    return [name for name in ORDER if name in present]


def cells(result):
    """The table: a head and a list of rows, as text."""
    names = names_in(result)
    head = ["model", *(f"{name}, ms" for name in names), "Jacquard / faster peer", "expected of a peer, ms", "verdict"]
    head += [f"{name}, MiB" for name in names]
    rows = []
    for row in result["rows"]:
        line = [row["model"]]
        for name in names:
            one = row["contenders"].get(name)
            line.append(f"{one['median_ms']:.3f} ({one['min_ms']:.3f})" if one else "-")
        ratio = row.get("ratio")
        spread = f"({ratio['least']:.2f} to {ratio['greatest']:.2f}) {row['judge']}" if ratio else ""
        line.append(f"{ratio['median']:.2f} {spread}" if ratio else "-")
        line.append(f"{row['expected_ms']:.2f}" if "expected_ms" in row else "-")
        line.append(verdict(row))
        for name in names:
            peak = row["contenders"].get(name, {}).get("peak_rss_bytes")
            line.append(f"{peak / MEBIBYTE:.0f}" if peak else "-")
        rows.append(line)
    return head, rows


def verdict(row):
    if row.get("void"):
        return f"void: {row['judge']} too slow"
    if "ratio" not in row:
        return "no ratio" if row["contenders"] else "not run"
    return "faster or equal" if row["ratio"]["median"] <= 1 else "slower"


def notes(result, reference):
    load = f"{result['load_before']:.2f}" if result["load_before"] is not None else "unknown"
    versions = {c["version"] for row in result["rows"] for c in row["contenders"].values()}
    product = f"{result['product_gflops']:.0f} GFLOP/s" if result["product_gflops"] else "not measured"
    lines = [
        f"{processor()}; {result['threads']} threads; {result['rounds']} rounds; load before {load}.",
        f"Versions: {'; '.join(sorted(versions)) or 'none'}.",
        f"1024^3 product in f32: {product} ({reference['product_gflops']} on the machine of reference.json).",
        "Times: median of the rounds' medians (fastest step). MiB: peak resident memory of the process.",
    ]
    missing = sorted({reason for row in result["rows"] for reason in row["missing"]})
    return lines + [f"Not run: {reason}" for reason in missing]


def text(result, reference):
    """For a terminal."""
    head, rows = cells(result)
    widths = [max(len(line[i]) for line in [head, *rows]) for i in range(len(head))]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in [head, *rows]]
    return "\n".join([*table, "", *notes(result, reference)])


def page(result, reference):
    """For docs/benchmarks.md."""
    head, rows = cells(result)
    table = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    lines = ["# Benchmarks", "", "Whole training steps (forward, backward, optimiser), f32. Written by `make bench`; "
             "`Benchmarks/peers/README.md` says how it is measured and what voids a row.", ""]
    lines += ["| " + " | ".join(line) + " |" for line in table]
    return "\n".join([*lines, "", *(f"- {note}" for note in notes(result, reference))]) + "\n"


def write_atomically(path, content):
    """Beside, then renamed."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".part")
    beside.write_text(content)
    beside.replace(path)
