#!/usr/bin/env python3
"""Measures what a server does when far more is asked of it than it can do.

First its capacity: so many clients that it is always busy. Then ten times that is offered for a while, each request with
a prompt of its own; who is refused comes back when Retry-After says, once. Told are the throughput beside the capacity,
how long refusals take at the client, how many of those who came back were let in, and how soon a request that comes
after it all is served. Standard library alone.
"""
import argparse
import asyncio
import json
import random
import statistics
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Tally:
    served: int = 0
    tokens: int = 0
    refusals: list = field(default_factory=list)   # seconds
    returned: int = 0
    returned_in: int = 0
    failed: dict = field(default_factory=dict)


class Server:
    def __init__(self, url, key, tokens):
        parts = urlsplit(url)
        self.host, self.port = parts.hostname, parts.port or 80
        self.auth = f"Authorization: Bearer {key}\r\n" if key else ""
        self.tokens = tokens

    def body(self):
        words = " ".join(random.choice(("sea", "hill", "rain", "stone", "bird", "lamp")) for _ in range(8))
        return json.dumps({"model": "default", "prompt": f"{random.random()} {words}", "max_tokens": self.tokens,
                           "temperature": 0, "ignore_eos": True}).encode()

    async def ask(self, body):
        """Status, Retry-After in seconds and what it took."""
        begin = time.monotonic()
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            writer.write((f"POST /v1/completions HTTP/1.1\r\nHost: {self.host}\r\n{self.auth}Connection: close\r\n"
                          f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body)
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            await reader.read()
        finally:
            writer.close()
        fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        return int(head.split()[1]), float(fields.get("retry-after", 0)), time.monotonic() - begin


async def capacity(server, clients, seconds):
    """Requests per second with so many clients that each ask again at once."""
    ends = []
    stop = time.monotonic() + seconds

    async def client():
        while time.monotonic() < stop:
            status, _, _ = await server.ask(server.body())
            if status == 200:
                ends.append(time.monotonic())
    await asyncio.gather(*(client() for _ in range(clients)))
    # Without the first quarter, in which the batch fills.
    since = stop - seconds * 0.75
    return sum(since < end <= stop for end in ends) / (seconds * 0.75)


async def overload(server, rate, seconds):
    tally = Tally()
    begin = time.monotonic()
    stop = begin + seconds
    ends = []

    async def one(body, returns):
        try:
            status, after, took = await server.ask(body)
        except (OSError, asyncio.IncompleteReadError) as error:
            tally.failed[type(error).__name__] = tally.failed.get(type(error).__name__, 0) + 1
            return
        if returns:
            tally.returned += 1
            tally.returned_in += status == 200
        if status == 200:
            ends.append(time.monotonic())
        elif status == 429:
            tally.refusals.append(took)
            if not returns and after and time.monotonic() + after < stop:
                await asyncio.sleep(after)
                await one(body, True)
        else:
            tally.failed[status] = tally.failed.get(status, 0) + 1

    tasks = set()
    due = begin
    while due < stop:
        await asyncio.sleep(max(0, due - time.monotonic()))
        task = asyncio.create_task(one(server.body(), False))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        due += random.expovariate(rate)
    tally.served = sum(begin + seconds / 4 < end <= stop for end in ends)
    begin = time.monotonic()
    while (await server.ask(server.body()))[0] != 200:
        await asyncio.sleep(0.05)
    recovered = time.monotonic() - begin
    await asyncio.gather(*tasks)
    return tally, tally.served / (seconds * 0.75), recovered


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--api-key", default="")
    parser.add_argument("--tokens", type=int, default=8, help="of each answer")
    parser.add_argument("--clients", type=int, default=32, help="that the capacity is measured with")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--times", type=float, default=10, help="the capacity that is offered")
    parser.add_argument("--rounds", type=int, default=1)
    args = parser.parse_args()
    server = Server(args.url, args.api_key, args.tokens)
    ratios = []
    for _ in range(args.rounds):
        alone = await capacity(server, args.clients, args.seconds / 3)
        tally, rate, recovered = await overload(server, alone * args.times, args.seconds)
        ratios.append(rate / alone)
        late = tally.refusals
        print(f"alone {alone:.1f}/s, under {args.times:g} times the load {rate:.1f}/s: {100 * rate / alone:.0f} %")
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

asyncio.run(main())
