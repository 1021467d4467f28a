#!/usr/bin/env python3
"""Lists public declarations of modules that have no `///` comment, and fails if there are any.

    undocumented.py [--count] MODULE...

A declaration is what `public` or `open` stands before, a case of a public enumeration, or a requirement of a public protocol.
Its comment ends on the line above, or above its attributes. What satisfies a requirement of a protocol is left out: the built
documentation refers to the requirement, which has the comment. Requirements of the package's own protocols (`Operation`, `Module`,
...) are read from the sources; those of the standard library stand in INHERITED.
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

SOURCES = Path(__file__).resolve().parent.parent / "Sources"

# What each protocol of the standard library asks for, and which protocols it refines. Its own documentation says what these members
# mean, and a type that conforms has nothing to add.
INHERITED = {
    "Equatable": ({"==", "!="}, []),
    "Comparable": ({"<", ">", "<=", ">="}, ["Equatable"]),
    "Hashable": ({"hash(into:)", "hashValue"}, ["Equatable"]),
    "Identifiable": ({"id"}, []),
    "Encodable": ({"encode(to:)"}, []),
    "Decodable": ({"init(from:)"}, []),
    "Codable": (set(), ["Encodable", "Decodable"]),
    "CodingKey": ({"stringValue", "intValue", "init(stringValue:)", "init(intValue:)"}, []),
    "RawRepresentable": ({"rawValue", "init(rawValue:)", "RawValue"}, []),
    "CaseIterable": ({"allCases"}, []),
    "CustomStringConvertible": ({"description"}, []),
    "CustomDebugStringConvertible": ({"debugDescription"}, []),
    "LosslessStringConvertible": ({"init(_:)"}, ["CustomStringConvertible"]),
    "Error": (set(), []),
    "LocalizedError": ({"errorDescription"}, ["Error"]),
    "ExpressibleByIntegerLiteral": ({"init(integerLiteral:)"}, []),
    "ExpressibleByFloatLiteral": ({"init(floatLiteral:)"}, []),
    "ExpressibleByBooleanLiteral": ({"init(booleanLiteral:)"}, []),
    "ExpressibleByStringLiteral": ({"init(stringLiteral:)"}, []),
    "ExpressibleByArrayLiteral": ({"init(arrayLiteral:)"}, []),
    "ExpressibleByDictionaryLiteral": ({"init(dictionaryLiteral:)"}, []),
    "IteratorProtocol": ({"next()", "Element"}, []),
    "Sequence": ({"makeIterator()", "underestimatedCount", "Element", "Iterator"}, []),
    "Collection": ({"startIndex", "endIndex", "index(after:)", "subscript(_:)", "Index"}, ["Sequence"]),
    "BidirectionalCollection": ({"index(before:)"}, ["Collection"]),
    "RandomAccessCollection": (set(), ["BidirectionalCollection"]),
}

MODIFIERS = (
    r"(?:(?:public|open|internal|package|fileprivate|private)(?:\(set\))?|static|class(?=\s+(?:func|var|let|subscript))|final"
    r"|mutating|nonmutating|override|required|convenience|lazy|weak|unowned(?:\(\w+\))?|indirect|nonisolated(?:\(\w+\))?"
    r"|consuming|borrowing|prefix|postfix|infix|dynamic|isolated|async|optional|sending)\s+"
)
DECLARATION = re.compile(
    rf"(?:(?<=[{{}};\n])|^)[ \t]*(?P<attributes>(?:@\w+(?:\([^()]*\))?\s+)*)(?P<modifiers>(?:{MODIFIERS})*)"
    r"(?P<keyword>func|init|var|let|subscript|struct|class|actor|enum|protocol|extension|typealias|associatedtype|case|macro)\b"
    r"[ \t]*(?P<name>`?\w[\w.]*`?|[^\s\w(){}\[\]:,\"`]+)?",
)
TYPES = {"struct", "class", "actor", "enum", "protocol", "extension"}
CALLED = {"func", "init", "subscript"}
OPAQUE = re.compile(r'//[^\n]*|/\*.*?\*/|"""|#*"|[()]', re.DOTALL)


def masked(text):
    """The text with comments and the contents of strings as spaces, at the same places."""
    out = list(text)

    def blank(start, end):
        for place in range(start, end):
            if out[place] != "\n":
                out[place] = " "

    def string(start, opening):
        """Blanks a string from its opening mark; answers where it ends. Interpolated code is blanked, too."""
        hashes = opening.count("#")
        closing = opening[hashes:] + "#" * hashes
        escape = "\\" + "#" * hashes
        place = start + len(opening)
        while place < len(text) and not text.startswith(closing, place):
            if text.startswith(escape + "(", place):
                place = code(place + len(escape) + 1, nested=True)
            elif text.startswith(escape, place):
                place += len(escape) + 1
            else:
                place += 1
        end = min(place + len(closing), len(text))
        blank(start, end)
        return end

    def code(place, nested=False):
        depth = 1
        while match := OPAQUE.search(text, place):
            token, place = match.group(), match.end()
            if token.startswith("/"):
                blank(match.start(), place)
            elif token == "(":
                depth += 1
            elif token == ")":
                depth -= 1
                if nested and depth == 0:
                    return place
            else:
                place = string(match.start(), token)
        return len(text)

    code(0)
    return "".join(out)


def closing(code, start):
    """Where the bracket that opens at `start` closes."""
    depth = 0
    for match in re.compile(r"[()\[\]]").finditer(code, start):
        depth += 1 if match.group() in "([" else -1
        if depth == 0:
            return match.start()
    return len(code)


def labels(code, start):
    """The first words of a parameter list, `a:` or `label`."""
    inside = code[start + 1 : closing(code, start)]
    parameters, depth, last = [], 0, 0
    for place, character in enumerate(inside):
        before = inside[place - 1 : place]
        if character in "([{" or (character == "<" and before.isalnum()):
            depth += 1
        elif character in ")]}" or (character == ">" and before != "-" and depth > 0):
            depth -= 1
        elif character == "," and depth == 0:
            parameters.append(inside[last:place])
            last = place + 1
    parameters.append(inside[last:])
    names = [re.sub(r"@\w+(\([^)]*\))?", "", p).split() for p in parameters if p.strip()]
    return [words[0] for words in names]


class Declaration:
    """A declaration in a file, and the type around it (`scope`), if any."""

    def __init__(self, file, line, match, code, scope, documented):
        self.file, self.line, self.documented = file, line, documented
        self.keyword, self.name = match["keyword"], (match["name"] or "").strip("`")
        self.modifiers = match["modifiers"].split()
        self.scope = scope
        if self.keyword in CALLED:
            opening = code.find("(", match.end("keyword"))
            operator = not re.match(r"\w", self.name or "(") and self.keyword == "func"
            base = self.name if self.keyword == "func" else self.keyword
            given = labels(code, opening)
            if self.keyword == "subscript":
                # A subscript's parameter has no label unless it says one beside its name.
                given = ["_" if label.endswith(":") else label for label in given]
            self.signature = base if operator else f"{base}({''.join(label.rstrip(':') + ':' for label in given)})"
        else:
            self.signature = self.name
        self.public = "public" in self.modifiers or "open" in self.modifiers
        if scope and not any(word in self.modifiers for word in ("private", "fileprivate", "internal", "package")):
            inherits = scope.keyword == "protocol" or (scope.keyword == "enum" and self.keyword == "case")
            self.public = self.public or (inherits and scope.public)
        self.reached = self.public and all(outer.public for outer in self.enclosing() if outer.keyword != "extension")
        self.conformances = []
        if self.keyword in TYPES:
            head = code[match.end() : code.find("{", match.end())]
            head = re.sub(r"<[^>]*>", "", head).split(" where ")[0]
            if ":" in head:
                self.conformances = re.findall(r"[A-Z]\w*(?=\s*(?:,|&|$))", head.split(":", 1)[1].strip())

    def enclosing(self):
        scope = self.scope
        while scope:
            yield scope
            scope = scope.scope

    def module(self):
        return self.file.relative_to(SOURCES).parts[0]

    def path(self):
        """Its name with those of the types around it: `Outer.Inner.member(_:)`."""
        return ".".join([scope.name for scope in self.enclosing()][::-1] + [self.signature])

    def __str__(self):
        return f"{self.file.relative_to(SOURCES.parent)}:{self.line}: {self.keyword} {self.path()}"


def commented(lines, line, code_lines):
    """Whether a documentation comment ends above a line, or above the attributes that stand there."""
    line -= 2
    while line >= 0 and code_lines[line].lstrip().startswith("@"):
        line -= 1
    return line >= 0 and lines[line].lstrip().startswith("///")


def declarations(file):
    text = file.read_text()
    code = masked(text)
    lines, code_lines = text.split("\n"), code.split("\n")
    starts = {match.start("keyword"): match for match in DECLARATION.finditer(code)}
    # The scopes around a place: types, and "body" for functions and closures, in which nothing is declared for others.
    stack, result, pending = [], [], None
    places = sorted([(m.start(), m.group()) for m in re.finditer(r"[{}]", code)] + [(p, "declaration") for p in starts])
    for place, what in places:
        if what == "}":
            if stack:
                stack.pop()
        elif what == "{":
            stack.append(pending or "body")
            pending = None
        elif "body" not in stack:
            match = starts[place]
            first = re.compile(r"\S").search(code, match.start()).start()
            line = code.count("\n", 0, first) + 1
            scope = stack[-1] if stack else None
            found = Declaration(file, line, match, code, scope, commented(lines, line, code_lines))
            result.append(found)
            pending = found if found.keyword in TYPES else None
    return result


def inherited(found):
    """What each type's protocols, and those that these refine, ask for: a set of signatures by the type's path."""
    requirements, parents = defaultdict(set), defaultdict(set)
    for name, (members, refined) in INHERITED.items():
        requirements[name] |= members
        parents[name] |= set(refined)
    for declaration in found:
        if declaration.keyword in TYPES:
            parents[declaration.path()] |= set(declaration.conformances)
        elif declaration.scope and declaration.scope.keyword == "protocol":
            requirements[declaration.scope.path()].add(declaration.signature)

    def above(name, seen):
        for parent in parents[name] - seen:
            seen.add(parent)
            above(parent, seen)
        return seen

    # A protocol's own requirements, too: its extension may supply them.
    return {name: set().union(*(requirements[parent] for parent in above(name, {name}))) for name in list(parents)}


def undocumented(modules):
    """The public declarations of modules, and those of them that have no comment and need one."""
    found = [d for file in sorted(SOURCES.glob("Jacquard*/**/*.swift")) for d in declarations(file)]
    witnesses = inherited(found)
    counted = [d for d in found if d.reached and d.keyword != "extension" and d.module() in modules]

    def satisfies(declaration):
        scope = declaration.scope
        return scope and scope.keyword != "protocol" and declaration.signature in witnesses[scope.path()]

    return counted, [d for d in counted if not d.documented and not satisfies(d)]


def main(arguments):
    modules = [argument for argument in arguments if not argument.startswith("-")]
    unknown = [module for module in modules if not (SOURCES / module).is_dir()]
    if unknown or not modules:
        sys.exit(f"there is no module {', '.join(unknown)}" if unknown else __doc__)
    counted, missing = undocumented(modules)
    if "--count" in arguments:
        for module in modules:
            without, all = (sum(d.module() == module for d in list) for list in (missing, counted))
            print(f"{module}: {without} of {all} public declarations have no comment")
    else:
        for declaration in missing:
            print(f"{declaration} has no comment")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
