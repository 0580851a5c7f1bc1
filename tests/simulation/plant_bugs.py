#!/usr/bin/env python3
"""Plants known bugs in a copy of the repository, and says after how many seeds the simulation finds each.

usage: tests/simulation/plant_bugs.py [--seeds N] [--first SEED] [--scratch DIR] [NAME...]

Each bug is a patch in tests/simulation/bugs/, whose first line says what it breaks. The copy and its build lie in
build/planted (or DIR) and are kept, so that the next run builds only what changed; the first one configures it and
builds everything that test_simulation needs, which takes minutes. Exit status 1 when a bug is not found, or when
something is found without one.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUGS = ROOT / "tests/simulation/bugs"


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    return done.returncode, done.stdout + done.stderr


def must(*command, **options):
    code, output = run(*command, **options)
    if code != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{output[-4000:]}")
    return output


def copy_sources(tree):
    """Brings the copy up to date. What has not changed keeps its time, so that it is not built again."""
    names = must("git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    for name in filter(None, names):
        source, target = ROOT / name, tree / name
        if not source.is_file() or (target.is_file() and source.read_bytes() == target.read_bytes()):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def build(tree):
    folder = tree / "build"
    if not (folder / "build.ninja").is_file():
        deps = os.environ.get("TROUPE_DEPS", ROOT / ".deps")
        must("cmake", "-S", str(tree), "-B", str(folder), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
             f"-DTROUPE_DEPS={deps}")
    must("cmake", "--build", str(folder), "--target", "test_simulation")
    return folder / "tests/simulation/test_simulation"


def hunt(binary, tree, first, seeds):
    """The number of seeds until something is found, and what; (None, "") when nothing is."""
    environment = dict(os.environ, TROUPE_SIM_SEED=str(first), TROUPE_SIM_SEEDS=str(seeds), TROUPE_SIM_SHRINK="0")
    code, output = run("nice", "-n", "15", str(binary), "fresh seeds hold", cwd=tree, env=environment)
    found = re.search(r"^seed (\d+) breaks: ([^:\n]*)", output, re.M)
    if found:
        return int(found[1]) - first + 1, found[2]
    if code != 0:
        died = re.search(r"\bseed (\d+)\b(?!.*\bseed \d)", output, re.S)
        return (int(died[1]) - first + 1 if died else 1), "the process dies: " + output.strip().splitlines()[-1]
    return None, ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20000)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--scratch", type=pathlib.Path, default=ROOT / "build/planted")
    parser.add_argument("names", nargs="*", metavar="NAME", help="a patch without its ending; all of them by default")
    options = parser.parse_args()
    tree = options.scratch.resolve()
    names = options.names or ["none", *sorted(x.stem for x in BUGS.glob("*.patch"))]
    print("| bug | what it breaks | seeds until found | the check that found it |\n|---|---|---|---|", flush=True)
    good = True
    for name in names:
        copy_sources(tree)
        what = "nothing"
        if name != "none":
            patch = BUGS / f"{name}.patch"
            what = patch.read_text().splitlines()[0].removeprefix("Planted: ").rstrip(".")
            must("patch", "--no-backup-if-mismatch", "-p1", "-d", str(tree), "-i", str(patch))
        seeds, check = hunt(build(tree), tree, options.first, options.seeds)
        good &= (seeds is None) == (name == "none")
        print(f"| {name} | {what} | {seeds or f'not in {options.seeds}'} | {check} |", flush=True)
    copy_sources(tree)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
