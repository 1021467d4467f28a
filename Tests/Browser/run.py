"""Drives the inspector's page of every graph in headless Chromium and fails on any error.

    python3 Tests/Browser/run.py .build/release/jacquard graphs/*.json [--screens FOLDER]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

from browser import Browser, Failure

VIEWS = ["passes", "graph", "changes", "kernels", "fusion", "memory", "source"]
FIRST_PAINT_MS = 1000


class Page:
    """What a user does with one page."""

    def __init__(self, browser, path):
        self.browser, self.path = browser, path

    def run(self):
        self.browser.errors.clear()
        self.browser.open(self.path)
        first = "performance.getEntriesByType('paint').find((entry) => entry.name === 'first-contentful-paint')"
        self.browser.wait(f"{first} !== undefined", "first paint")
        paint = self.evaluate(f"{first}.startTime")
        for view in VIEWS:
            self.view(view)
        steps = [self.kernels, self.memory, self.source, self.search, self.addresses]
        # A compiled plan knows nothing of its graph.
        if self.evaluate("document.querySelector('#graph svg') !== null"):
            steps = [self.graph, self.bodies, self.keyboard, self.changes, self.fusion, self.choosing] + steps
        if self.evaluate("document.querySelector('#record').textContent.includes('measured_threads')"):
            steps.append(self.times)
        for step in steps:
            step()
            self.expect(not self.browser.errors, f"{step.__name__}: {'; '.join(map(str, self.browser.errors))}")
        return paint

    def expect(self, holds, what):
        if not holds:
            raise Failure(f"{what} (at {self.browser.evaluate('location.hash')})")

    def evaluate(self, expression):
        return self.browser.evaluate(expression)

    def at(self, view):
        self.browser.wait(f"document.getElementById('{view}').hidden === false", f"view {view}")

    def go(self, fragment):
        self.evaluate(f"location.hash = {json.dumps(fragment)}; new Promise((done) => setTimeout(done, 0))")
        self.at(fragment[1:].split("/")[0].split("?")[0])
        self.links()

    def links(self):
        """Every link of what is shown leads somewhere, and every item of a picture has a name."""
        bad = self.evaluate("""[...document.querySelectorAll('a[href]')].map((a) => a.getAttribute('href'))
          .filter((target) => !target.startsWith('#') || !window.inspector.leadsSomewhere(target))""")
        self.expect(not bad, f"links that lead nowhere: {bad[:5]}")
        nameless = self.evaluate("""[...document.querySelectorAll('main > section:not([hidden]) :is([role=button], [role=link], button, a, svg[role=group], input, select)')]
          .filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim() || e.closest('label'))).map((e) => e.outerHTML.slice(0, 120))""")
        self.expect(not nameless, f"elements without a name: {nameless[:3]}")
        self.expect(self.evaluate("""(() => { const section = document.querySelector('main > section:not([hidden])');
          return !section.querySelector('svg.drawing') || section.querySelector('table') !== null; })()"""), "a picture without a table beside it")

    def view(self, view):
        self.browser.click(f"nav a[href='#{view}']")
        self.at(view)
        self.expect(self.evaluate(f"document.querySelector('#{view} h2')?.textContent.length > 0"), f"view {view} has no heading")
        self.expect(self.evaluate("document.querySelector('nav a[aria-current]').getAttribute('href')") == f"#{view}", "the marked view")
        self.links()

    def graph(self):
        """Chooses a node, opens and closes a fold, goes back."""
        browser = self.browser
        stages = self.evaluate("document.querySelectorAll('#graph select option').length")
        for stage in range(stages):
            self.go(f"#graph/{stage}")
            self.expect(self.evaluate("document.querySelectorAll('#graph .box').length > 0"), f"stage {stage} draws nothing")
        self.go("#graph/0")
        fit = "#graph .zoom button:last-child"
        if self.evaluate("document.querySelector('#graph .box.fold') !== null"):
            browser.click(fit)
            browser.click("#graph .box.fold")
            browser.wait("location.hash.includes('open=')", "a fold opens")
            browser.wait("document.querySelector('#graph .frame') !== null", "an open fold has a frame")
            frames = self.evaluate("document.querySelectorAll('#graph .frame').length")
            browser.click(fit)
            browser.click("#graph .frame .fold-title")
            browser.wait(f"document.querySelectorAll('#graph .frame').length < {frames}", "a fold closes")
            self.evaluate("history.back()")
            browser.wait(f"document.querySelectorAll('#graph .frame').length === {frames}", "the back button opens the fold again")
        self.unfold()
        self.evaluate("document.querySelector('#graph .box.node').dispatchEvent(new MouseEvent('click', { bubbles: true }))")
        browser.wait("/[?&]node=\\d/.test(location.hash)", "a node is chosen")
        browser.wait("document.querySelector('#graph .box.node.selected') !== null", "the chosen node is marked")
        self.expect(self.evaluate("document.querySelector('#graph .panel h3').textContent.includes(document.querySelector('#graph .box.selected .box-title').textContent.replace('…', ''))"), "the panel tells of the chosen node")
        self.links()

    def unfold(self):
        self.evaluate("[...document.querySelectorAll('#graph .toolbar a')].find((a) => a.textContent === 'unfold all')?.click()")
        self.browser.wait("document.querySelector('#graph .box.fold') === null", "all folds open")

    def bodies(self):
        """The graph inside a loop."""
        self.go("#find?q=scan")
        target = self.evaluate("[...document.querySelectorAll('#find td a[href^=\"#graph\"]')].find((a) => /^scan /.test(a.textContent))?.getAttribute('href') ?? null")
        if target is None:
            return
        self.go(target)
        inside = self.evaluate("[...document.querySelectorAll('#graph dt')].find((e) => e.textContent === 'inside').nextElementSibling.querySelector('a').getAttribute('href')")
        self.go(inside)
        self.expect(self.evaluate("document.querySelectorAll('#graph .box').length > 0"), "the graph inside a loop is drawn")
        self.unfold()
        self.evaluate("document.querySelector('#graph .box.node').dispatchEvent(new MouseEvent('click', { bubbles: true }))")
        self.browser.wait("document.querySelector('#graph .box.node.selected') !== null", "a node inside a loop is chosen")
        self.links()

    def keyboard(self):
        browser = self.browser
        self.go("#graph/0")
        self.evaluate("document.querySelector(\"#graph [data-item][tabindex='0']\").focus()")
        first = self.evaluate("document.activeElement.dataset.item")
        for key in ["ArrowDown", "ArrowUp", "ArrowRight", "ArrowLeft"]:
            browser.key(key)
        several = self.evaluate("document.querySelectorAll('#graph [data-item]').length > 1")
        for key in ["ArrowDown", "ArrowRight", "ArrowUp", "ArrowLeft"]:
            if not several or self.evaluate("document.activeElement.dataset.item") != first:
                break
            browser.key(key)
        self.expect(not several or self.evaluate("document.activeElement.dataset.item") is not None, "arrow keys keep the focus in the picture")
        before = self.evaluate("location.hash")
        browser.key("Enter")
        browser.wait(f"location.hash !== {json.dumps(before)}", "the enter key opens what has the focus")

    def changes(self):
        self.go("#changes")
        look = "[...document.querySelectorAll('#changes td a')].find((a) => a.textContent === 'look closer')"
        if self.evaluate(f"{look} === undefined"):
            return
        self.evaluate(f"{look}.click()")
        self.browser.wait("document.querySelectorAll('#changes .pair figure').length === 2", "one node before and after")
        self.links()
        self.go("#changes")
        rule = "document.querySelector('#changes td a[href*=\"rule=\"]')"
        if self.evaluate(f"{rule} === null"):
            return  # nodes that went without a rule: a graph with loops, read anew
        self.evaluate(f"{rule}.click()")
        self.browser.wait("location.hash.includes('rule=')", "a rule is followed")
        self.links()

    def kernels(self):
        self.go("#kernels")
        count = self.evaluate("document.querySelectorAll('#kernels tbody tr').length")
        self.expect(count > 0, "no kernels")
        self.evaluate("document.querySelector('#kernels > details').open = true")
        self.browser.wait("document.querySelectorAll('#kernels > details .box').length > 0", "kernels as a graph")
        self.links()
        for kernel in range(min(count, 40)):
            self.go(f"#kernels/{kernel}")
            self.expect(self.evaluate("document.querySelector('#kernels pre').textContent.length > 0"), f"kernel {kernel} has no loops")

    def times(self):
        """What a page with a trace shows of it."""
        self.go("#kernels")
        text = self.evaluate("document.querySelector('#kernels').textContent")
        self.expect("measured with the times" in text and "measured time" in text, "no measured times and limits")
        self.go("#kernels/0")
        terms = self.evaluate("[...document.querySelectorAll('#kernels dt')].map((term) => term.textContent)")
        self.expect("measured" in terms and "by thread" in terms, f"kernel 0 has only {terms}")

    def fusion(self):
        self.go("#fusion")
        asks = self.evaluate("[...document.querySelectorAll('#fusion a[href*=\"b=\"]')].slice(0, 12).map((a) => a.getAttribute('href'))")
        for ask in asks:
            self.go(ask)
            self.expect(self.evaluate("document.querySelector('#fusion .answer .reason')?.textContent.length > 20"), f"no answer to {ask}")
        # Any two nodes: first and others of the last graph.
        nodes = self.evaluate("(document.querySelector('#fusion input').focus(), document.querySelectorAll('#final-nodes option').length)")
        for other in range(1, nodes, max(1, nodes // 12)):
            self.go(f"#fusion?a=0&b={other}")
            self.expect(self.evaluate("document.querySelector('#fusion .answer').textContent.length > 20"), f"no answer to 0 and {other}")

    def choosing(self):
        """Asks in the graph: one node, then the other."""
        self.go("#graph")
        nodes = "[...document.querySelectorAll('#graph .box.node')]"
        self.unfold()
        if self.evaluate(f"{nodes}.length < 2"):
            return
        click = "dispatchEvent(new MouseEvent('click', { bubbles: true }))"
        self.evaluate(f"{nodes}[0].{click}")
        self.browser.wait("document.querySelector('#graph .panel a[href*=\"ask=\"]') !== null", "a node offers the question")
        self.evaluate("document.querySelector('#graph .panel a[href*=\"ask=\"]').click()")
        # Only the folds around the first node may be open.
        self.browser.wait(f"location.hash.includes('ask=') && {nodes}.length > 0", "the question waits for a node")
        self.unfold()
        self.browser.wait(f"location.hash.includes('ask=') && {nodes}.length > 1", "the question waits among all nodes")
        self.evaluate(f"{nodes}.at(-1).{click}")
        self.at("fusion")
        self.expect(self.evaluate("document.querySelector('#fusion .answer').textContent.length > 20"), "no answer")

    def memory(self):
        self.go("#memory")
        if self.evaluate("document.querySelector('#memory rect.buffer') === null"):
            return
        self.evaluate("document.querySelector('#memory rect.buffer').focus()")
        self.browser.wait("document.querySelector('#buffer h3') !== null", "the focus tells of a buffer")
        self.expect(self.evaluate("document.querySelector('#memory .bound') !== null"), "no lower bound")
        self.go(self.evaluate("document.querySelector('#memory td a[href^=\"#memory/\"]').getAttribute('href')"))
        self.expect(self.evaluate("document.querySelector('#memory rect.selected') !== null"), "the chosen buffer is marked")

    def source(self):
        self.go("#source")
        target = self.evaluate("document.querySelector('#source td a')?.getAttribute('href') ?? null")
        if target:
            self.go(target)

    def search(self):
        self.go("#passes")
        self.evaluate("document.getElementById('query').focus()")
        self.browser.type("a")
        self.at("find")
        self.browser.wait("document.querySelectorAll('#find tbody tr').length > 0", "something is found")
        self.links()
        self.evaluate("document.querySelector('#find td a').click()")
        self.browser.wait("document.getElementById('find').hidden", "what was found is shown")
        self.evaluate("history.back()")
        self.at("find")
        self.evaluate("history.back()")
        self.at("passes")
        self.evaluate("document.getElementById('query').value = ''")

    def addresses(self):
        """A bad address says so and shows the first view."""
        for fragment in ["#nowhere", "#kernels/99999", "#graph/0?open=99999", "#constructor"]:
            self.evaluate(f"location.hash = {json.dumps(fragment)}; new Promise((done) => setTimeout(done, 0))")
            self.at("passes")
            self.expect(self.evaluate("document.getElementById('status').textContent.includes('There is no')"), f"no word about {fragment}")


SCREENS = ["#passes", "#graph", "#graph/0?open=1&node=1", "#changes", "#kernels", "#kernels/1", "#fusion?a=1&b=2", "#memory", "#source"]


def screens(browser, page, folder):
    """Pictures of the views, for people."""
    name = os.path.basename(page).removesuffix(".html")
    for width, is_dark in [(1200, False), (1200, True), (390, False), (390, True)]:
        browser.look(width, 900, is_dark, is_phone=width < 500)
        for fragment in SCREENS:
            browser.open(page, fragment)
            view = fragment[1:].replace("/", "-").replace("?", "-").replace("&", "-").replace("=", "")
            browser.screenshot(os.path.join(folder, f"{name}-{view}-{width}-{'dark' if is_dark else 'light'}.png"))


def measured(jacquard, graph, folder):
    """A page with the times of a trace."""
    trace, page = os.path.join(folder, "trace.json"), os.path.join(folder, "measured.html")
    bench = ["bench", graph, "--steps", "3", "--executor", "vm", "--trace", trace]
    subprocess.run([jacquard] + bench, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([jacquard, "inspect", graph, "--profile", trace, "--format", "html", "-o", page], check=True)
    return page


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("jacquard")
    parser.add_argument("graphs", nargs="+")
    parser.add_argument("--screens", help="a folder for pictures of the views instead of tests")
    options = parser.parse_args()
    failures = 0
    with tempfile.TemporaryDirectory() as folder, Browser() as browser:
        graphs = list(options.graphs)
        if not graphs[0].endswith(".html") and not options.screens:
            # A compiled plan has a page too.
            graphs.append(os.path.join(folder, "first.plan.json"))
            subprocess.run([options.jacquard, "compile", graphs[0], "-o", graphs[-1]], check=True)
            # So has a graph whose kernels were measured.
            graphs.append(measured(options.jacquard, graphs[0], folder))
        for graph in graphs:
            page = os.path.join(folder, os.path.basename(graph).removesuffix(".json") + ".html")
            if graph.endswith(".html"):
                page = graph
            else:
                subprocess.run([options.jacquard, "inspect", graph, "--format", "html", "-o", page], check=True)
            if options.screens:
                screens(browser, page, options.screens)
                continue
            try:
                paint = Page(browser, page).run()
                if paint > FIRST_PAINT_MS:
                    raise Failure(f"first paint after {paint} ms")
                print(f"{graph}: {os.path.getsize(page) / 1e6:.2f} MB, first paint {paint:.0f} ms", flush=True)
            except Failure as failure:
                failures += 1
                print(f"{graph}: {failure}", file=sys.stderr, flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
