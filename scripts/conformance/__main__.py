#!/usr/bin/env python3
"""Runs OGC's own test suites against this server, offline, and prints one table.

    python3 scripts/conformance --binary target/release/cartotheque [--shared ../shared] [--only WFS] [--keep DIR]

The suites come from Maven's central repository by their coordinates, once, into a folder of the
user (`~/.cache/cartotheque/conformance`); after that no network is needed. Reference data and
schemas come from the shared folder. Exits 0 when every suite ran without a failure of ours, 1 when
one failed, 2 when one could not be had.

Java 17 or newer with javac and Maven are needed (Debian: default-jdk-headless maven), and Python's
standard library.
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

import report
import site_folder
from mirror import Mirror
from run import Outcome, run
from suites import SUITES

ROOT = Path(__file__).resolve().parent.parent.parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=ROOT / "target" / "release" / "cartotheque")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="reference data and schemas")
    parser.add_argument("--only", default="", help="suites whose title has this in it")
    parser.add_argument("--keep", type=Path, help="where logs and results stay; it must not exist")
    options = parser.parse_args()
    missing = [name for name in ("java", "javac", "mvn") if shutil.which(name) is None]
    if missing:
        print(f"conformance: {', '.join(missing)} not found (Debian: default-jdk-headless maven)", file=sys.stderr)
        return 2
    if not (options.shared / "cite").is_dir():
        print(f"conformance: no reference data in {options.shared}", file=sys.stderr)
        return 2
    chosen = [suite for suite in SUITES if options.only.lower() in suite.title.lower()]
    if not chosen:
        print(f"conformance: no suite has {options.only!r} in its title", file=sys.stderr)
        return 2
    began = time.monotonic()
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="cartotheque-conformance-") as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        with Mirror(options.shared / "schemas") as mirror:
            for data in dict.fromkeys(suite.data for suite in chosen):
                site = site_folder.build(options.binary.resolve(), data, options.shared / "cite", folder)
                with site_folder.served(options.binary.resolve(), site, folder / f"{data}.log") as base:
                    for suite in (suite for suite in chosen if suite.data == data):
                        print(f"== {suite.title}", file=sys.stderr, flush=True)
                        outcomes.append(run(suite, base, mirror, folder / suite.artifact))
        unanswered = sorted(mirror.missing)
    outcomes.sort(key=lambda outcome: chosen.index(outcome.suite))
    print(report.details(outcomes))
    for address in unanswered:
        print(f"not among the schemas: {address}")
    print()
    print(report.table(outcomes))
    print(f"\n{time.monotonic() - began:.0f} s")
    if any(outcome.failed for outcome in outcomes):
        return 1
    return 2 if any(outcome.missing is not None for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
