"""The section of what Azure receives: Data Factory, where it keeps what it copies, and by which way it comes to S3."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import combinations
from typing import Literal

from pydantic import Field

from settings.problems import Problem, Section


class Azure(Section):
    """Data Factory and what it needs; a stack without this section shares nothing with Azure."""

    mode: Literal["private", "allow_list"] = Field(
        description="private: over the link, by the interface endpoint; allow_list: over the internet, from"
        " allowed_ranges"
    )
    allowed_ranges: tuple[IPv4Network, ...] = Field(
        default=(), description="of mode allow_list: public blocks (/24 to /32) that the runtime's subnet leaves by"
    )
    key_edition: str = Field(
        pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])(-[a-z0-9]{1,8})?$",
        description="name of the AWS key in use, such as 2026-11; another name makes another key and ends this one",
    )
    runtimes: int = Field(ge=1, le=4, description="machines of the integration runtime, 1 to 4; two outlive a zone")
    machine_size: str = Field(
        # Sizes that have premium disks, generation 2 and with it trusted launch, and encryption at host.
        pattern=r"^Standard_[DE][1-9][0-9]?(a?d?s|lds|ls)_v[56]$",
        description="size of a runtime's machine, such as Standard_D4s_v5 (version 5 or 6 with premium disks)",
    )
    storage: Literal["Standard_LRS", "Standard_ZRS", "Standard_GZRS"] = Field(
        description="copies of what is stored: Standard_LRS (one zone), Standard_ZRS (three), Standard_GZRS (and a"
        " second region)"
    )
    every_minutes: int = Field(ge=15, le=1440, description="minutes between looks for a new snapshot, 15 to 1440")
    timeout_minutes: int = Field(ge=5, le=1440, description="minutes that a file may take, 5 to 1440")
    retries: int = Field(ge=0, le=5, description="tries of an activity after the first that failed, 0 to 5")
    copies_at_once: int = Field(ge=1, le=50, description="files copied at a time, 1 to 50")
    deleted_days: int = Field(
        ge=7, le=90, description="days that deleted secrets and files can be called back, 7 to 90"
    )

    def problems(self) -> Iterator[Problem]:
        if self.mode == "private" and self.allowed_ranges:
            rule = "nobody comes over the internet in mode private, so nobody is listed"
            yield Problem("allowed_ranges", self.allowed_ranges, rule, "Remove it, or set mode to allow_list")
            return
        if self.mode == "allow_list" and not self.allowed_ranges:
            rule = "mode allow_list lets in who is listed, and nobody is"
            remedy = "List the public addresses of the runtime's subnet, or set mode to private"
            yield Problem("allowed_ranges", self.allowed_ranges, rule, remedy)
        for index, block in enumerate(self.allowed_ranges):
            key = f"allowed_ranges[{index}]"
            if not block.is_global or block.is_multicast:
                rule = "S3 sees public addresses only, and this is none"
                yield Problem(key, block, rule, "Give the public address that the runtime's subnet leaves by")
            elif block.prefixlen < 24:
                rule = f"{block.num_addresses} addresses are more than one company's way out: /24 at most"
                yield Problem(key, block, rule, "Give /24 or a smaller block")
        for (one, first), (other, second) in combinations(enumerate(self.allowed_ranges), 2):
            if first.overlaps(second):
                rule = f"it overlaps allowed_ranges[{one}] ({first})"
                yield Problem(f"allowed_ranges[{other}]", second, rule, "Give each address once")
