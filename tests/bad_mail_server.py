"""A little SMTP server that can be as bad as real ones."""

import socketserver
import threading
import time


class BadMailServer(socketserver.ThreadingTCPServer):
    """Used in `with`; `mood` may be changed at any time: good, refuses, hangs up (after the text), slow.

    `mails` are the texts that it has received, those of which it did not say so included.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, mood="good"):
        super().__init__(("127.0.0.1", 0), _Talk)
        self.mood, self.mails = mood, []
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def __exit__(self, *exc):
        self.shutdown()
        return super().__exit__(*exc)


class _Talk(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self):
        mood = self.server.mood
        if mood == "slow":
            time.sleep(1)
        self.say("220 here")
        for line in self.rfile:
            word = line.split()[0].upper() if line.split() else b""
            if word == b"QUIT":
                self.say("221 bye")
                return
            if word == b"RCPT" and mood == "refuses":
                self.say("550 no such mailbox")
            elif word == b"DATA":
                self.say("354 go on")
                self.server.mails.append(b"".join(iter(self.rfile.readline, b".\r\n")))
                if mood == "hangs up":
                    return
                self.say("250 taken")
            else:
                self.say("250 fine")
