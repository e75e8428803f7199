"""What a row says of a resource type, and what its cloud says where the row is silent."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import KW_ONLY, dataclass

from local.clouds.provider.shapes import Shape
from local.clouds.provider.state import State
from local.clouds.provider.wire import Properties

EVERY: Set[str] = frozenset({"*"})
"""All arguments: the resource cannot be changed at all."""


@dataclass(frozen=True)
class Naming:
    """How the provider fills in one argument, which a program may leave to it."""

    argument: str
    longest: int = 255
    """Characters, by the service's own limit."""
    lower: bool = False
    letters: str = ""
    """A pattern of what the service refuses."""
    digits: int = 7
    separator: str = "-"
    prefix: str = ""


@dataclass(frozen=True, kw_only=True)
class Made:
    """A resource that is being made, as the function sees it that computes its outputs."""

    id: str
    given: Properties
    """The arguments, secrets in clear."""
    arn: str
    """Empty outside AWS."""
    state: State
    """What else there is; gives out what no two resources may share."""


@dataclass(frozen=True)
class Computed:
    """Outputs that a type has of its own, besides those of its cloud."""

    values: Callable[[Made], Properties]
    """Called again with every change; what was computed before stays, and so does what the program gives."""
    optional: tuple[str, ...] = ()
    """Those that the SDK calls optional and that are there all the same: a plan has them as not known yet."""


@dataclass(frozen=True)
class ResourceType:
    """One resource type: what its SDK does not say. Without a row a type has the facts of its cloud alone."""

    token: str
    _: KW_ONLY
    live: str | None = None
    """The class that makes it on a site, `module:Class`, a relative module being below `local.clouds.provider.live`.

    The module is imported with the first resource of its types. None keeps the type as state.
    """
    naming: Naming | None = None
    """How the provider names it where the program does not; None leaves that to its cloud's way."""
    id: Callable[[Properties], str] | None = None
    """The id of a new resource, from its arguments, while the type is kept as state."""
    arn: str | None = None
    """With `{account}`, `{region}`, `{id}`, `{name}` (else the id), `{path}` (else `/`), `{digest}` (of the id)."""
    replaces: Set[str] = frozenset()
    """Arguments whose change replaces the resource, as paths without indexes, besides those that the SDK's texts name.

    From the real providers' own schemas: `ForceNew` in Terraform's, `forceNew` in azure-native's.
    """
    computed: Computed | None = None
    """What its service decides, such as the addresses of a VPN."""
    free_text: Set[str] = frozenset()
    """Paths of arguments whose listed values the service itself does not keep up."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """What holds for every type of a cloud whose row says nothing else."""

    naming: Callable[[Shape], Naming | None]
    id: Callable[[Shape, Properties, str], str]
    """From the arguments and 32 random hexadecimal digits, which it has where the cloud's form has no name."""
    known: Callable[[ResourceType, Shape, str, Properties], Properties]
    """The outputs that programs compose others from, by the id and the arguments."""
    replaces: Callable[[Shape, str], bool]
    """Whether another value of this argument is another resource: a name, a region, a project."""
    completes_objects: bool = False
    """Whether the service adds to an object that the program gave: the ids of an identity, the address of a vault."""
    closed_values: bool = False
    """Whether a value that the SDK does not list is a mistake although the SDK admits any text."""
