"""Drives headless Chromium by the Chrome DevTools protocol over a pipe. Python's standard library only."""

import json
import os
import shutil
import subprocess
import tempfile
import time

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]


class Failure(Exception):
    """What went wrong in the browser, or with it."""


class Browser:
    """One browser with one page. Keeps what went wrong on the page in `errors`."""

    def __init__(self, width=1200, height=900):
        program = next((found for name in NAMES if (found := shutil.which(name))), None)
        if program is None:
            raise Failure("Chromium is not installed (Debian: chromium)")
        self.folder = tempfile.mkdtemp(prefix="jacquard-browser-")
        to_browser, self.output = os.pipe()
        self.input, from_browser = os.pipe()
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
                 "--disable-extensions", "--disable-background-networking", f"--user-data-dir={self.folder}",
                 f"--window-size={width},{height}", "--remote-debugging-pipe", "about:blank"]
        shell = f'exec "$0" "$@" 3<&{to_browser} 4>&{from_browser}'
        self.process = subprocess.Popen(["sh", "-c", shell, program, *flags], pass_fds=(to_browser, from_browser),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.errors, self.events, self.buffer, self.number, self.session = [], [], b"", 0, None
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Log", "Network"]:
            self.send(f"{domain}.enable")

    def close(self):
        self.process.terminate()
        self.process.wait()
        os.close(self.output)
        os.close(self.input)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # Messages

    def send(self, method, **parameters):
        """Asks for something and gives the answer."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.output, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise Failure(f"{method}: {answer['error'].get('message')}")
                return answer.get("result", {})

    def receive(self):
        while b"\0" not in self.buffer:
            part = os.read(self.input, 1 << 16)
            if not part:
                raise Failure("the browser ended")
            self.buffer += part
        text, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(text)
        self.note(message.get("method"), message.get("params", {}))
        return message

    def note(self, method, parameters):
        """Keeps what a page must not do: exceptions, errors on the console, requests to anywhere else."""
        if method == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description") or details.get("text"))
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "assert", "warning"):
            self.errors.append(" ".join(str(part.get("value", part.get("description"))) for part in parameters["args"]))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            self.errors.append(parameters["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            address = parameters["request"]["url"]
            if not address.startswith(("file:", "about:", "data:")):
                self.errors.append(f"asked for {address}")
        elif method:
            self.events.append(method)

    # Pages

    def open(self, path, fragment=""):
        """Loads a page from a file and waits until it is there."""
        # By way of an empty page: another fragment alone would load nothing.
        for address in ["about:blank", f"file://{os.path.abspath(path)}{fragment}"]:
            self.events.clear()
            self.send("Page.navigate", url=address)
            while "Page.loadEventFired" not in self.events:
                self.receive()

    def evaluate(self, expression):
        """The value of an expression on the page, a promise's when it is kept."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise Failure(f"{expression[:120]}: {details.get('exception', {}).get('description', details.get('text'))}")
        return answer["result"].get("value")

    def wait(self, expression, what, seconds=10):
        """Waits until something holds on the page."""
        end = time.monotonic() + seconds
        while not self.evaluate(expression):
            if time.monotonic() > end:
                raise Failure(f"{what}: not within {seconds} s (at {self.evaluate('location.hash')})")
            time.sleep(0.02)

    def click(self, selector):
        """A click of the mouse in the middle of an element."""
        place = self.evaluate(f"""(() => {{
          const element = document.querySelector({json.dumps(selector)});
          if (!element) return null;
          element.scrollIntoView({{ block: "center" }});
          const box = element.getBoundingClientRect();
          return [box.left + box.width / 2, box.top + box.height / 2];
        }})()""")
        if place is None:
            raise Failure(f"nothing to click: {selector}")
        for kind in ["mousePressed", "mouseReleased"]:
            self.send("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def key(self, name):
        for kind in ["keyDown", "keyUp"]:
            text = "\r" if name == "Enter" and kind == "keyDown" else ""
            self.send("Input.dispatchKeyEvent", type=kind, key=name, code=name, text=text,
                      windowsVirtualKeyCode={"Enter": 13, "ArrowDown": 40, "ArrowUp": 38, "ArrowRight": 39, "ArrowLeft": 37}.get(name, 0))

    def type(self, text):
        self.send("Input.insertText", text=text)

    def look(self, width, height, is_dark, is_phone=False):
        """The size of the window and the colours that the user prefers."""
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=is_phone)
        scheme = "dark" if is_dark else "light"
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def screenshot(self, path):
        import base64
        data = self.send("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
