"""Runs one suite and reads what it found."""

import os
import subprocess
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import fetch
from mirror import Mirror
from suites import CONSOLE, FAULTS, Suite


@dataclass
class Failure:
    name: str
    clause: str
    message: str
    arguments: list[str]
    # why it is the suite's own, with the clause
    reason: str | None = None


@dataclass
class Outcome:
    suite: Suite
    version: str = ""
    passed: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    # why there is no outcome
    missing: str | None = None

    @property
    def failed(self) -> int:
        return sum(failure.reason is None for failure in self.failures)


def run(suite: Suite, base: str, mirror: Mirror, folder: Path) -> Outcome:
    """Fetches and runs a suite against the server at `base`."""
    had = fetch.suite(suite)
    if had is None:
        return Outcome(suite, missing="not in Maven's central repository: " + ", ".join(suite.versions))
    version, parts = had
    outcome = Outcome(suite, version)
    folder.mkdir(parents=True)
    if suite.controller is None:
        scripts(outcome, parts, base, mirror, folder)
    else:
        testng(outcome, parts, base, mirror, folder)
    return outcome


def options(mirror: Mirror, home: Path) -> list[str]:
    return [
        "-Dhttp.proxyHost=127.0.0.1",
        f"-Dhttp.proxyPort={mirror.port}",
        "-Djava.awt.headless=true",
        "-Dtestng.dtd.http=true",
        # databases and settings of libraries that a suite brings
        f"-Duser.home={home}",
        f"-Djava.util.prefs.userRoot={home}",
        f"-Dderby.stream.error.file={home}/derby.log",
    ]


def testng(outcome: Outcome, parts: list[Path], base: str, mirror: Mirror, folder: Path) -> None:
    """A TestNG suite: a jar with all it needs, properties in, `testng-results.xml` out."""
    suite = outcome.suite
    entries = "".join(
        f"<entry key={quoteattr(key)}>{escape(text.format(base=base))}</entry>" for key, text in suite.arguments.items()
    )
    # without a DOCTYPE: it would be fetched
    arguments = folder / "arguments.xml"
    arguments.write_text(f'<properties version="1.0">{entries}</properties>', encoding="utf-8")
    # a suite's database of CRSs takes a minute to make, and stays
    home = fetch.cache() / "home" if suite.takes_folder else folder
    home.mkdir(parents=True, exist_ok=True)
    beside = [fetch.fetch(coordinates) for coordinates in suite.beside]
    path, patch = parts + [file for file in beside if file is not None], []
    if suite.needs_old_java:
        path += fetch.old_java()
        patch = ["--patch-module", f"java.desktop={fetch.registry()}"]
    command = ["java", *patch, *options(mirror, home), "-cp", os.pathsep.join(map(str, path))]
    command += [suite.controller, *(["-o", folder] if suite.takes_folder else []), arguments]
    with (folder / "log.txt").open("wb") as log:
        # its exit status tells nothing
        subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False, timeout=1800)
    results = sorted(folder.rglob("testng-results.xml"))
    if not results:
        outcome.missing = f"ended without results; see {folder / 'log.txt'}"
        return
    for test in ElementTree.parse(results[-1]).getroot().iter("test"):
        for method in test.iter("test-method"):
            count(outcome, test.get("name", ""), method)


def count(outcome: Outcome, group: str, method: ElementTree.Element) -> None:
    status = method.get("status")
    name = method.get("signature", "").split("(")[0]
    if method.get("is-config") == "true":
        # a class that is not claimed skips its tests; they are counted themselves
        return
    if status == "PASS":
        outcome.passed += 1
    elif status == "SKIP":
        reason = message_of(method) or "what it needs is not claimed"
        # one line for all types
        reason = reason.split(":")[0].split("{")[0].strip()
        key = f"{group}: {reason}"
        outcome.skipped[key] = outcome.skipped.get(key, 0) + 1
    else:
        message = message_of(method)
        values = [" ".join((value.text or "").split()) for value in method.iter("value")]
        reason = next(
            (
                fault.reason
                for fault in FAULTS
                if fault.artifact == outcome.suite.artifact
                and name.startswith(fault.method)
                and fault.message in message
            ),
            None,
        )
        outcome.failures.append(Failure(name, method.get("description", ""), message, values, reason))


def message_of(method: ElementTree.Element) -> str:
    found = method.find(".//message")
    return " ".join((found.text or "").split()) if found is not None else ""


def scripts(outcome: Outcome, parts: list[Path], base: str, mirror: Mirror, folder: Path) -> None:
    """A suite of scripts (CTL), by the engine's console."""
    suite = outcome.suite
    engine = [fetch.fetch(coordinates) for coordinates in CONSOLE]
    if None in engine:
        outcome.missing = "its scripts need the engine's console, which can't be had"
        return
    home, te_base = folder / "home", folder / "base"
    for archive, target in (
        (engine[0], home),
        (engine[1], te_base),
        (parts[0], te_base / "scripts"),
        (parts[1], te_base / "resources" / "lib"),
    ):
        target.mkdir(parents=True, exist_ok=True)
        subprocess.run(["unzip", "-qo", archive, "-d", target], check=True)
    source = next(te_base.glob("scripts/**/main-auto.xml")).relative_to(te_base / "scripts")
    java = " ".join(options(mirror, te_base))
    environment = os.environ | {"TE_BASE": str(te_base), "JAVA_OPTS": java}
    program = home / "bin" / "unix"
    given = [f"@{key}={text.format(base=base)}" for key, text in suite.arguments.items()]
    with (folder / "log.txt").open("wb") as log:
        command = ["sh", program / "test.sh", f"-source={source}", *given]
        subprocess.run(command, env=environment, stdout=log, stderr=subprocess.STDOUT, check=False, timeout=3600)
    command = ["sh", program / "viewlog.sh", "-session=s0001"]
    tree = subprocess.run(command, env=environment, text=True, stdout=subprocess.PIPE, check=False).stdout
    for line in tree.splitlines():
        # the tree has a line for each test: its name, then what came of it
        if line.rstrip().endswith("Passed"):
            outcome.passed += 1
        elif "Failed" in line:
            outcome.failures.append(Failure(line.strip(), "", "", []))
        elif "Not Tested" in line or "Skipped" in line:
            outcome.skipped["not tested"] = outcome.skipped.get("not tested", 0) + 1
    if not tree.strip():
        outcome.missing = f"ended without results; see {folder / 'log.txt'}"
