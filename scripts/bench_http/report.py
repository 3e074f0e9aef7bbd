"""The figures as a table."""


def line(row: dict, servers: list[str]) -> str:
    """A row of the Markdown table; a server that did not run leaves its cells empty."""
    cells = [row["scene"], str(row["requests"])]
    for what in ("cpu_ms", "p50_ms", "kb"):
        cells += [str(row[s][what]) for s in servers] + ["–"] * (2 - len(servers))
    ratio = row.get("ratio")
    cells.append("–" if ratio is None else f"**{ratio}**" if ratio >= row["target"] else str(ratio))
    cells.append(f"{row['target']:g}")
    check = dict(row["check"])
    notes = []
    if "mean_difference" in check:
        notes.append(f"{check['mean_difference']} of 255")
    if "hits" in check:
        notes.append(
            f"{'/'.join(map(str, check['hits']))} hits of {check['asked']}"
            + (f", {check['same']} the same" if "same" in check else "")
        )
    for server, blank in zip(servers, check.get("blank", [])):
        if blank:
            notes.append(f"{server}: {blank} blank")
    for server in servers:
        if row[server]["faults"]:
            notes.append(f"{server}: {row[server]['faults']} faults, e.g. {row[server]['first_fault'][:120]}")
    cells.append("; ".join(notes) or "right")
    return "| " + " | ".join(cells) + " |"


def markdown(report: dict, servers: list[str]) -> str:
    out = ["| server | first map of the 1 M file, ms | RssAnon idle of the largest process, MB | after the run, MB |", "|---|---:|---:|---:|"]
    for name, of in report["servers"].items():
        out.append(f"| {name} | {of['first_answer_ms']} | {of['idle_anonymous_mb']} | {of['anonymous_mb_after']} |")
    out += [
        "",
        "CPU in ms per request, all processes; M is MapServer, C is cartotheque.",
        "",
        "| scene | requests | CPU M | CPU C | p50 M | p50 C | kB M | kB C | ratio | target | pictures or hits |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    out += [line(row, servers) for row in report["scenes"]]
    return "\n".join(out) + "\n"
