"""What the suites need, from Maven's central repository, into a folder of the user.

Maven runs as an ordinary client, by coordinates. What it could not find is not asked for again in
the same week (Maven's own rule keeps a day).
"""

import os
import subprocess
import time
from pathlib import Path

from suites import GROUP, Suite

# classes that were a part of Java up to version 8, for suites of that time
OLD_JAVA_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId>
  <artifactId>old-java</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.glassfish.jaxb</groupId>
      <artifactId>jaxb-runtime</artifactId>
      <version>2.3.9</version>
    </dependency>
    <dependency>
      <groupId>com.sun.xml.messaging.saaj</groupId>
      <artifactId>saaj-impl</artifactId>
      <version>1.5.3</version>
    </dependency>
  </dependencies>
</project>
"""
WEEK = 7 * 24 * 3600


def cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base) / "cartotheque" / "conformance"


def maven(*arguments: str, folder: Path) -> str | None:
    """Runs Maven; what it complains of, `None` when all went well."""
    command = ["mvn", "-q", "-B", *arguments]
    done = subprocess.run(command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode == 0:
        return None
    lines = [line for line in done.stdout.splitlines() if "ERROR" in line]
    return lines[0].removeprefix("[ERROR] ") if lines else "Maven failed"


def fetch(coordinates: str) -> Path | None:
    """A file by its coordinates (`group:artifact:version:type[:classifier]`), `None` where there is none."""
    _, artifact, version, kind, *classifier = coordinates.split(":")
    folder = cache() / "files"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{'-'.join([artifact, version, *classifier])}.{kind}"
    absent = folder / f"{file.name}.absent"
    if file.is_file():
        return file
    if absent.is_file() and time.time() - absent.stat().st_mtime < WEEK:
        return None
    fault = maven("dependency:copy", f"-Dartifact={coordinates}", f"-DoutputDirectory={folder}", folder=folder)
    if fault is None and file.is_file():
        absent.unlink(missing_ok=True)
        return file
    # a repository that can't be reached may be there tomorrow, a file that it has not will not
    if fault is not None and ("Could not find artifact" in fault or "was not found in" in fault):
        absent.write_text(fault, encoding="utf-8")
    return None


def suite(wanted: Suite) -> tuple[str, list[Path]] | None:
    """The first version of a suite that can be had whole, and its parts."""
    for version in wanted.versions:
        parts: list[Path] = []
        for part in wanted.parts:
            found = fetch(f"{GROUP}:{wanted.artifact}:{version}:{part}")
            if found is None:
                break
            parts.append(found)
        else:
            return version, parts
    return None


def old_java() -> list[Path]:
    """The libraries that Java had within it."""
    folder = cache() / "old-java"
    libraries = folder / "lib"
    if not list(libraries.glob("*.jar")):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pom.xml").write_text(OLD_JAVA_POM, encoding="utf-8")
        fault = maven("dependency:copy-dependencies", f"-DoutputDirectory={libraries}", folder=folder)
        if fault is not None:
            raise RuntimeError(fault)
    return sorted(libraries.glob("*.jar"))


def registry() -> Path:
    """The class `ServiceRegistry` as Java 8 had it, compiled: a folder to patch `java.desktop` with."""
    source = Path(__file__).parent / "java"
    out = cache() / "java"
    out.mkdir(parents=True, exist_ok=True)
    file = source / "javax" / "imageio" / "spi" / "ServiceRegistry.java"
    made = out / "javax" / "imageio" / "spi" / "ServiceRegistry.class"
    if not made.is_file() or made.stat().st_mtime < file.stat().st_mtime:
        command = ["javac", "--patch-module", f"java.desktop={source}", "-d", str(out), str(file)]
        subprocess.run(command, check=True)
    return out
