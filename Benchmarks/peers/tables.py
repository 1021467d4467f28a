"""The result of a comparison as tables: titles, heads and cells."""

from dataclasses import dataclass

import agreement as tolerance
import bounds
from bounds import MEBIBYTE, verdict
from contenders import BF16, LOWERED
import models

ORDER = ("jacquard", "torch", "torch-compile", "jax", "onnxruntime", "openvino")
ORDER_BF16 = ("jacquard" + BF16, *LOWERED)
OPERATOR_BYTES = 2 * 4096 * 1024 * 4  # read once, written once


@dataclass
class Table:
    title: str
    head: list
    rows: list
    note: str = ""


def all_of(result):
    made = [summary(result), *((drawn if kind == models.SHAPES else speed)(result, kind) for kind in models.KINDS),
            lowered(result), first_steps(result), compilation(result), memory(result), arena(result), scaling(result),
            agreement(result)]
    return [table for table in made if table.rows]


def rows_of(result, kind):
    return [row for row in result["rows"] if models.kind_of(row["name"]) == kind]


def ratio_of(row):
    """None for a row that does not count."""
    return None if "void" in row or "ratio" not in row else row["ratio"]["median"]


def spread(ratio):
    return f"{ratio['median']:.2f} ({ratio['least']:.2f} to {ratio['greatest']:.2f})"


def number(value, form=".2f"):
    return "-" if value is None else format(value, form)


def ours(row, key):
    return row["contenders"].get("jacquard", {}).get(key)


# Speed


TITLES = {models.TRAINING: "Training steps", models.SHAPES: "Training steps of drawn shapes", models.INFERENCE: "Inference",
          models.OPERATOR: "Operators over [4096,1024]", models.PRODUCT: "Matrix products"}
NOTES = {models.TRAINING: "Forward, backward, optimiser.", models.INFERENCE: "One call; NAME@BATCH.",
         models.OPERATOR: "The share is that of the stream bandwidth, of an array read and one written.",
         models.PRODUCT: "M x K x N, both operands data of the call."}


def speed(result, kind):
    rows = rows_of(result, kind)
    names = contenders_of(rows)
    head = ["model", *(f"{name}, ms" for name in names), "ratio", "against", "bound", "expected of a peer, ms",
            f"share of {'stream' if kind == models.OPERATOR else 'FMA peak'}", "verdict"]
    cells = []
    for row in rows:
        cells.append([row["name"], *compared(row, names), number(bounds.each(row["name"])), number(row.get("expected_ms")),
                      number(share(result, row), ".0%"), row_verdict(result, row)])
    means = {bounds.group(row["name"]) for row in rows} - {None}
    blank = [""] * len(names)
    for mean in sorted(means):
        value, complete = mean_of(result, mean)
        cells.append([f"geometric mean, {mean}", *blank, number(value), "", number(bounds.GEOMETRIC_MEANS[mean]), "", "",
                      verdict(value, bounds.GEOMETRIC_MEANS[mean]) if complete else "incomplete"])
    return Table(TITLES[kind], head, cells, NOTES[kind])


def contenders_of(rows):
    return [name for name in ORDER if any(name in row["contenders"] for row in rows)]


def times(found):
    return f"{found['median_ms']:.3f} ({found['min_ms']:.3f})" if found else "-"


def compared(row, names):
    """The cells of the times, the ratio and whom it is to."""
    cells = [times(row["contenders"].get(name)) for name in names]
    return [*cells, spread(row["ratio"]) if "ratio" in row else "-", row.get("fastest", "-")]


def drawn(result, kind):
    """The training steps of drawn shapes."""
    rows = rows_of(result, kind)
    names = contenders_of(rows)
    head = ["model", "batch", "sizes", *(f"{name}, ms" for name in names), "ratio", "against", "share of FMA peak", "verdict"]
    cells = [[row["name"], str(row["batch"]), sizes_of(row), *compared(row, names), number(share(result, row), ".0%"),
              row_verdict(result, row)] for row in rows]
    if rows:
        value, bound, said = drawn_mean(result)
        cells.append(["geometric mean", "", "", *[""] * len(names), number(value), f"at least {bound}", "", said])
    seeds = sorted({row["seed"] for row in rows})
    return Table(TITLES[kind], head, cells, f"Sizes that nobody chose, from seed {', '.join(map(str, seeds))} "
                 f"(`make shapes`); `Benchmarks/README.md` says what they are of.")


def lowered(result):
    """Those that compute in bf16, beside what computes in f32."""
    rows = [row for row in result["rows"] if row.get("bf16")]
    names = [name for name in ORDER_BF16 if any(name in row["bf16"] for row in rows)]
    head = ["model", "jacquard, f32, ms", "fastest peer, f32, ms", *(f"{name}, ms" for name in names), "fastest peer, bf16",
            "ratio"]
    cells = []
    for row in rows:
        found = row["contenders"]
        cells.append([row["name"], times(found.get("jacquard")), times(found.get(row["fastest"])),
                      *(times(row["bf16"].get(name)) for name in names), row.get("fastest_bf16", "-"),
                      spread(row["ratio_bf16"]) if "ratio_bf16" in row and "jacquard" in found else "-"])
    return Table("bf16 beside f32", head, cells, "Not bound. Peers compute in bf16, Jacquard in f32 with parameters stored in bf16 "
                 "(inference alone). The ratio: the time of the fastest peer in bf16 over Jacquard's in f32.")


def sizes_of(row):
    """`channels 20-42, blocks 2`"""
    return ", ".join(f"{name} {'-'.join(map(str, size)) if isinstance(size, list) else size}" for name, size in row["sizes"].items())


def drawn_mean(result):
    """The geometric mean over drawn shapes, its bound as text, and the verdict."""
    value, complete = mean_of(result, models.SHAPES)
    listed, all_listed = mean_of(result, "training")
    text = f"{bounds.SHAPES_SHARE:.0%} of training's"
    if not listed:
        return value, text, "-"
    bound = bounds.SHAPES_SHARE * listed
    return value, f"{bound:.2f} ({text})", verdict(value, bound) if complete and all_listed else "incomplete"


def share(result, row):
    """Of what the machine can do at most, by Jacquard; None where unknown."""
    time, limits = ours(row, "median_ms"), result["limits"]
    if not time or "missing" in limits:
        return None
    if models.kind_of(row["name"]) == models.OPERATOR:
        return OPERATOR_BYTES / time / 1e6 / limits["triad_gbs"]
    flops = ours(row, "flops")
    return flops / time / 1e6 / limits["fma_gflops"] if flops else None


def share_bound(row):
    return {models.OPERATOR: bounds.STREAM_SHARE, models.PRODUCT: bounds.PEAK_SHARE}.get(models.kind_of(row["name"]))


def row_verdict(result, row):
    """Of all bounds of the row's own."""
    if "void" in row:
        return f"void: {row['void']}"
    if "jacquard" not in row["contenders"]:
        return "not run"
    found = [verdict(ratio_of(row), bounds.each(row["name"])), verdict(share(result, row), share_bound(row))]
    return next((word for word in ("falls short", "holds") if word in found), "-")


def mean_of(result, mean):
    """Of the ratios that count, and whether no member lacks."""
    ratios = {row["name"]: ratio_of(row) for row in result["rows"] if bounds.group(row["name"]) == mean}
    counted = [ratio for ratio in ratios.values() if ratio]
    complete = bounds.complete(mean, ratios) and len(counted) == len(ratios)
    return (bounds.geometric_mean(counted) if counted else None), complete


# Compiling


def first_steps(result):
    rows = rows_of(result, models.TRAINING)
    names = contenders_of(rows)
    cells = [[row["name"], *(number(row["contenders"].get(name, {}).get("first_ms"), ".0f") for name in names)]
             for row in rows]
    return Table("First step", ["model", *(f"{name}, ms" for name in names)], cells,
                 "Of the peers the first step with its compilation; of Jacquard the compilation with code in the cache.")


def jax_first(result):
    """By the graph's name."""
    return {models.ROWS[row["name"]].graph.stem: row["contenders"]["jax"]["first_ms"]
            for row in rows_of(result, models.TRAINING) if "jax" in row["contenders"]}


def compile_verdict(line, jax):
    cold = [bounds.COLD_MS, *([jax] if jax else [])]
    kept = line["cold_ms"] < min(cold) and max(line["warm_ms"], line["vm_ms"]) < bounds.WARM_MS
    return "holds" if kept else "falls short"


def compilation(result):
    jax = jax_first(result)
    cells = []
    for line in result["compilation"]:
        if "missing" in line:
            cells.append([line["graph"], "-", "-", "-", "-", line["missing"]])
            continue
        first = jax.get(line["graph"])
        cells.append([line["graph"], *(number(line[key], ".0f") for key in ("cold_ms", "warm_ms", "vm_ms")),
                      number(first, ".0f"), compile_verdict(line, first)])
    head = ["graph", "native, cold, ms", "native, warm, ms", "vm, ms", "JAX's first step, ms", "verdict"]
    return Table("Compile times", head, cells,
                 f"Cold (an empty cache): under {bounds.COLD_MS} ms and under JAX's first step. Warm (a new process, code in "
                 f"the cache) and vm: under {bounds.WARM_MS} ms.")


def arena(result):
    cells = []
    for line in result["compilation"]:
        if line.get("arena_lower_bound_bytes"):
            ratio = line["arena_bytes"] / line["arena_lower_bound_bytes"]
            cells.append([line["graph"], f"{line['arena_bytes'] / MEBIBYTE:.2f}", f"{ratio:.3f}",
                          verdict(ratio, bounds.ARENA, at_most=True)])
    return Table("Arena", ["graph", "MiB", "of its lower bound", "verdict"], cells, f"At most {bounds.ARENA} of the lower bound.")


# Memory and threads


def memory_limits(row):
    """The need with its allowance, and the leanest peer's with its share; as (name, bytes)."""
    need = ours(row, "kept_bytes") + ours(row, "arena_bytes") + bounds.MEMORY_OVER_NEED
    peers = {name: one["peak_rss_bytes"] for name, one in row["contenders"].items() if name != "jacquard"}
    if not peers:
        return need, None, None
    leanest = min(peers, key=peers.get)
    return need, leanest, peers[leanest] / (4 if row["name"] in bounds.QUARTER else 1)


def memory_verdict(row):
    need, _, allowed = memory_limits(row)
    return verdict(ours(row, "peak_rss_bytes"), min(need, allowed or need), at_most=True)


def memory(result):
    rows = [row for row in rows_of(result, models.TRAINING) if "jacquard" in row["contenders"]]
    names = contenders_of(rows)
    cells = []
    for row in rows:
        need, leanest, allowed = memory_limits(row)
        peaks = [row["contenders"].get(name, {}).get("peak_rss_bytes") for name in names]
        sizes = [ours(row, "kept_bytes"), ours(row, "arena_bytes"), need, allowed]
        cells.append([row["name"], *("-" if size is None else f"{size / MEBIBYTE:.0f}" for size in [*peaks, *sizes]),
                      leanest or "-", memory_verdict(row)])
    head = ["model", *(f"{name}, MiB" for name in names), "parameters and state", "arena", "at most", "peer's limit",
            "whose", "verdict"]
    return Table("Peak resident memory of a training process", head, cells,
                 f"At most parameters + state + arena + {bounds.MEMORY_OVER_NEED // MEBIBYTE} MiB, and the leanest peer's; "
                 f"for {', '.join(bounds.QUARTER)} a quarter of it.")


def scaling(result):
    cells = []
    for line in result["scaling"]:
        if "missing" in line:
            cells.append([line["name"], "-", "-", "-", line["missing"]])
            continue
        shown = f"{line['speedup']:.2f} ({line['least']:.2f} to {line['greatest']:.2f})"
        cells.append([line["name"], f"{line['one_ms']:.3f}", f"{line['two_ms']:.3f}", shown,
                      verdict(line["speedup"], bounds.SPEEDUP)])
    return Table("Two threads against one", ["model", "one, ms", "two, ms", "speed-up", "verdict"], cells,
                 f"At least {bounds.SPEEDUP}.")


def agreement(result):
    found = {row["name"]: row["agreement"] | {name: one.get("agreement") for name, one in row.get("bf16", {}).items()}
             for row in result["rows"] if row["agreement"]}
    names = [name for name in (*ORDER, *ORDER_BF16) if any(one.get(name) for one in found.values())]
    cells = [[row, *(difference(one.get(name)) for name in names)] for row, one in found.items()]
    note = (f"From the same parameters and batch, against Jacquard: relative difference of the first loss (at most "
            f"{tolerance.FIRST:.0e}) and of loss {tolerance.STEPS} ({tolerance.LATER:.0e}); where the step draws random numbers, by how "
            f"many standard deviations the means of {tolerance.DRAWS} trials differ (at most {tolerance.DEVIATIONS}); of outputs the "
            f"greatest difference over the greatest magnitude ({tolerance.OUTPUT:.0e}).")
    if set(names) & set(ORDER_BF16):
        note += f" In bf16 at most {', '.join(f'{limit:.0e}' for limit in tolerance.LOWERED)}, in this order."
    return Table("Agreement", ["model", *names], cells, note)


def difference(found):
    if found is None:
        return "-"
    mark = "" if found["agrees"] else " differs"
    if "difference" in found:
        return f"{found['difference']:.1e}{mark}"
    form, unit = (".1f", " sd") if found["unit"] == "deviations" else (".1e", "")
    return f"{found['first']:{form}}, {found['later']:{form}}{unit}{mark}"


# All bounds


def summary(result):
    lines = []
    for mean, bound in bounds.GEOMETRIC_MEANS.items():
        value, complete = mean_of(result, mean)
        if value:
            lines.append([f"geometric mean, {mean}", f"at least {bound}", number(value),
                          verdict(value, bound) if complete else "incomplete"])
    if rows_of(result, models.SHAPES):
        value, bound, said = drawn_mean(result)
        lines.append(["geometric mean, drawn shapes", f"at least {bound}", number(value), said])
    for kind, what, bound in ((models.TRAINING, "each training step", bounds.EACH_TRAINING),
                              (models.OPERATOR, "each operator", bounds.EACH_OPERATOR)):
        rows = [row for row in rows_of(result, kind) if bounds.each(row["name"])]
        lines += least(f"{what}, ratio", bound, {row["name"]: ratio_of(row) for row in rows})
    for kind, what, bound in ((models.OPERATOR, "each operator, share of the stream bandwidth", bounds.STREAM_SHARE),
                              (models.PRODUCT, "each product, share of the FMA peak", bounds.PEAK_SHARE)):
        lines += least(what, bound, {row["name"]: share(result, row) for row in rows_of(result, kind)}, ".0%")
    lines += least("two threads against one", bounds.SPEEDUP, {line["name"]: line.get("speedup") for line in result["scaling"]})
    lines += counted("compile times", {cells[0]: cells[-1] for cells in compilation(result).rows})
    lines += counted("peak memory", {cells[0]: cells[-1] for cells in memory(result).rows})
    lines += counted("arena", {cells[0]: cells[-1] for cells in arena(result).rows})
    return Table("Summary", ["what", "bound", "found", "verdict"], lines)


def least(what, bound, values, form=".2f"):
    """One line: the least of the values that are known."""
    known = {name: value for name, value in values.items() if value is not None}
    if not known:
        return []
    name = min(known, key=known.get)
    complete = len(known) == len(values)
    said = verdict(known[name], bound)
    said = said if complete or said != "holds" else "incomplete"
    return [[what, f"at least {bound:{form}}", f"{known[name]:{form}} ({name})", said]]


def counted(what, verdicts):
    """One line: how many hold, and which do not."""
    if not verdicts:
        return []
    short = [name for name, said in verdicts.items() if said != "holds"]
    found = f"{len(verdicts) - len(short)} of {len(verdicts)}" + (f"; not {', '.join(short)}" if short else "")
    return [[what, "each (see its table)", found, "falls short" if short else "holds"]]
