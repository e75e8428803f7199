"""What the engine's calls about resources do, in plain values; `server` puts them on the wire."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path

from local.clouds.provider import outputs
from local.clouds.provider.kept_shapes import Shapes
from local.clouds.provider.live import Clients, Live, PartlyMadeError
from local.clouds.provider.live.base import partly_made
from local.clouds.provider.shapes import Shape
from local.clouds.provider.state import Existing, State
from local.clouds.provider.types import live_class, live_types
from local.clouds.provider.wire import Properties, conceal, contains_secret, reveal
from local.site import Site


class Resources:
    """The resources of one server."""

    def __init__(
        self,
        site: Site,
        root: Path,
        state: State,
        shapes: Shapes,
        *,
        live: bool,
        ids: Mapping[tuple[str, str], str] | None = None,
    ) -> None:
        """`live` False keeps every type as state, so that nothing is touched.

        `ids` is (type, argument `name`) -> id, for what is kept as state and has its id from elsewhere.
        """
        self._ids = ids or {}
        self._state, self._shapes = state, shapes
        self._site, self._root, self._clients = site, root, Clients(site)
        self._live_types = live_types() if live else frozenset()
        self._made: dict[str, Live] = {}
        self._lock = threading.Lock()

    def shape(self, token: str) -> Shape:
        """The shape of a type.

        Raises: LookupError if the installed SDK does not know it, which its own classes never send.
        """
        shape = self._shapes.get(token)
        if shape is None:
            raise LookupError(f"the installed SDK of {token.split(':')[0]!r} has no resource type {token}")
        return shape

    def create(self, token: str, urn: str, arguments: Properties, *, preview: bool) -> tuple[str, Properties]:
        shape = self.shape(token)
        if preview:
            return "", outputs.complete(shape, "", arguments, self._state, preview=True)
        live, given = self._live(token), reveal(arguments)
        unfinished = self._state.begin(urn, token)
        try:
            if live is None:
                id = self._ids.get((token, str(given.get("name")))) or outputs.identifier(shape, arguments)
                made = self._outputs(shape, id, arguments, {})
            else:
                left = live.identify(given) if unfinished else None
                if left is not None and not self._state.exists(token, left):
                    live.delete(left, given)
                id, computed = live.create(given)
        except PartlyMadeError as error:
            error.outputs = self._outputs(shape, error.id, arguments, error.outputs)
            self._state.put(token, error.id, urn, error.outputs)
            raise
        except Exception:
            self._state.abandon(urn)
            raise
        if live is not None:
            made = self._outputs(shape, id, arguments, computed)
        self._state.put(token, id, urn, made)
        self._note(live, token, id, made, arguments)
        return id, made

    def _note(self, live: Live | None, token: str, id: str, made: Properties, arguments: Properties) -> None:
        """Keep what the service reports of a resource just written: what differs later was changed by somebody else.

        Raises: PartlyMadeError if the service does not answer.
        """
        if live is not None:
            with partly_made(id, made):
                seen = live.observe(id, reveal(made))
            secret = {name for name in seen if contains_secret(arguments.get(name))}
            given = {name: arguments.get(name) for name in seen.keys() - secret}
            self._state.observe(token, id, {name: [seen[name], given[name]] for name in given})

    def read(
        self, token: str, id: str, urn: str, known: Properties, arguments: Properties
    ) -> tuple[Properties, Properties] | None:
        """(outputs, arguments) of a resource as it is now; None if it is gone."""
        live = self._live(token)
        if live is None:
            if not known:
                raise LookupError(f"{token} {id} is kept as state only; what the engine does not know cannot be read")
            return (known, arguments) if self._state.exists(token, id) else None
        try:
            computed = live.read(id, reveal(known))
        except PartlyMadeError as error:
            error.outputs = known
            raise
        if computed is None:
            self._state.remove(token, id)
            return None
        found, now = {**known, **conceal(computed, like=known)}, dict(arguments)
        for name, value in self._changes(live, token, id, known, arguments).items():
            for properties in (found, now):
                properties.pop(name, None)
                if value is not None:
                    properties[name] = value
            if name == "tags" and "tagsAll" in known:
                found["tagsAll"] = value or {}
        return found, now

    def _changes(self, live: Live, token: str, id: str, known: Properties, arguments: Properties) -> Properties:
        """The arguments that somebody else changed since the program's last write, or changed back since a refresh."""
        noted = self._state.observed(token, id)
        if not noted:
            return {}
        seen = json.loads(json.dumps(live.observe(id, reveal(known))))
        changed = {}
        for name, (before, given) in noted.items():
            if seen.get(name) != before:
                changed[name] = seen.get(name)
            elif arguments.get(name) != given:
                changed[name] = given
        return changed

    def update(
        self, token: str, id: str, urn: str, before: Properties, arguments: Properties, *, preview: bool
    ) -> Properties:
        shape = self.shape(token)
        live = self._live(token)
        computed = live.update(id, reveal(before), reveal(arguments)) if live and not preview else {}
        made = outputs.complete(shape, id, arguments, self._state, preview=preview)
        made |= outputs.stays(shape, before, arguments) | conceal(computed, like=arguments)
        if "tagsAll" in shape.outputs:
            made["tagsAll"] = arguments.get("tags") or {}
        if not preview:
            self._state.put(token, id, urn, made)
            self._note(live, token, id, made, arguments)
        return made

    def delete(self, token: str, id: str, known: Properties) -> None:
        live = self._live(token)
        if live is not None:
            live.delete(id, reveal(known))
        self._state.remove(token, id)

    def clear(self, orphan: Existing) -> None:
        """Remove what a killed run left behind."""
        self.delete(orphan.type, orphan.id, dict(orphan.outputs))

    def _live(self, token: str) -> Live | None:
        if token not in self._live_types:
            return None
        with self._lock:
            if token not in self._made:
                self._made[token] = live_class(token)(self._site, self._root, self._clients)
            return self._made[token]

    def _outputs(self, shape: Shape, id: str, arguments: Properties, computed: Properties) -> Properties:
        return outputs.complete(shape, id, arguments, self._state, preview=False) | conceal(computed, like=arguments)
