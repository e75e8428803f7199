"""`aws.lambda.Invocation`: a function that is called when the program is applied."""

from __future__ import annotations

import json

from local.clouds.functions.invoke import invoke
from local.clouds.provider.live.base import Live
from local.clouds.provider.wire import Properties


class Invocation(Live):
    """One call, at the creation. A later change of its input or triggers replaces it, and so calls again."""

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        if (arguments.get("lifecycleScope") or "CREATE_ONLY") != "CREATE_ONLY":
            raise RuntimeError("an invocation of the scope CRUD is not imitated; use CREATE_ONLY")
        name = arguments["functionName"]
        result = invoke(self.site, self.client("lambda"), name, json.loads(arguments["input"]))
        return f"{name}_{arguments.get('qualifier') or '$LATEST'}", {"result": json.dumps(result)}

    def read(self, id: str, outputs: Properties) -> Properties | None:
        return {}  # it has happened

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        return {}  # the terraform key and the scope, which call nothing

    def delete(self, id: str, outputs: Properties) -> None:
        """Nothing to do: what was called cannot be called back."""
