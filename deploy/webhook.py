"""Writes what Alertmanager sends to a webhook to standard output, a line an alert. For trying: it tells nobody else.

    python3 webhook.py PORT
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LARGEST = 1_000_000


def lines(path, notification):
    for alert in notification["alerts"]:
        labels, annotations = alert["labels"], alert["annotations"]
        words = [alert["status"].upper(), path.strip("/"), labels.get("severity", "-"), labels["alertname"]]
        words += [f"{name}={labels[name]}" for name in ("target", "layer", "blame", "instance") if name in labels]
        yield " ".join(words) + ": " + annotations.get("description", annotations.get("summary", "")).strip()


class Receiver(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200, "Alertmanager posts its notifications here.\n")

    def do_POST(self):
        try:
            size = int(self.headers["content-length"])
            if not 0 <= size <= LARGEST:
                raise ValueError(f"{size} bytes")
            told = list(lines(self.path, json.loads(self.rfile.read(size))))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            self.answer(400, f"not a notification of Alertmanager: {error!r}\n")
            return
        for line in told:
            print(line.replace("\n", " "), flush=True)
        self.answer(200, "")

    def answer(self, status, text):
        self.send_response(status)
        self.send_header("content-type", "text/plain; charset=utf-8")
        self.send_header("content-length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        """Requests are not told, only what they bring."""


if __name__ == "__main__":
    ThreadingHTTPServer(("", int(sys.argv[1])), Receiver).serve_forever()
