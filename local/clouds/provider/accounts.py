"""Which account and region an instance of the AWS provider works in, and whether it may."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from local.clouds.provider.wire import UNKNOWN, reveal
from local.site import ACCOUNT, REGION


@dataclass(frozen=True)
class Account:
    """The account that an instance works in, in one region."""

    id: str = ACCOUNT
    region: str = REGION


current: ContextVar[Account] = ContextVar("account", default=Account())  # noqa: B039 - frozen
"""Of the call that is being answered."""


def arn(service: str, resource: str) -> str:
    """The ARN of something of the present account and region."""
    account = current.get()
    return f"arn:aws:{service}:{account.region}:{account.id}:{resource}"


class ConfigurationError(ValueError):
    """The instance may not work; in the words of the AWS provider, as far as it has some."""


def account_of(configuration: Mapping[str, Any], *, live: bool) -> Account:
    """The account of an instance with these arguments.

    It is that of the last role it assumes. Without a role it is the caller's own: on the running platform
    moto's, in a preview, which has no credentials, the one that is allowed.

    Raises: ConfigurationError if the account is not allowed, or the platform does not play the region.
    """
    given = {name: _decoded(value) for name, value in reveal(dict(configuration)).items()}
    region = given.get("region") or REGION
    if region is UNKNOWN:
        region = REGION
    if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-[0-9]", region):
        raise ConfigurationError(f"invalid AWS Region: {region}")
    if live and region != REGION:
        raise ConfigurationError(
            f"aws:region = {region}: the platform on this machine plays {REGION} only; set it to that"
        )
    allowed, forbidden = _list(given.get("allowedAccountIds")), _list(given.get("forbiddenAccountIds"))
    account = _assumed(_list(given.get("assumeRoles")))
    if account is None:
        account = ACCOUNT if live or not allowed else allowed[0]
    if (allowed and account not in allowed) or account in forbidden:
        raise ConfigurationError(
            f"AWS account ID not allowed: {account} (allowedAccountIds: {', '.join(allowed) or 'any'})"
        )
    return Account(account, region)


def _assumed(roles: list[Any]) -> str | None:
    arns = [role.get("roleArn") for role in roles if isinstance(role, dict)]
    known = [arn for arn in arns if isinstance(arn, str)]
    return known[-1].split(":")[4] if known else None


def _list(value: Any) -> list[Any]:
    return [item for item in value if item is not UNKNOWN] if isinstance(value, list) else []


def _decoded(value: Any) -> Any:
    """The SDK hands over structured values of a provider as JSON text."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        return json.loads(value)
    return value
