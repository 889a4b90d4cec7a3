"""A little gateway for SMS, in the way of Odoo's own service, that can be as bad as real ones."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class BadSmsGateway(ThreadingHTTPServer):
    """Used in `with`; `mood` may be changed at any time: good, down, drops (takes all, and hangs up), slow.

    `texts` are the messages that it has taken, those of which it did not say so included.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Talk)
        self.mood, self.texts = "good", []
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def __exit__(self, *exc):
        self.shutdown()
        return super().__exit__(*exc)


class _Talk(BaseHTTPRequestHandler):
    def do_POST(self):
        call, mood = json.loads(self.rfile.read(int(self.headers["Content-Length"]))), self.server.mood
        if mood == "down":
            self.send_error(503)
            return
        if mood == "slow":
            time.sleep(1)
        messages = call["params"]["messages"]
        self.server.texts += [message["content"] for message in messages for _number in message["numbers"]]
        if mood == "drops":
            return
        uuids = [number["uuid"] for message in messages for number in message["numbers"]]
        answer = {"jsonrpc": "2.0", "id": call["id"], "result": [{"uuid": uuid, "state": "success"} for uuid in uuids]}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        """What it does is no news."""
