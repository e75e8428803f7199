"""How the clouds write the kinds of their resources in identifiers."""

from __future__ import annotations

import hashlib
import re


def digest(text: str, length: int) -> str:
    """The first hexadecimal digits of the text's SHA-256, at most 64."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def parts(token: str) -> tuple[str, str]:
    """`aws:s3/bucket:Bucket` as (s3, bucket); `azure-native:network:VirtualNetwork` keeps its capital."""
    package, module, kind = token.split(":")
    return module.split("/")[0], module.split("/")[1] if "/" in module and package != "azure-native" else kind


def plural(kind: str) -> str:
    """`RouteTable` as `routeTables`."""
    first = kind[0].lower() + kind[1:]
    return first[:-1] + "ies" if first.endswith("y") and not first.endswith("ay") else first + "s"


def kebab(kind: str) -> str:
    """`vpcEndpoint` as `vpc-endpoint`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", kind).lower()
