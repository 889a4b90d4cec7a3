"""``python load.py``: clients that ask a server over and over, in a process of their own.

Reads JSON: ``port``, ``clients``, ``requests`` (pairs of a path and of a body to post, or null) and ``seconds``: for so
long the clients go round the requests; without it each request is made once. Prints JSON: ``seconds``, ``latencies`` of
all requests in seconds, and whatever was not the expected answer. Sockets are used as they are, so that the clients
take as little as possible of the cores that the server is to use.
"""

import itertools
import json
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor

TIMEOUT = 60


def main():
    """Let the clients loose."""
    task = json.load(sys.stdin)
    requests, seconds = [_message(task["port"], *request) for request in task["requests"]], task.get("seconds")
    # one line for all clients; next() on it is atomic
    line = itertools.cycle(requests) if seconds else iter(requests)
    begun = time.perf_counter()
    deadline = begun + seconds if seconds else float("inf")
    latencies, odd = [], []
    with ThreadPoolExecutor(task["clients"]) as pool:
        clients = [
            pool.submit(_client, task["port"], line, deadline, latencies, odd) for _one in range(task["clients"])
        ]
        for client in clients:
            client.result()
    print(json.dumps({"seconds": time.perf_counter() - begun, "latencies": latencies, "odd": odd[:5]}))


def _message(port, path, body):
    head = [f"{'GET' if body is None else 'POST'} {path} HTTP/1.0", f"Host: 127.0.0.1:{port}"]
    content = b""
    if body is not None:
        content = json.dumps(body).encode()
        head += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join([*head, "", ""]).encode() + content


def _client(port, line, deadline, latencies, odd):
    buffer = bytearray(1 << 20)
    for message in line:
        begun = time.perf_counter()
        if begun > deadline:
            return
        with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as connection:
            connection.sendall(message)
            answer = connection.recv(1 << 16)
            while received := connection.recv_into(buffer):
                # what is posted is answered in short
                answer += bytes(buffer[:received]) if message.startswith(b"POST") else b""
        latencies.append(time.perf_counter() - begun)
        refused = message.startswith(b"POST") and b'"error"' in answer
        if refused or not answer[8:].startswith(b" 200"):
            odd.append(answer[-500:].decode(errors="replace"))


if __name__ == "__main__":
    main()
