"""The one comment that a pull request gets, and the one issue about drift: what a reviewer must see stands on top.

Markdown of GitHub. What comes from the program stands in code spans, so that it can neither notify anybody nor draw.
"""

from __future__ import annotations

from collections.abc import Sequence

from delivery.changes import Change, Class
from delivery.plan import Plan

PREVIEW_MARK = "<!-- novaretail: preview of every stack -->"
DRIFT_MARK = "<!-- novaretail: drift -->"
"""Hidden in the text, and by which the next run finds it."""
LIMIT = 65_000
"""Characters; GitHub takes 65,536 of a comment or an issue."""
HEADS: dict[Class, str] = {
    "data-losing": "🔴 Data would be lost, or could be",
    "replacing": "🟠 Made anew, and away meanwhile",
}
STOPS = "⛔ the plan stops"
OPENS = "🟡 Opens something: a second person reads it"


def preview(plans: Sequence[Plan], run: str = "") -> str:
    """Return the comment about what a pull request would do.

    Args:
        run: address of the workflow's run, for the whole plans.
    """
    title = "## What this pull request would do"
    return _page(PREVIEW_MARK, title, plans, run, nothing="Nothing changes in this stack.")


def drift(plans: Sequence[Plan], run: str = "") -> str:
    """Return the issue about what is not as the last deployment left it; `a -> b` is deployed and found."""
    title = (
        "## What is not as it was deployed\n\n"
        "Left is what the last deployment made, right is what is there now.\n"
        "`make deploy` puts it back, a change of the program keeps it; docs/deploy.md says how."
    )
    return _page(DRIFT_MARK, title, plans, run, nothing="All is as it was deployed.")


def _page(mark: str, title: str, plans: Sequence[Plan], run: str, *, nothing: str) -> str:
    head = [mark, title, "", *_table(plans), ""]
    foot = ["", f"The whole plans are in [the run]({run})."] if run else []
    urgent = [line for lines in zip(*map(_urgent, plans), strict=True) for part in lines for line in part]
    rest = [line for plan in plans for line in _rest(plan, nothing)]
    return _cut([*head, *urgent, *rest], foot)


def _cut(lines: list[str], foot: list[str]) -> str:
    """Return the page; what does not fit goes from its end, where the safe changes are."""
    whole = "\n".join([*lines, *foot]) + "\n"
    if len(whole) <= LIMIT:
        return whole
    kept: list[str] = []
    length = len("\n".join(foot)) + 200
    for line in lines:
        length += len(line) + 1
        if length > LIMIT:
            break
        kept.append(line)
    opened = kept.count("<details>") - kept.count("</details>")
    note = [*["", "</details>"] * opened, "", f"**{len(lines) - len(kept)} lines are left out here.**"]
    return "\n".join([*kept, *note, *foot]) + "\n"


def _table(plans: Sequence[Plan]) -> list[str]:
    rows = [
        "| stack | stops | loses data | made anew | opens something | other | unchanged |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for plan in plans:
        counts = [len(plan.problems), len(_of(plan, "data-losing")), len(_of(plan, "replacing")), len(_opening(plan))]
        cells = [f"**{count}**" if count else "0" for count in counts]
        rows.append(f"| {plan.stack} | {' | '.join(cells)} | {len(_quiet(plan))} | {plan.unchanged} |")
    return rows


def _urgent(plan: Plan) -> list[list[str]]:
    """Return what a reviewer has to read, the worst first: why it stops, what is lost, what is made anew, what opens.

    The parts are as many for each stack, so that the worst of all stacks can stand before the next of any.
    """
    opening = [change for change in _opening(plan) if change.kind == "safe"]
    parts = [(STOPS, [f"- {_code(text)}" for text in plan.problems])]
    parts += [(head, [_line(change) for change in _of(plan, kind)]) for kind, head in HEADS.items()]
    parts += [(OPENS, [_line(change) for change in opening])]
    return [[f"### {plan.stack}: {head}", "", *lines, ""] if lines else [] for head, lines in parts]


def _rest(plan: Plan, nothing: str) -> list[str]:
    quiet = _quiet(plan)
    if not quiet:
        return [] if plan.changes or plan.problems else [f"**{plan.stack}**: {nothing}", ""]
    count = f"{len(quiet)} other change{'s' if len(quiet) > 1 else ''}"
    return ["<details>", f"<summary>{plan.stack}: {count}</summary>", "", *map(_line, quiet), "", "</details>", ""]


def _of(plan: Plan, kind: Class) -> list[Change]:
    return [change for change in plan.changes if change.kind == kind]


def _opening(plan: Plan) -> list[Change]:
    return [change for change in plan.changes if change.second_reader]


def _quiet(plan: Plan) -> list[Change]:
    return [change for change in plan.changes if change.kind == "safe" and not change.second_reader]


def _line(change: Change) -> str:
    type_, _, name = change.resource.partition(" ")
    note = f"\n  - read it twice: {_code(change.second_reader)}" if change.second_reader else ""
    return f"- {_code(name or type_)} ({_code(type_)}) {_code(change.what)}{note}"


def _code(text: str) -> str:
    """Return a code span of one line; its fence is longer than any run of backticks inside."""
    flat = " ".join(text.split()) or " "
    fence = "`"
    while fence in flat:
        fence += "`"
    space = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{space}{flat}{space}{fence}"
