"""Sections at the end of docs/onnx-coverage.md."""

import collections


def append(path, title, text, header, rows):
    """Puts a section at the end of a page; one of the same title is replaced."""
    page = path.read_text() if path.exists() else ""
    parts = [part for part in page.split("\n## ") if not part.startswith(title + "\n")]
    lines = [title, "", text, "", "| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(str(cell).replace("|", "/") for cell in row) + " |" for row in rows]
    path.write_text("\n## ".join([part.rstrip("\n") + "\n" for part in parts] + ["\n".join(lines)]) + "\n")


def summary(title, results):
    """Prints what is wrong and the totals; 1 if anything is wrong. A result is (name, status, detail)."""
    for name, status, detail, *_ in results:
        if status == "wrong":
            print(f"wrong: {name}: {detail}")
    totals = collections.Counter(status for _, status, *_ in results)
    print(f"{title}: " + ", ".join(f"{count} {status}" for status, count in sorted(totals.items())) + f" of {len(results)}")
    return 1 if totals["wrong"] else 0
