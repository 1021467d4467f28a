"""The result of a comparison as text and as a page."""

from pathlib import Path
import re

import models
import tables

# What the README shows of docs/benchmarks.md: by the titles of tables there, what their rows are.
DIGESTED = {tables.TITLES[kind]: f"{kind}, " for kind in (models.TRAINING, models.INFERENCE, models.OPERATOR)}


def notes(result):
    load = f"{result['load_before']:.2f}" if result["load_before"] is not None else "unknown"
    versions = {c["version"] for row in result["rows"] for c in row["contenders"].values()}
    product = f"{result['product_gflops']:.0f} GFLOP/s" if result["product_gflops"] else "not measured"
    limits = result["limits"]
    peak = (f"Limits not measured: {limits['missing']}." if "missing" in limits else
            f"Limits of {limits['threads']} threads, measured first: FMA {limits['fma_gflops']:.0f} GFLOP/s, stream (triad) "
            f"{limits['triad_gbs']:.1f} GB/s.")
    lines = [
        f"{result['processor']}; {result['threads']} threads, f32; {result['rounds']} rounds; load before {load}.",
        f"Versions: {'; '.join(sorted(versions)) or 'none'}.",
        peak,
        f"1024^3 product in f32 by the fastest peer: {product} ({result['reference_gflops']} on the machine of reference.json).",
        "Times: median of the rounds' medians (fastest step). Ratio: the fastest peer's time over Jacquard's, median of the rounds "
        "(least to greatest); above 1 Jacquard is faster.",
    ]
    missing = sorted({reason for row in result["rows"] for reason in row["missing"]})
    return lines + [f"Not run: {reason}" for reason in missing]


def text(result):
    """For a terminal."""
    parts = []
    for table in tables.all_of(result):
        lines = [table.head, *table.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(table.head))]
        aligned = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]
        parts.append("\n".join([table.title, *aligned]))
    return "\n\n".join([*parts, "\n".join(notes(result))])


def page(result, plots):
    """For docs/benchmarks.md. `plots`: file names by the title of the table that they belong to."""
    lines = ["# Benchmarks", "", "Jacquard beside other frameworks: the same models, parameters and data, taking turns in "
             "one run. Written by `make bench`; `Benchmarks/peers/README.md` says how it is measured and what voids a row.", ""]
    lines += [f"- {note}" for note in notes(result)]
    for table in tables.all_of(result):
        lines += ["", f"## {table.title}", ""]
        lines += [table.note, ""] if table.note else []
        lines += [f"![{table.title}]({plots[table.title]})", ""] if table.title in plots else []
        marks = ["---"] + ["---:"] * (len(table.head) - 1)
        lines += ["| " + " | ".join(line) + " |" for line in [table.head, marks, *table.rows]]
    return "\n".join(lines) + "\n"


def digest(page):
    """Of docs/benchmarks.md as text: each row beside the fastest peer, and the means."""
    lines, means = ["| | Jacquard, ms | fastest peer, ms | | ratio |", "|---|---:|---:|---|---:|"], []
    for section in page.split("\n## ")[1:]:
        title, _, body = section.partition("\n")
        if title not in DIGESTED:
            continue
        table = [[cell.strip() for cell in line.strip("|").split("|")] for line in body.split("\n") if line.startswith("|")]
        for row in (dict(zip(table[0], cells)) for cells in table[2:]):
            name, ratio, peer = row["model"], row["ratio"], row["against"]
            if name.startswith("geometric mean, "):
                means.append(f"{ratio} ({name.removeprefix('geometric mean, ')})")
                continue
            times = (row.get(f"{who}, ms", "-").split()[0] for who in ("jacquard", peer))
            lines.append(f"| {DIGESTED[title]}{name} | {' | '.join(times)} | {peer} | {ratio} |")
    return "\n".join([*lines, "", f"Geometric means of the ratios: {', '.join(means)}."])


def with_digest(readme, page):
    """The README's text with this digest in the place of the old one."""
    parts = re.split(r"(<!-- benchmarks -->\n|<!-- end of benchmarks -->)", readme)
    if len(parts) != 5:
        raise ValueError("the README has no single place for benchmarks")
    parts[2] = digest(page) + "\n"
    return "".join(parts)


def write_atomically(path, content):
    """Beside, then renamed."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".part")
    beside.write_text(content)
    beside.replace(path)
