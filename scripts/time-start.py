#!/usr/bin/env python3
"""Times the start and the reload of a server with a whole region's catalogue: the demo's maps, and so
many layers that there are 7,200, each with a layer file and a data file of its own (links to the demo's
small ones). Prints medians; says what changed before each reload.

    scripts/time-start.py [--binary target/release/cartotheque] [--layers 7200] [--runs 5] [--keep FOLDER]
"""
import argparse, json, os, pathlib, re, shutil, statistics, subprocess, tempfile, time, urllib.request

REPO = pathlib.Path(__file__).resolve().parent.parent
SMALL = 400_000  # bytes of a data file that many layers may link to


def build(folder, layers):
    """The served folder; data files are links to one copy of each."""
    shutil.copytree(REPO / "capabilities", folder / "capabilities")
    shutil.copytree(REPO / "styles", folder / "styles")
    shutil.copytree(REPO / "data", folder / "data")
    declared = sorted((folder / "capabilities/layers").glob("*.yaml"))
    seeds = []
    for file in declared:
        text = file.read_text()
        source = re.search(r"^source: \{file: data/(\S+)\.fgb\}$", text, re.M)
        if source and (folder / f"data/{source[1]}.fgb").stat().st_size < SMALL:
            seeds.append((file.stem, source[1], text))
    for number in range(len(declared), layers):
        stem, data, text = seeds[number % len(seeds)]
        id = f"jeu-{number:05}"
        os.link(folder / f"data/{data}.fgb", folder / f"data/{id}.fgb")
        text = re.sub(r"^id: .*$", f"id: {id}", text, count=1, flags=re.M)
        text = text.replace(f"file: data/{data}.fgb", f"file: data/{id}.fgb")
        (folder / f"capabilities/layers/{id}.yaml").write_text(text)


def get(address, accept="application/json"):
    request = urllib.request.Request(address, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()


def status(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return {key: int(re.search(rf"^{key}:\s+(\d+)", text, re.M)[1]) / 1024 for key in ("RssAnon", "RssFile")}


def cpu(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def sequence(server):
    """The number of the catalogue's state, which a reload raises."""
    return re.search(r"^cartotheque_catalogue_sequence (\S+)$", get(f"{server}/metrics").decode(), re.M)[1]


def one_run(binary, folder, cache):
    began = time.perf_counter()
    command = [binary, "serve", folder, "--listen", "127.0.0.1:0", "--cache-dir", cache, "--overview-mb", "0", "--log-format", "json"]
    log = tempfile.TemporaryFile("w+")
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        address = server.stdout.readline().split()[-1]
        found = {"listening": time.perf_counter() - began, "start, CPU": cpu(server.pid)}
        maps = json.loads(get(f"{address}/maps?f=json&limit=1"))
        found["first /maps"] = time.perf_counter() - began
        found |= {f"{key}, MB": value for key, value in status(server.pid).items()}
        found["public maps"] = maps["numberMatched"]
        found["collections"] = json.loads(get(f"{address}/collections?f=json&limit=1"))["numberMatched"]
        for what, path in (
            ("a layer file", "capabilities/layers/jeu-00100.yaml"),
            ("a map", "capabilities/maps/hydrographie.yaml"),
            ("the server file", "capabilities/server.yaml"),
        ):
            file, state, before = folder / path, sequence(address), cpu(server.pid)
            new = folder / "new"
            new.write_text(re.sub(r"^(title: .*?)([\"}]*)$", rf"\1 {time.time_ns()}\2", file.read_text(), count=1, flags=re.M))
            new.rename(file)
            while sequence(address) == state:
                time.sleep(0.05)
            log.seek(0)
            found[f"{what} changed, reload"] = int(re.findall(r'"ms":(\d+)', log.read())[-1]) / 1000
            found[f"{what} changed, CPU with looking"] = cpu(server.pid) - before
        found |= {f"{key} after reloads, MB": value for key, value in status(server.pid).items()}
        return found
    finally:
        server.terminate()
        server.wait()


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--binary", default=os.environ.get("CARTOTHEQUE", str(REPO / "target/release/cartotheque")))
    options.add_argument("--layers", type=int, default=7200)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--keep", type=pathlib.Path, help="where to make the folder, and leave it")
    options = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or pathlib.Path(temporary) / "site"
        if not folder.exists():
            build(folder, options.layers)
        runs = [one_run(options.binary, folder, f"{temporary}/cache") for _ in range(options.runs)]
    for key in runs[0]:
        values = [run[key] for run in runs]
        print(f"{key:34} {statistics.median(values):9.3f}   {min(values):9.3f} … {max(values):.3f}")


if __name__ == "__main__":
    main()
