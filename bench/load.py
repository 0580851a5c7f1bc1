#!/usr/bin/env python3
"""Offers a server one load and prints what it did, as one JSON line. Standard library only.

usage: load.py URL [--api own|openai] [--concurrency N] [--requests N] [--tokens N] [--prompt-words N]

Closed loop: each of N clients sends its next request when the last one is answered. Answers are greedy, of a fixed length, and
bypass the response cache; every prompt is another one. `openai` streams, so that it also measures the time to the first token.
"""
import argparse
import http.client
import json
import queue
import threading
import time
import urllib.parse

SUBJECTS = ("glaciers", "printing", "honey bees", "lighthouses", "the abacus", "volcanoes", "clocks", "rice", "bridges", "owls",
            "paper", "the moon", "salt", "wind", "railways", "dreams")


def prompt(i, words):
    filler = " ".join(SUBJECTS[(i + k) % len(SUBJECTS)] for k in range(words))
    return f"Request {i}: explain {SUBJECTS[i % len(SUBJECTS)]} to a curious child in some plain sentences. {filler}".strip()


class Client:
    def __init__(self, url, api, tokens, words):
        self.address = urllib.parse.urlsplit(url)
        self.api, self.tokens, self.words = api, tokens, words

    def ask(self, i):
        """(seconds to the end, seconds to the first token or None, generated tokens)"""
        connection = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=600)
        try:
            return self.own(connection, i) if self.api == "own" else self.openai(connection, i)
        finally:
            connection.close()

    def own(self, connection, i):
        body = {"user_input": prompt(i, self.words), "use_cache": False, "max_tokens": self.tokens, "ignore_eos": True}
        start = time.perf_counter()
        answer = json.loads(self.post(connection, "/api/v1/inference", body).read())
        return time.perf_counter() - start, None, answer["metadata"]["completion_tokens"]

    def openai(self, connection, i):
        body = {"model": "default", "messages": [{"role": "user", "content": prompt(i, self.words)}], "max_tokens": self.tokens, "temperature": 0,
                "ignore_eos": True, "stream": True, "stream_options": {"include_usage": True}}
        start, first, tokens = time.perf_counter(), None, 0
        for line in self.post(connection, "/v1/chat/completions", body):
            if not line.startswith(b"data: {"):
                continue
            event = json.loads(line[6:])
            if first is None and any(choice["delta"].get("content") for choice in event["choices"]):
                first = time.perf_counter() - start
            if event.get("usage"):
                tokens = event["usage"]["completion_tokens"]
        return time.perf_counter() - start, first, tokens

    @staticmethod
    def post(connection, path, body):
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json", "Cache-Control": "no-store"})
        response = connection.getresponse()
        if response.status != 200:
            raise RuntimeError(f"{path} answered {response.status}: {response.read()[:200]!r}")
        return response


def percentile(values, share):
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 3) if ordered else None


def run(client, concurrency, requests):
    work, results, failures = queue.SimpleQueue(), [], []
    for i in range(requests):
        work.put(i)

    def loop():
        while True:
            try:
                i = work.get_nowait()
            except queue.Empty:
                return
            try:
                results.append(client.ask(i))
            except (OSError, RuntimeError, KeyError, ValueError, http.client.HTTPException) as error:
                failures.append(str(error))

    start = time.perf_counter()
    threads = [threading.Thread(target=loop) for _ in range(concurrency)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - start, results, failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--api", choices=("own", "openai"), default="openai")
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--requests", type=int, default=32)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--prompt-words", type=int, default=0)
    options = parser.parse_args()

    client = Client(options.url, options.api, options.tokens, options.prompt_words)
    client.ask(10**6)
    seconds, results, failures = run(client, options.concurrency, options.requests)
    latencies = [latency for latency, _, _ in results]
    firsts = [first for _, first, _ in results if first is not None]
    tokens = sum(count for _, _, count in results)
    print(json.dumps({
        "concurrency": options.concurrency, "requests": len(results), "failed": len(failures), "failures": failures[:2],
        "requests_per_second": round(len(results) / seconds, 2), "tokens_per_second": round(tokens / seconds, 1),
        "latency_p50": percentile(latencies, 0.5), "latency_p95": percentile(latencies, 0.95),
        "time_to_first_token_p50": percentile(firsts, 0.5), "time_to_first_token_p95": percentile(firsts, 0.95)}))


if __name__ == "__main__":
    main()
