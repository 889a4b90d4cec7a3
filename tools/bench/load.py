"""``python load.py PORT CLIENTS SECONDS PATH``: clients that get a page over and over, in a process of their own.

Prints JSON: requests answered, seconds, and whatever was not the expected answer. Sockets are used as they are, so that
the clients take as little as possible of the cores that the server is to use.
"""

import json
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor

TIMEOUT = 60


def main():
    """Let the clients loose for so many seconds."""
    port, clients, seconds, path = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
    deadline = time.perf_counter() + seconds
    found, odd = [], []
    begun = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        for client in [pool.submit(_client, port, path, deadline, found, odd) for _number in range(clients)]:
            client.result()
    elapsed = time.perf_counter() - begun
    print(json.dumps({"requests": len(found), "seconds": elapsed, "bytes": sum(found), "odd": odd[:5]}))


def _client(port, path, deadline, found, odd):
    question = f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    buffer = bytearray(1 << 20)
    while time.perf_counter() < deadline:
        with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as connection:
            connection.sendall(question)
            status = connection.recv(12)
            size = len(status)
            while received := connection.recv_into(buffer):
                size += received
        found.append(size)
        if not status.endswith(b" 200"):
            odd.append(status.decode(errors="replace"))


if __name__ == "__main__":
    main()
