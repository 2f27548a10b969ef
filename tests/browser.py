"""A headless Chromium for the tests, driven over its DevTools protocol: the one on PATH, else the one in Qt WebEngine.

Qt WebEngine comes from PyPI with the `test` extra: a browser without root and without a download of its own.
"""

import base64
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from importlib.util import find_spec
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--disable-dev-shm-usage",
]  # fmt: skip

QT = """
import sys
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QApplication
application = QApplication([sys.argv[0]])
view = QWebEngineView()
view.resize(1280, 900)
view.setUrl("about:blank")
view.show()
sys.exit(application.exec())
"""

MISSING = (
    "no Chromium here: neither one of " + ", ".join(NAMES) + " on PATH, nor Qt WebEngine, which "
    '`pip install ".[test]"` brings'
)


def kinds():
    """The browsers that are here: how each is started, by name."""
    found = {}
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program:
        found["chromium"] = [program, "--headless", "--remote-debugging-port=0", *QUIET, "about:blank"]
    if find_spec("PySide6") and find_spec("PySide6.QtWebEngineWidgets"):
        found["qt"] = [sys.executable, "-c", QT]
    return found


def free_port():
    """A port that nobody listens to; Qt wants to be told one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Browser:
    """One browser process with one page."""

    def __init__(self, kind):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        command = kinds()[kind]
        if kind == "chromium":
            command = [*command[:-1], f"--user-data-dir={self.folder.name}", command[-1]]
        settings = {
            "QT_QPA_PLATFORM": "offscreen",
            "QTWEBENGINE_REMOTE_DEBUGGING": f"127.0.0.1:{free_port()}",
            "QTWEBENGINE_CHROMIUM_FLAGS": " ".join(QUIET),
        }
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env={**os.environ, "HOME": self.folder.name, **settings},
        )
        said = []
        patience = threading.Timer(60, self.process.kill)
        patience.start()
        for line in self.process.stderr:
            said.append(line)
            listening = re.search(r"DevTools listening on ws://([\d.]+):(\d+)(/\S+)", line)
            if listening:
                break
        else:
            patience.cancel()
            self.process.wait()
            raise RuntimeError(f"{command[0]} did not start:\n{''.join(said)}")
        patience.cancel()
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        host, port, path = listening.groups()
        self.line = WebSocket(host, int(port), path)
        self.last = 0
        self.session = None
        self.events = []
        target = next(t for t in self.send("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def close(self):
        self.line.close()
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stderr.close()
        self.folder.cleanup()

    def send(self, method, **params):
        """Give an order and return its result; events that come in between are kept."""
        self.last += 1
        order = {"id": self.last, "method": method, "params": params}
        self.line.send(json.dumps(order | ({"sessionId": self.session} if self.session else {})))
        while True:
            message = json.loads(self.line.receive())
            if message.get("id") == self.last:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message)
            if message.get("method") == "Page.javascriptDialogOpening":
                self.last += 1
                self.line.send(
                    json.dumps(
                        {
                            "id": self.last,
                            "method": "Page.handleJavaScriptDialog",
                            "params": {"accept": True},
                            "sessionId": self.session,
                        }
                    )
                )

    def open(self, address, *, width=1280, height=900, dark=False, calm=True):
        """Load a page from the start."""
        self.send("Page.navigate", url="about:blank")
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        features = [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce" if calm else "no-preference"},
        ]
        self.send("Emulation.setEmulatedMedia", features=features)
        self.events.clear()
        self.send("Page.navigate", url=address)
        self.run("new Promise(done => document.readyState === 'complete' ? done() : addEventListener('load', done))")
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.run("new Promise(done => setTimeout(done, 20))")

    def run(self, script):
        """The value of an expression in the page."""
        answer = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"].get("exception", {}).get("description", answer))
        return answer["result"].get("value")

    def run_in_frames(self, script):
        """The values of an expression in the frames of the page, sorted; frames may live in processes of their own."""
        page = self.session
        values = []
        for target in self.send("Target.getTargets")["targetInfos"]:
            if target["type"] == "iframe":
                attached = self.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
                self.session = attached["sessionId"]
                values.append(self.run(script))
                self.send("Runtime.enable")
                self.send("Log.enable")
                self.session = page
        for frame in self.send("Page.getFrameTree")["frameTree"].get("childFrames", []):
            world = self.send("Page.createIsolatedWorld", frameId=frame["frame"]["id"])["executionContextId"]
            answer = self.send("Runtime.evaluate", expression=script, contextId=world, returnByValue=True)
            values.append(answer["result"].get("value"))
        return sorted(values)

    def key(self, key):
        """Press and release a key."""
        codes = {"ArrowRight": 39, "ArrowLeft": 37, "Home": 36, "End": 35, " ": 32, "Tab": 9, "Enter": 13}
        press = {"key": key, "windowsVirtualKeyCode": codes[key]}
        if key in (" ", "Enter"):
            press["text"] = " " if key == " " else "\r"
        self.send("Input.dispatchKeyEvent", type="keyDown", **press)
        self.send("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=codes[key])

    def click(self, x, y):
        """Press and release the left button."""
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def screenshot(self, path=None):
        """What is seen, as a PNG."""
        png = base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"])
        if path:
            Path(path).write_bytes(png)
        return png

    @property
    def requests(self):
        """The addresses that the page has asked for since it was opened, the page included."""
        return [e["params"]["request"]["url"] for e in self.events if e.get("method") == "Network.requestWillBeSent"]

    @property
    def complaints(self):
        """Errors and warnings in the console, uncaught exceptions, dialogs."""
        bad = {"Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded", "Page.javascriptDialogOpening"}
        return [e["params"] for e in self.events if e.get("method") in bad]


class WebSocket:
    """As much of RFC 6455 as a conversation with a browser on this machine takes."""

    def __init__(self, host, port, path):
        self.socket = socket.create_connection((host, port), timeout=60)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self.stream = self.socket.makefile("rb")
        status = self.stream.readline()
        if b" 101 " not in status:
            raise ConnectionError(status.decode())
        while self.stream.readline().strip():
            pass

    def send(self, text):
        payload = text.encode()
        size = len(payload)
        mask = os.urandom(4)
        if size < 126:
            head = struct.pack("!BB", 0x81, 0x80 | size)
        elif size < 1 << 16:
            head = struct.pack("!BBH", 0x81, 0x80 | 126, size)
        else:
            head = struct.pack("!BBQ", 0x81, 0x80 | 127, size)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self.socket.sendall(head + mask + masked)

    def receive(self):
        """The next text, put together from its frames."""
        text = b""
        while True:
            first, second = self.stream.read(2)
            size = second & 0x7F
            if size >= 126:
                size = struct.unpack("!H" if size == 126 else "!Q", self.stream.read(2 if size == 126 else 8))[0]
            payload = self.stream.read(size)
            if first & 0x0F in (0, 1):
                text += payload
                if first & 0x80:
                    return text.decode()
            elif first & 0x0F == 8:
                raise ConnectionError("the browser hung up")

    def close(self):
        self.stream.close()
        self.socket.close()
