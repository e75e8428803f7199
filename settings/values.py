"""Which values the clouds and the law allow: regions, retentions, AS numbers, forms of names."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated, Literal, get_args

from pydantic import Field

_Environment = Literal["organization", "prod", "nonprod", "local"]
Environment = Annotated[_Environment, Field(description=f"one of {', '.join(get_args(_Environment))}")]

REGIONS = ("eu-west-1", "eu-central-1", "eu-north-1", "eu-south-1", "eu-west-3")
"""Where customers' data may be: AWS regions inside the European Union."""
GCP_REGIONS = ("europe-west1", "europe-west3", "europe-west4", "europe-west9", "europe-north1", "europe-southwest1")
"""Where messages may be kept: Google Cloud regions inside the European Union."""
AZURE_REGIONS = (
    "westeurope", "northeurope", "francecentral", "germanywestcentral", "italynorth", "polandcentral", "spaincentral",
    "swedencentral",
)  # fmt: skip
"""Where copies of shared data may be: Azure regions inside the European Union that have availability zones."""
EXAMPLE_ACCOUNT = "123456789012"
"""The account number of AWS's documentation: the local platform plays it, no real stack may have it."""

PRIVATE_RANGES = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
"""RFC 1918."""
PRIVATE_ASNS = (range(64512, 65535), range(4200000000, 4294967295))
"""Private AS numbers (RFC 6996), which are what a transit gateway and Google's Cloud Router take."""
AZURE_ASNS = frozenset({65515, 65517, 65518, 65519, 65520})
"""Private AS numbers that Azure's VPN gateway keeps for itself (VPN Gateway FAQ)."""

ACCOUNTS = ("prod-core", "nonprod-core", "shared-services")

# CloudWatch Logs takes these retentions only (API PutRetentionPolicy).
LogDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]
AccountId = Annotated[str, Field(pattern=r"^[0-9]{12}$", description="the account's twelve digits, in quotes")]
