"""Clients of the platform's AWS."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config

from local.site import REGION, Site


def client(site: Site, service: str) -> Any:
    """Make a boto3 client of the site's AWS, whatever the environment of this process says."""
    environment = site.environment()
    return boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=site.aws_url,
        region_name=REGION,
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"max_attempts": 3}),
    )
