#!/usr/bin/env python3
"""Checks who includes whom. Prints `file:line: ...` for every include that the table does not allow; exit status 1 then.

Beside the table: the engine's public header is standard library only, CAF meets Asio in http/edge.* alone (also through
other headers), and no message is let past CAF's serializer.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# What an <angle> include belongs to, by its start. Everything else is the standard library or the system.
LIBRARIES = {
    "caf/": "CAF", "boost/json": "Boost.JSON", "boost/beast": "Beast", "boost/asio": "Beast", "boost/": "Boost",
    "ATen/": "libtorch", "torch/": "libtorch", "c10/": "libtorch", "cuda": "CUDA", "toml++/": "toml++", "CLI/": "CLI11",
    "spdlog/": "spdlog", "prometheus/": "prometheus-cpp", "catch2/": "Catch2", "openssl/": "OpenSSL",
}

# A folder's own files, then what else its files may include: a library, or a file or folder of ours.
# The longest key that fits a file counts. app/ and tests/ see everything.
TABLE = {
    "cache/": ["cache/"],
    "engine/": ["engine/", "cache/", "libtorch", "Boost.JSON"],
    "engine/engine.hpp": ["engine/sampling_params.hpp"],
    "engine/sampling_params.hpp": [],
    "engine/cuda/": ["engine/", "cache/", "libtorch", "Boost.JSON", "CUDA"],
    "text/": ["text/"],
    "actors/protocol/": ["actors/protocol/", "CAF", "engine/engine.hpp", "text/tokenizer.hpp", "text/grammar.hpp", "text/grammar_kind.hpp"],
    "actors/": ["actors/", "CAF", "cache/", "engine/engine.hpp", "text/tokenizer.hpp", "text/grammar.hpp", "text/grammar_kind.hpp"],
    "actors/metrics": ["actors/", "CAF", "cache/", "engine/engine.hpp", "text/tokenizer.hpp", "text/grammar.hpp", "text/grammar_kind.hpp", "prometheus-cpp"],
    "http/": ["http/", "Beast", "Boost", "Boost.JSON", "OpenSSL", "actors/protocol/"],
    "http/edge": ["http/", "Beast", "Boost", "Boost.JSON", "OpenSSL", "actors/protocol/", "CAF"],
    "bench/": ["bench/", "Beast", "Boost", "Boost.JSON", "http/api/json_out.hpp"],
    "configs/": ["configs/", "toml++", "actors/options.hpp", "http/options.hpp", "cache/response_cache.hpp", "engine/engine.hpp"],
}
EVERYTHING = ("app/", "tests/")
SYSTEM_FOLDERS = ("sys/", "linux/", "netinet/", "arpa/")
SPDLOG_EVERYWHERE_BUT = ("engine/engine.hpp", "engine/sampling_params.hpp")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def sources():
    for folder in sorted({key.split("/")[0] for key in TABLE} | {name.rstrip("/") for name in EVERYTHING}):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".cpp", ".hpp", ".h", ".cu") and "target" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), path.read_text().splitlines()


def library(header):
    """The library that an <angle> include belongs to; None for the standard library and the system."""
    known = next((name for start, name in LIBRARIES.items() if header.startswith(start)), None)
    return known or (header if "/" in header and not header.startswith(SYSTEM_FOLDERS) else None)


def rule(file):
    """What a file may include, or None where everything goes."""
    if file.startswith(EVERYTHING):
        return None
    return TABLE[max((key for key in TABLE if file.startswith(key)), key=len)]


def refusal(file, quote, header, allowed):
    """Why an include is not allowed, or None."""
    if quote == '"' and not (ROOT / header).is_file():
        return f'"{header}" is no file from the repository\'s root'
    if allowed is None:
        return None
    if quote == '"':
        fits = any(header.startswith(name) for name in allowed if "/" in name)
        name = header
    else:
        name = library(header)
        fits = name is None or name in allowed or (name == "spdlog" and file not in SPDLOG_EVERYWHERE_BUT)
    if fits:
        return None
    return f"{file.split('/')[0]} may not include {header} ({name}); allowed here: {', '.join(allowed) or 'the standard library'}"


def reaches_caf(file, includes, seen):
    """The chain of headers through which a file sees CAF, or None."""
    for quote, header in includes.get(file, ()):
        if quote == "<" and library(header) == "CAF":
            return [header]
        if quote == '"' and header not in seen:
            seen.add(header)
            chain = reaches_caf(header, includes, seen)
            if chain:
                return [header, *chain]
    return None


def main():
    problems, includes = [], {}
    for file, lines in sources():
        allowed = rule(file)
        for number, line in enumerate(lines, 1):
            if "UNSAFE_MESSAGE" in line:
                problems.append(f"{file}:{number}: every message must go through the serializer: no CAF_ALLOW_UNSAFE_MESSAGE_TYPE")
            match = INCLUDE.match(line)
            if not match:
                continue
            includes.setdefault(file, []).append(match.groups())
            reason = refusal(file, *match.groups(), allowed)
            if reason:
                problems.append(f"{file}:{number}: {reason}")
    for file in includes:
        if file.startswith("http/") and not file.startswith("http/edge"):
            chain = reaches_caf(file, includes, set())
            if chain:
                problems.append(f"{file}:1: only http/edge.* may see CAF, this file does through {' -> '.join(chain)}")
    print("\n".join(problems) if problems else f"include table: {len(includes)} files hold it")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
