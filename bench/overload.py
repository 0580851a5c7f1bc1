#!/usr/bin/env python3
"""Measures what a server does when far more is asked of it than it can do.

First its capacity: so many clients that it is always busy. Then ten times that is offered for a while, each request with
a prompt and, unless told otherwise, a connection of its own; who is refused comes back when Retry-After says, once. Told
are the throughput beside the capacity, how long refusals take at the client, how many of those who came back were let
in, and how soon a request that comes after it all is served. Standard library alone.

The clients are one thread over epoll that does little for each request: what they take of the machine, they take from
a server on the same cores. What they took is told, too.
"""
import argparse
import heapq
import itertools
import json
import random
import selectors
import socket
import statistics
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit


class Clients:
    """One thread's sockets and timers."""

    def __init__(self, url, key, tokens, keep_alive):
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 80
        family, _, _, _, self.address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        self.family = family
        self.head = (f"POST /v1/completions HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
                     f"Connection: {'keep-alive' if keep_alive else 'close'}\r\n"
                     + (f"Authorization: Bearer {key}\r\n" if key else ""))
        self.tokens = tokens
        self.keep_alive = keep_alive
        self.idle = []
        self.selector = selectors.EpollSelector()
        self.timers = []
        self.numbers = itertools.count()
        self.open = 0

    def body(self):
        words = " ".join(random.choice(("sea", "hill", "rain", "stone", "bird", "lamp")) for _ in range(8))
        return json.dumps({"model": "default", "prompt": f"{random.random()} {words}", "max_tokens": self.tokens,
                           "temperature": 0, "ignore_eos": True})

    def at(self, when, call):
        heapq.heappush(self.timers, (when, next(self.numbers), call))

    def ask(self, body, then):
        """Calls `then` with the status, or the name of what went wrong, Retry-After in seconds, and what it took."""
        self.open += 1
        Exchange(self, f"{self.head}Content-Length: {len(body)}\r\n\r\n{body}".encode(), then)

    def run(self, until, and_all=False):
        """Until that moment; `and_all`: or longer, until nothing is open any more."""
        while (now := time.monotonic()) < until or (and_all and self.open):
            while self.timers and self.timers[0][0] <= now:
                heapq.heappop(self.timers)[2]()
            soon = min(until, self.timers[0][0]) if self.timers else until
            wait = soon - time.monotonic() if soon > now else 0.01
            for key, _ in self.selector.select(max(0, wait)):
                key.data()


class Exchange:
    """One request and its answer."""

    def __init__(self, clients, request, then):
        self.clients, self.request, self.then = clients, request, then
        self.begin = time.monotonic()
        self.answer = b""
        if clients.idle:
            self.socket = clients.idle.pop()
            self.write()
        else:
            self.socket = socket.socket(clients.family, socket.SOCK_STREAM)
            self.socket.setblocking(False)
            self.socket.connect_ex(clients.address)
            clients.selector.register(self.socket, selectors.EVENT_WRITE, self.write)

    def write(self):
        try:
            # So small a request goes out at once or not at all.
            self.socket.sendall(self.request)
        except OSError as error:
            return self.end(type(error).__name__)
        watch = self.clients.selector.modify if self.socket in self.clients.selector.get_map() else \
            self.clients.selector.register
        watch(self.socket, selectors.EVENT_READ, self.read)

    def read(self):
        try:
            got = self.socket.recv(65536)
        except OSError as error:
            return self.end(type(error).__name__)
        self.answer += got
        head, whole, rest = self.answer.partition(b"\r\n\r\n")
        if whole:
            fields = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:])
            if len(rest) >= int(fields["content-length"]):
                return self.end(int(head.split()[1]), float(fields.get("retry-after", 0)))
        if not got:
            return self.end("EOF")

    def end(self, status, after=0.0):
        self.clients.open -= 1
        if self.socket in self.clients.selector.get_map():
            self.clients.selector.unregister(self.socket)
        if self.clients.keep_alive and isinstance(status, int):
            self.clients.idle.append(self.socket)
        else:
            self.socket.close()
        self.then(status, after, time.monotonic() - self.begin)


@dataclass
class Tally:
    ends: list = field(default_factory=list)       # moments
    refusals: list = field(default_factory=list)   # seconds
    returned: int = 0
    returned_in: int = 0
    failed: dict = field(default_factory=dict)

    def rate(self, begin, end):
        return sum(begin < moment <= end for moment in self.ends) / (end - begin)


def capacity(clients, count, seconds):
    """Requests per second with so many clients that each ask again at once."""
    tally = Tally()
    begin = time.monotonic()
    stop = begin + seconds

    def again(status, *_):
        if status == 200:
            tally.ends.append(time.monotonic())
        if time.monotonic() < stop:
            clients.ask(clients.body(), again)
    for _ in range(count):
        clients.ask(clients.body(), again)
    clients.run(stop, and_all=True)
    # Without the first quarter, in which the batch fills.
    return tally.rate(begin + seconds / 4, stop)


def overload(clients, rate, seconds):
    tally = Tally()
    begin = time.monotonic()
    stop = begin + seconds

    def one(body, returns):
        def then(status, after, took):
            if returns:
                tally.returned += 1
                tally.returned_in += status == 200
            if status == 200:
                tally.ends.append(time.monotonic())
            elif status == 429:
                tally.refusals.append(took)
                if not returns and after and time.monotonic() + after < stop:
                    clients.at(time.monotonic() + after, lambda: one(body, True))
            else:
                tally.failed[status] = tally.failed.get(status, 0) + 1
        clients.ask(body, then)

    def arrive(due):
        one(clients.body(), False)
        due += random.expovariate(rate)
        if due < stop:
            clients.at(due, lambda: arrive(due))
    arrive(begin)
    clients.run(stop)
    clients.timers.clear()
    return tally, tally.rate(begin + seconds / 4, stop)


def recovery(clients):
    """Seconds until a request that comes now is served."""
    begin = time.monotonic()
    served = []

    def late():
        clients.ask(clients.body(), lambda status, *_: served.append(status) if status == 200
                    else clients.at(time.monotonic() + 0.05, late))
    late()
    while not served:
        clients.run(time.monotonic() + 0.05)
    return time.monotonic() - begin


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--api-key", default="")
    parser.add_argument("--tokens", type=int, default=8, help="of each answer")
    parser.add_argument("--clients", type=int, default=32, help="that the capacity is measured with")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--times", type=float, default=10, help="the capacity that is offered")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--keep-alive", action="store_true", help="requests share connections")
    args = parser.parse_args()
    clients = Clients(args.url, args.api_key, args.tokens, args.keep_alive)
    ratios = []
    for _ in range(args.rounds):
        alone = capacity(clients, args.clients, args.seconds / 3)
        spent = time.process_time()
        tally, rate = overload(clients, alone * args.times, args.seconds)
        spent = time.process_time() - spent
        recovered = recovery(clients)
        clients.run(time.monotonic(), and_all=True)
        ratios.append(rate / alone)
        late = tally.refusals
        print(f"alone {alone:.1f}/s, under {args.times:g} times the load {rate:.1f}/s: {100 * rate / alone:.0f} % "
              f"(the clients took {100 * spent / args.seconds:.0f} % of a core)")
        if late:
            print(f"  {len(late)} refusals, ms: median {1000 * statistics.median(late):.1f}, "
                  f"p99 {1000 * percentile(late, 0.99):.1f}, most {1000 * max(late):.1f}")
        if tally.returned:
            print(f"  {tally.returned} came back as they were told, {tally.returned_in} were let in: "
                  f"{100 * tally.returned_in / tally.returned:.0f} %")
        print(f"  {recovered:.2f} s until a request was served after it; failures: {tally.failed or 'none'}", flush=True)
    if len(ratios) > 1:
        print(f"throughput kept: median {100 * statistics.median(ratios):.0f} % "
              f"({100 * min(ratios):.0f}-{100 * max(ratios):.0f} %)")


main()
