#!/usr/bin/env python3
"""Writes the Swift blocks of the documentation as files that a compiler can read.

    documentation_blocks.py OUT    OUT/NAME.swift for each page that has blocks, OUT/manifests for blocks of manifests

Each block becomes a function; errors of the compiler name the page and its line. Comments before a block say more:

    <!-- goes on -->          it goes on where the block before it ended
    <!-- given: CODE -->      CODE, which may have several lines, stands before it
    <!-- manifest -->         it is an item of a package's dependencies
    <!-- quoted: FILE -->     on a line of its own, for the whole page: its blocks stand in FILE, where they are compiled
"""

import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
PAGES = ["README.md", "docs/*.md", "docs/decisions/*.md", "Sources/Jacquard/Jacquard.docc/*.md"]
BLOCK = re.compile(r"((?:<!-- (?:goes on|manifest|given:.*?) -->\n)*)```swift\n(.*?)^```$", re.S | re.M)
IMPORT = re.compile(r"^import \w+$", re.M)


class Page:
    def __init__(self, path):
        self.name = str(path.relative_to(TOP))
        self.imports = {"Jacquard"}
        self.functions = []
        self.manifests = []
        text = path.read_text()
        quoted = re.search(r"^<!-- quoted: (\S+) -->$", text, re.M)
        for match in BLOCK.finditer(text):
            if quoted:
                self.compare(match, TOP / quoted.group(1))
            else:
                self.add(match, text)

    def compare(self, match, source):
        if match.group(2) not in source.read_text():
            sys.exit(f"{self.name}: a block does not stand in {source.relative_to(TOP)}:\n{match.group(2)}")

    def add(self, match, text):
        marks, code = match.groups()
        if "<!-- manifest -->" in marks:
            self.manifests.append(code)
            return
        if "<!-- goes on -->" not in marks:
            self.functions.append("")
        elif not self.functions:
            sys.exit(f"{self.name}: the first block goes on")
        for given in re.findall(r"<!-- given:(.*?) -->", marks, re.S):
            self.functions[-1] += given.strip() + "\n"
        self.imports.update(line.split()[1] for line in IMPORT.findall(code))
        line = text.count("\n", 0, match.start(2)) + 1
        body = IMPORT.sub("", code)
        self.functions[-1] += f'#sourceLocation(file: "{self.name}", line: {line})\n{body}#sourceLocation()\n'

    def source(self, number):
        lines = [f"import {name}" for name in sorted(self.imports)]
        for index, body in enumerate(self.functions):
            effects = "async throws" if re.search(r"\bawait [a-z]", re.sub(r"//.*", "", body)) else "throws"
            lines += [f"func page{number}block{index}() {effects} {{", body + "}"]
        return "\n".join(lines) + "\n"


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    # A page of the catalogue may be a link to one of docs/.
    paths = {path.resolve() for pattern in PAGES for path in TOP.glob(pattern)}
    pages = [Page(path) for path in sorted(paths)]
    count = sum(len(page.functions) for page in pages)
    for number, page in enumerate(pages):
        if page.functions:
            name = page.name.replace("/", "-").removesuffix(".md")
            (folder / f"{name}.swift").write_text(page.source(number))
    (folder / "manifests").write_text("".join(text for page in pages for text in page.manifests))
    if count < 5:
        sys.exit(f"only {count} blocks of Swift were found")


main(pathlib.Path(sys.argv[1]))
