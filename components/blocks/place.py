"""Where a component is made, and the few things that follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import pulumi_aws as aws
from pulumi import Input, Resource, ResourceOptions


@dataclass(frozen=True, kw_only=True)
class Place:
    """One environment in one account and region."""

    environment: str
    account: str
    region: str
    keep_data: bool
    """What holds data is protected, and stays when the stack is destroyed."""
    organization_id: Input[str]
    """The AWS Organization that may use what the environment shares."""
    tags: Mapping[str, str]
    """The base tags: every AWS resource has them."""
    provider: aws.Provider | None = None
    """It makes the AWS resources of this place; None: the program's own credentials do."""

    def by(self, provider: aws.Provider | None) -> Self:
        """Return the same place with another provider, such as that of an account of the organization."""
        return replace(self, provider=provider)

    def options(self, opts: ResourceOptions | None) -> ResourceOptions:
        """Return a component's own options, with the provider that makes all of its AWS resources."""
        return ResourceOptions.merge(ResourceOptions(providers=[self.provider] if self.provider else None), opts)

    def name(self, suffix: str = "") -> str:
        """Return a physical name, for what others refer to by text: novaretail-prod-<suffix>."""
        return "-".join(part for part in ("novaretail", self.environment, suffix) if part)

    def log_group(self, path: str) -> str:
        """Return the name of a log group: /novaretail/prod/<path>."""
        return f"/novaretail/{self.environment}/{path}"

    @property
    def metrics(self) -> str:
        """The CloudWatch namespace of the platform's own metrics."""
        return f"NovaRetail/{self.environment}"

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of something in this account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    @property
    def s3_url(self) -> str:
        """URL of S3's public endpoint in this region."""
        return f"https://s3.{self.region}.amazonaws.com"

    def through(self, *services: str) -> dict[str, dict[str, Any]]:
        """Return the condition that a key is used by way of these AWS services, and not by a call to KMS itself."""
        return {"StringEquals": {"kms:ViaService": [f"{service}.{self.region}.amazonaws.com" for service in services]}}

    def stateful(self, parent: Resource) -> ResourceOptions:
        """Return the options of what holds data and of what guards it: a kept bucket without guards would be open."""
        return ResourceOptions(parent=parent, protect=self.keep_data, retain_on_delete=self.keep_data)
