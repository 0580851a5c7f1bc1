"""Has OpenAI's own Python client talk to a server, and checks what the client makes of it.

    python3 conformance.py http://127.0.0.1:8000

A server with API keys needs one of them in OPENAI_API_KEY. Prints a line per check and ends with 1 if any failed. The
model may be small: answers are checked for their form, not for their sense.
"""

import sys
import traceback

import openai

import formed_checks  # noqa: F401 - importing these modules adds their checks
import refusal_checks  # noqa: F401
import text_checks  # noqa: F401
import vector_checks  # noqa: F401
from checking import checks


def main():
    failed = 0
    for function in checks:
        name = function.__name__.replace("_", " ")
        try:
            said = function()
            print(f"ok    {name}{': ' + said if said else ''}", flush=True)
        except Exception as error:
            failed += 1
            here = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.endswith("_checks.py")][-1]
            print(f"FAIL  {name}: {error!r}\n      {here.filename}:{here.lineno}: {here.line}", flush=True)
    print(f"openai {openai.__version__} (Python): {len(checks) - failed} of {len(checks)} checks hold")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
