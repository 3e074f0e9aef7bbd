"""The table of what the suites found, and what is behind its figures."""

from run import Outcome
from suites import NOT_RUN


def table(outcomes: list[Outcome]) -> str:
    lines = [
        "| suite | version | passed | failed | faults of the suite | skipped |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for outcome in outcomes:
        title = outcome.suite.title
        if outcome.missing is not None:
            lines.append(f"| {title} | – | not run: {outcome.missing} | | | |")
            continue
        own = len(outcome.failures) - outcome.failed
        skipped = sum(outcome.skipped.values())
        lines.append(f"| {title} | {outcome.version} | {outcome.passed} | {outcome.failed} | {own} | {skipped} |")
    lines += [f"| {title} | – | not run: {reason} | | | |" for title, reason in NOT_RUN.items()]
    return "\n".join(lines)


def details(outcomes: list[Outcome]) -> str:
    lines = []
    for outcome in outcomes:
        title = outcome.suite.title
        for failure in outcome.failures:
            kind = "FAILED" if failure.reason is None else "fault of the suite"
            arguments = f" ({', '.join(failure.arguments)})" if failure.arguments else ""
            lines.append(f"{title}: {kind}: {failure.name}{arguments}, {failure.clause}")
            lines.append(f"    {failure.message[:600]}")
            if failure.reason is not None:
                lines.append(f"    {failure.reason}")
        for reason, count in sorted(outcome.skipped.items()):
            lines.append(f"{title}: {count} skipped: {reason}")
    return "\n".join(lines)
