"""A person lifts the protection of what holds data by writing its name into the stack's file.

A protected resource is neither replaced nor deleted; the engine stops the preview. Where a person wants a replacement
all the same, they name the resource, and for this one the program does not set `protect`. The engine looks at the new
program for replacements and at the old state for deletions: a named resource that the program no longer has is still
not deleted. And `retain_on_delete` stays, so that what was replaced is still in the account, for a person to remove.
"""

from __future__ import annotations

from collections.abc import Collection

import pulumi
from pulumi import ResourceOptions, ResourceTransformationArgs, ResourceTransformationResult


class Replaceable:
    """The object, once made, lifts the protection of the resources with these names."""

    seen: set[str]
    """Names of all resources that were to be protected, so that a name which is none of them can be reported."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = frozenset(names)
        self.seen = set()
        pulumi.runtime.register_stack_transformation(self._transform)

    def _transform(self, args: ResourceTransformationArgs) -> ResourceTransformationResult | None:
        if not args.opts.protect:
            return None
        self.seen.add(args.name)
        if args.name not in self._names:
            return None
        return ResourceTransformationResult(
            args.props, ResourceOptions.merge(args.opts, ResourceOptions(protect=False))
        )
