"""What the checks share: the client that they speak through, and how a check is told from a helper."""

import os
import sys

import openai

url = sys.argv[1].rstrip("/")
key = os.environ.get("OPENAI_API_KEY")
client = openai.OpenAI(base_url=url + "/v1", api_key=key or "none", max_retries=0, timeout=120)
hello = [{"role": "user", "content": "Say hello."}]
short = {"model": "default", "max_tokens": 12, "temperature": 0}
checks = []


def check(function):
    """Adds a check; its name is the sentence that is printed."""
    checks.append(function)
    return function


def raises(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")
