"""Of what a comparison concludes: the rows that it reads, and the verdicts. Needs no package."""

import copy
import json
from pathlib import Path
import tempfile
import types
import unittest

import agreement
import bounds
import graph_file
import measure
import models
import report
import tables

SHAPES = {
    "format": "jacquard.shapes", "version": 1, "seed": 7,
    "shapes": [
        {"name": "mlp.0", "family": "mlp", "graph": "mlp.0.train.json", "batch": 5, "sizes": {"widths": [3, 5, 2]},
         "optimizer": {"kind": "sgd", "learning_rate": 0.1}},
        {"name": "transformer.0", "family": "transformer", "graph": "transformer.0.train.json", "batch": 2,
         "sizes": {"heads": 3}, "optimizer": {"kind": "adamw", "learning_rate": 3e-4, "weight_decay": 0.01}},
    ],
}
FAMILIES = sorted({models.ROWS[name].model for name in bounds.TRAINED})


def read(text):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "shapes.json"
        file.write_text(text)
        return models.drawn(file)


def changed(change):
    described = copy.deepcopy(SHAPES)
    change(described)
    return json.dumps(described)


def row(name, ratio, **more):
    """As measure.py gives it, with one peer."""
    times = {"jacquard": 1.0, "torch": ratio}
    found = {one: {"median_ms": ms, "min_ms": ms, "first_ms": ms, "version": one, "peak_rss_bytes": 1 << 30, "flops": 1e6,
                   "kept_bytes": 0, "arena_bytes": 0} for one, ms in times.items()}
    drawn = {"seed": 7, "batch": 5, "sizes": {"widths": [3, 5]}} if models.kind_of(name) == models.SHAPES else {}
    return {"name": name, "missing": [], "agreement": {}, "contenders": found, "fastest": "torch",
            "ratio": {"median": ratio, "least": ratio, "greatest": ratio}} | drawn | more


def result(rows):
    return {"processor": "one", "threads": 2, "rounds": 1, "load_before": 0, "limits": {"missing": "none"}, "product_gflops": 1,
            "reference_gflops": 1, "rows": rows, "compilation": [], "scaling": []}


class DrawnRows(unittest.TestCase):
    def test_optimisers_and_files(self):
        small, large = read(json.dumps(SHAPES)).values()
        self.assertEqual(small.optimiser, models.Optimiser(0.1, "sgd"))
        self.assertEqual(large.optimiser, models.Optimiser(3e-4, "adam", 0.01))
        self.assertEqual((small.kind, small.sizes, small.graph.name), ("shapes", {"widths": [3, 5, 2]}, "mlp.0.train.json"))
        self.assertEqual(small.words[:2], ["mlp.0", "--shapes"])

    def test_a_bad_file_is_named(self):
        cases = {
            "no JSON": "{",
            "a list": "[]",
            "another format": changed(lambda d: d.update(format="else")),
            "a later version": changed(lambda d: d.update(version=2)),
            "no seed": changed(lambda d: d.pop("seed")),
            "no sizes": changed(lambda d: d["shapes"][0].pop("sizes")),
            "sizes that are none": changed(lambda d: d["shapes"][0].update(sizes=3)),
            "an unknown optimizer": changed(lambda d: d["shapes"][1]["optimizer"].update(kind="lion")),
        }
        for case, text in cases.items():
            with self.subTest(case), self.assertRaisesRegex(ValueError, "shapes.json: "):
                read(text)

    def test_names_of_layers(self):
        for widths, expected in (([7, 2], ["output"]), ([7, 3, 2], ["hidden", "output"]),
                                 ([7, 5, 3, 2], ["hidden1", "hidden2", "output"])):
            self.assertEqual(list(models.layers_of(widths)), expected)
            self.assertEqual(list(models.layers_of(widths).values()), list(zip(widths, widths[1:])))

    def test_what_is_known_of_a_model_holds_for_its_drawn_rows(self):
        described = copy.deepcopy(SHAPES["shapes"][0])
        for model in FAMILIES:
            drawn = read(changed(lambda d: d.update(shapes=[described | {"name": f"{model}.0", "family": model}])))[f"{model}.0"]
            listed = models.ROWS[model]
            self.assertEqual((drawn.draws, drawn.channels_last), (listed.draws, listed.channels_last), model)


class Agreements(unittest.TestCase):
    def test_losses(self):
        # Ours, theirs, and whether a peer in f32 and one in bf16 agree.
        cases = [
            ("mlp", [2.0], [2.0001], True, True),
            ("mlp", [2.0], [2.002], False, True),
            ("mlp", [2.0], [2.3], False, False),
            ("vae", [5.0, 5.2, 4.8], [5.1, 4.9, 5.0], True, True),
            ("vae", [500.0, 500.2, 499.8], [502.0, 502.1, 501.9], False, True),
            ("vae", [500.0, 500.2, 499.8], [600.0, 600.1, 599.9], False, False),
        ]
        for name, ours, theirs, *expected in cases:
            compared = agreement.Agreement.__new__(agreement.Agreement)  # which would run the binary
            compared.row, compared.trials, compared.losses = models.ROWS[name], len(ours), {1: ours, agreement.STEPS: ours}
            for peer, agrees in zip(("torch", "torch-bf16"), expected):
                found = compared.of(Answering(peer, {"losses": [[loss] * agreement.STEPS for loss in theirs]}))
                self.assertEqual(found["agrees"], agrees, (name, theirs, peer))

    def test_outputs(self):
        compared = agreement.Agreement.__new__(agreement.Agreement)
        compared.row, compared.folder = models.ROWS["mlp@1"], types.SimpleNamespace()
        for difference, expected in ((1e-6, (True, True)), (1e-2, (False, True)), (1e-1, (False, False))):
            with tempfile.TemporaryDirectory() as compared.folder.name:
                Path(compared.folder.name, "logits.npy").touch()
                found = tuple(compared.of(Answering(peer, {"difference": difference}))["agrees"] for peer in ("torch", "torch-bf16"))
            self.assertEqual(found, expected, difference)


class Answering:
    """A peer that says what it was made with."""

    def __init__(self, name, answer):
        self.name, self.answer = name, answer

    def ask(self, command):
        return self.answer


class Verdicts(unittest.TestCase):
    def test_mean_over_drawn_shapes(self):
        listed = [row(name, 1.5) for name in bounds.TRAINED]
        drawn = [row(f"{family}.0", 1.25) for family in FAMILIES]
        cases = {
            "holds": (listed + drawn, "1.20 (80% of training's)", "holds"),
            "falls short": (listed + [row(f"{family}.0", 1.1) for family in FAMILIES], "1.20 (80% of training's)", "falls short"),
            "nothing listed": (drawn, "80% of training's", "-"),
            "a family lacks": (listed + drawn[1:], "1.20 (80% of training's)", "incomplete"),
            "a row is void": (listed + drawn[1:] + [row(drawn[0]["name"], 9, void="why")], "1.20 (80% of training's)", "incomplete"),
            "a listed row lacks": (listed[1:] + drawn, "1.20 (80% of training's)", "incomplete"),
        }
        for case, (rows, bound, said) in cases.items():
            found = tables.drawn_mean(result(rows))
            with self.subTest(case):
                self.assertEqual(found[1:], (bound, said))
                self.assertAlmostEqual(found[0], 1.1 if case == "falls short" else 1.25)

    def test_drawn_shapes_have_a_table_of_their_own(self):
        page = report.page(result([row("mlp", 1.5), row("mlp.0", 1.25)]), {})
        self.assertIn("| mlp.0 | 5 | widths 3-5 |", page)
        self.assertIn("from seed 7", page)
        self.assertEqual([line[0] for line in tables.speed(result([row("mlp", 1.5), row("mlp.0", 1.25)]), "training").rows][0], "mlp")
        self.assertNotIn("drawn", report.page(result([row("mlp", 1.5)]), {}))

    def test_the_readme_shows_what_the_page_says(self):
        page = report.page(result([row("mlp", 1.5), row("mlp@1", 0.5)]), {})
        shown = report.with_digest("a\n<!-- benchmarks -->\nold\n<!-- end of benchmarks -->\nb\n", page)
        self.assertIn("| training, mlp | 1.000 | 1.500 | torch | 1.50 (1.50 to 1.50) |", shown)
        self.assertIn("| inference, mlp@1 |", shown)
        self.assertTrue(shown.startswith("a\n") and shown.endswith("\nb\n") and "old" not in shown)
        self.assertRaises(ValueError, report.with_digest, "no place", page)
        readme, page = (models.GRAPHS.parent / name for name in ("README.md", "docs/benchmarks.md"))
        self.assertEqual(report.with_digest(readme.read_text(), page.read_text()), readme.read_text())

    def test_bf16_has_a_table_and_no_part_in_verdicts(self):
        def one(ms, agrees=True):
            return {"median_ms": ms, "min_ms": ms, "round_medians_ms": [ms], "version": "v", "agreement": {
                "agrees": agrees, "difference": 1e-3}}

        lowered = {"torch-bf16": one(0.25), "jax-bf16": one(0.1, agrees=False), "jacquard-bf16": one(0.2)}
        judged = row("mlp@1", 1.5, bf16=lowered, agreement={"torch": {"agrees": True, "difference": 0}})
        for found in judged["contenders"].values():
            found["round_medians_ms"] = [found["median_ms"]]
        measure.judge(judged, {"figures": {}}, 0, 2)
        self.assertEqual((judged["fastest"], judged["ratio"]["median"], "void" in judged), ("torch", 1.5, False))
        self.assertEqual((judged["fastest_bf16"], judged["ratio_bf16"]["median"]), ("torch-bf16", 0.25))
        [cells] = tables.lowered(result([judged])).rows
        self.assertEqual(cells[1:], ["1.000 (1.000)", "1.500 (1.500)", "0.200 (0.200)", "0.250 (0.250)", "0.100 (0.100)",
                                     "torch-bf16", "0.25 (0.25 to 0.25)"])
        self.assertIn("1.0e-03 differs", report.page(result([judged]), {}))
        self.assertEqual(tables.lowered(result([row("mlp@1", 1.5)])).rows, [])

    def test_parameters_stored_as_bf16(self):
        graph = graph_file.stored_as_bf16(models.ROWS["mlp@1"].graph)
        types = {entry["name"]: entry["type"] for entry in graph["inputs"]}
        self.assertEqual((types["x"], types["hidden/weight"]), ("f32[N,784]", "bf16[784,256]"))
        made = {node["name"]: node for node in graph["nodes"]}
        self.assertEqual(made["hidden/weight/f32"]["type"], "f32[784,256]")
        used = {name for node in graph["nodes"] if node["op"] != "cast" for name in node["inputs"]}
        self.assertFalse(used & {name for name, kind in types.items() if kind.startswith("bf16")})

    def test_every_listed_row_belongs_to_the_mean_of_its_name(self):
        groups = {"mlp": "training", "mlp_sgd": None, "mlp_wide": "training", "mlp@1": "inference, batch 1", "softmax": None,
                  "mlp.0": "shapes"}
        for name, expected in groups.items():
            self.assertEqual(bounds.group(name), expected, name)


if __name__ == "__main__":
    unittest.main()
