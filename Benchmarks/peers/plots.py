"""Plots of a comparison as SVG, by gnuplot; none without it."""

import shutil
import subprocess

from bounds import MEBIBYTE
import models
import tables

COLOURS = {"jacquard": "#c2410c", "torch": "#475569", "torch-compile": "#64748b", "jax": "#94a3b8"}
HEAD = """set terminal svg size {width},360 font "sans-serif,12" background "white"
set output "{file}"
set title "{title}"
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.9
set boxwidth 0.9
set grid ytics
set xtics rotate by -35 nomirror noenhanced
set key outside right noenhanced
set yrange [0:*]
set ylabel "{axis}"
"""


def draw(result, folder):
    """Writes FOLDER/benchmarks-*.svg; the file names by the title of their table."""
    if not shutil.which("gnuplot"):
        return {}
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {}
    for kind in (models.TRAINING, models.SHAPES, models.INFERENCE):
        rows = [row for row in tables.rows_of(result, kind) if "ratio" in row]
        if rows:
            file = f"benchmarks-{kind}.svg"
            gnuplot(folder, ratios(file, tables.TITLES[kind], rows))
            drawn[tables.TITLES[kind]] = file
    table = tables.memory(result)
    if table.rows:
        file = "benchmarks-memory.svg"
        gnuplot(folder, memory(file, table.title, tables.rows_of(result, models.TRAINING)))
        drawn[table.title] = file
    return drawn


def gnuplot(folder, script):
    subprocess.run(["gnuplot"], input=script, text=True, check=True, cwd=folder)


def block(lines):
    """Data in the script itself."""
    return "$data << end\n" + "\n".join(" ".join(line) for line in lines) + "\nend\n"


def ratios(file, title, rows):
    """Bars of the ratios with their spread, and the line of equal speed."""
    head = HEAD.format(file=file, title=f"{title}: time of the fastest peer / of Jacquard", axis="times as fast", width=860)
    head += 'set style histogram errorbars gap 1\nunset key\n'
    lines = [[f'"{row["name"]}"', *(f'{row["ratio"][key]:.4f}' for key in ("median", "least", "greatest"))] for row in rows]
    return head + block(lines) + f'plot $data using 2:3:4:xtic(1) linecolor rgb "{COLOURS["jacquard"]}", 1 linecolor rgb "black"\n'


def memory(file, title, rows):
    names = [name for name in COLOURS if any(name in row["contenders"] for row in rows)]
    lines = [[f'"{row["name"]}"', *(str(row["contenders"].get(name, {}).get("peak_rss_bytes", 0) / MEBIBYTE) for name in names)]
             for row in rows]
    bars = ", ".join(f'$data using {index + 2}:xtic(1) title "{name}" linecolor rgb "{COLOURS[name]}"'
                     for index, name in enumerate(names))
    return HEAD.format(file=file, title=title, axis="MiB", width=1000) + block(lines) + f"plot {bars}\n"
