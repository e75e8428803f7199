"""What to do about a protected resource that a change would replace or delete.

The engine says that it is protected; here is said why it would go, and the way out.
"""

from __future__ import annotations

from local.clouds.engine.events import Diagnostic, Events

_REPLACED, _DELETED = "unable to replace resource", "cannot be deleted"


def is_about_protection(diagnostic: Diagnostic) -> bool:
    protected = "marked for protection" in diagnostic.message or "because it is protected" in diagnostic.message
    return protected and (_REPLACED in diagnostic.message or _DELETED in diagnostic.message)


def explain(events: Events, *, file: str, project: str) -> list[str]:
    """One sentence for each such resource, and one with the setting that lets all of them be replaced."""
    stopped = [d for d in events.diagnostics if d.severity == "error" and is_about_protection(d)]
    reasons = {resource.name: resource.replacing for resource in events.resources}
    lines, replaced = [], []
    for diagnostic in stopped:
        what = f"{diagnostic.type} resource '{diagnostic.resource}'"
        if _REPLACED in diagnostic.message:
            replaced.append(diagnostic.resource)
            arguments = ", ".join(reasons.get(diagnostic.resource) or ("an argument",))
            lines.append(f"{what} is protected and would be replaced: a change of {arguments} makes a new one.")
        else:
            lines.append(
                f"{what} is protected and would be deleted: the program no longer has it. Put it back; if it has a new"
                " name, give that one an alias (pulumi.Alias) of the old."
            )
    if replaced:
        key = f"{project}:protection.replaceable"
        lines.append(
            f"To keep what there is, take the change back. To begin anew, name in {file} what may be replaced; the old"
            f" ones stay in the account, out of the program's hands: {key}: [{', '.join(replaced)}]"
        )
    return lines
