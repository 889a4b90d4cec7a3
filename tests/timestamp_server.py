"""A real timestamp server on loopback (RFC 3161 over HTTP), answered by `openssl ts`; it can be as bad as real ones.

Run as a script it serves the folder named on its command line: `ts.cnf` and `mood`, which is read for each request,
lists of revoked certificates by GET, and `log` to which it adds a line for each request.
"""

import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CONFIG = """
[tsa]
default_tsa = good
{sections}
"""
SECTION = """
[{name}]
serial = {folder}/ts.serial
signer_cert = {signer}
certs = {chain}
signer_key = {key}
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = {digests}
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class TimestampServer:
    """The server as a process of its own. Used in `with`; `mood`, as of `_do_…`, may be changed at any time.

    The certificates are given to `serve`, for those that name a list of revoked ones need its address first.
    """

    def __init__(self, folder):
        self.folder = Path(folder)
        self.mood = "good"
        (self.folder / "ts.serial").write_text("01\n")
        (self.folder / "log").touch()
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(self.folder)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.base = f"http://127.0.0.1:{self._process.stdout.readline().strip()}"
        self.url = f"{self.base}/tsa"

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def serve(self, certificate, key, *chain):
        """Answer with this certificate and key from now on; `chain` are PEM texts that go with each answer."""
        others = self.folder / "ts.chain"
        others.write_text("".join(chain) or Path(certificate).read_text())
        sections = [
            SECTION.format(name=name, folder=self.folder, signer=certificate, chain=others, key=key, digests=digests)
            for name, digests in (("good", "sha256, sha384, sha512"), ("refuse", "sha512"))
        ]
        (self.folder / "ts.cnf").write_text(CONFIG.format(sections="".join(sections)))

    @property
    def mood(self):
        return (self.folder / "mood").read_text()

    @mood.setter
    def mood(self, mood):
        (self.folder / "mood").write_text(mood)

    def asked(self, method="POST"):
        """Return how many requests of this method have come."""
        return (self.folder / "log").read_text().splitlines().count(method)


class _Talk(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # head and body in one packet: no waiting for an acknowledgement
    wbufsize = -1
    folder = Path()
    lock = threading.Lock()

    def log_message(self, *_arguments):
        pass

    def _noted(self):
        with self.lock, (self.folder / "log").open("a") as log:
            log.write(f"{self.command}\n")

    def do_GET(self):
        self._noted()
        path = self.folder / Path(self.path).name
        found = path.suffix == ".crl" and path.exists()
        self._answer(200 if found else 404, path.read_bytes() if found else b"", "application/pkix-crl")

    def do_POST(self):
        self._noted()
        query = self.rfile.read(int(self.headers["Content-Length"]))
        mood = (self.folder / "mood").read_text()
        getattr(self, f"_do_{mood}")(query)

    def _answer(self, status, body, kind="application/timestamp-reply", **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _reply(self, query, section="good"):
        """Return the answer of openssl."""
        with self.lock:
            (self.folder / "query").write_bytes(query)
            command = ["openssl", "ts", "-reply", "-config", "ts.cnf", "-section", section, "-queryfile", "query"]
            return subprocess.run(command, cwd=self.folder, capture_output=True, check=True).stdout

    def _do_good(self, query):
        self._answer(200, self._reply(query))

    def _do_error(self, _query):
        self._answer(500, b"Sorry", "text/plain")

    def _do_slow(self, _query):
        time.sleep(4)
        self._answer(200, b"")

    def _do_drip(self, query):
        self.send_response(200)
        self.end_headers()
        for byte in self._reply(query):
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(0.05)

    def _do_nonce(self, query):
        # the nonce is the last but one of a request
        self._answer(200, self._reply(query[:-4] + bytes([query[-4] ^ 1]) + query[-3:]))

    def _do_digest(self, query):
        start = query.index(b"\x04\x20") + 2
        self._answer(200, self._reply(query[:start] + bytes([query[start] ^ 1]) + query[start + 1 :]))

    def _do_garbage(self, _query):
        self._answer(200, b"<html>Welcome</html>", "text/html")

    def _do_huge(self, query):
        self._answer(200, self._reply(query) + bytes(10_000_000))

    def _do_redirect(self, _query):
        self._answer(302, b"", Location=f"http://127.0.0.1:{self.server.server_port}/elsewhere")

    def _do_refuse(self, query):
        self._answer(200, self._reply(query, "refuse"))

    def _do_hang_up(self, _query):
        self.close_connection = True
        self.connection.close()

    def _do_forged(self, query):
        answer = self._reply(query)
        self._answer(200, answer[:-1] + bytes([answer[-1] ^ 1]))


def main():
    _Talk.folder = Path(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Talk)
    server.daemon_threads = True
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
