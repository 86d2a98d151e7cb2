"""A Holdfast backend in Python's standard library. It answers signed calls only."""

import base64
import hashlib
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = base64.b64decode(os.environ["BACKEND_SECRET"].removeprefix("whsec_"))
TOLERANCE_SECONDS = 300


def on_connect(call):
    return {"actions": [{"emit": {"event": "welcome", "args": [call["socket"]["id"]]}}]}


def on_message(call):
    passed_on = {"to": {"everyone": True}, "event": call["event"], "args": call.get("args", [])}
    return {"ack": {"args": ["heard"]}, "actions": [{"emit": passed_on}]}


METHODS = {"OnConnect": on_connect, "OnMessage": on_message}


def is_signed(headers, body):
    """Standard Webhooks: HMAC-SHA256 of `id.timestamp.body`; the header may hold several signatures."""
    sent = headers.get("webhook-timestamp", "")
    if not sent.isdigit() or abs(time.time() - int(sent)) > TOLERANCE_SECONDS:
        return False
    signed = f"{headers.get('webhook-id')}.{sent}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(SECRET, signed, hashlib.sha256).digest()).decode()
    given = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(expected, signature) for signature in given)


class Backend(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        method = METHODS.get(self.path.removeprefix("/holdfast.v1.BackendService/"))
        if not is_signed(self.headers, body):
            self.answer(401, {"code": "unauthenticated", "message": "bad signature"})
        elif method is None:
            self.answer(404, {"code": "unimplemented"})
        else:
            self.answer(200, method(json.loads(body)))

    def answer(self, status, content):
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "3000"))), Backend)
print(f"backend on http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
