"""What is wrong with a section of Azure's is named with its value, its rule and the way out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.settings.given import data_of, problems_of, raw_of

LISTED = {"mode": "allow_list", "allowed_ranges": ["52.166.10.0/28", "20.50.100.7/32"]}


def _raw(**azure: Any) -> dict[str, Any]:
    raw = raw_of("prod")
    raw["azure"] |= azure
    return raw


def _ranges(*blocks: str) -> dict[str, Any]:
    return {"mode": "allow_list", "allowed_ranges": list(blocks)}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"mode": "public"}, "azure.mode = \"public\": input should be 'private' or 'allow_list'. Give private: over"),
        (
            {"allowed_ranges": ["52.166.10.0/28"]},
            'azure.allowed_ranges = ["52.166.10.0/28"]: nobody comes over the internet in mode '
            "private, so nobody is listed. Remove it, or set mode to allow_list.",
        ),
        (
            _ranges(),
            "azure.allowed_ranges = []: mode allow_list lets in who is listed, and nobody is. List the public "
            "addresses of the runtime's subnet, or set mode to private.",
        ),
        (
            _ranges("10.96.1.0/27"),
            'azure.allowed_ranges[0] = "10.96.1.0/27": S3 sees public addresses only, and this is none. Give the '
            "public address that the runtime's subnet leaves by.",
        ),
        (_ranges("100.64.0.0/24"), 'azure.allowed_ranges[0] = "100.64.0.0/24": S3 sees public addresses only'),
        (_ranges("224.0.1.0/24"), 'azure.allowed_ranges[0] = "224.0.1.0/24": S3 sees public addresses only'),
        (
            _ranges("52.166.10.0/23"),
            'azure.allowed_ranges[0] = "52.166.10.0/23": 512 addresses are more than one company\'s way out: /24 at '
            "most. Give /24 or a smaller block.",
        ),
        (
            _ranges("52.166.10.0/28", "20.50.100.7/32", "52.166.10.4/32"),
            'azure.allowed_ranges[2] = "52.166.10.4/32": it overlaps allowed_ranges[0] (52.166.10.0/28). Give each '
            "address once.",
        ),
        (_ranges("52.166.10.1/28"), 'azure.allowed_ranges[0] = "52.166.10.1/28": '),
        (_ranges("2a01:111::/32"), 'azure.allowed_ranges[0] = "2a01:111::/32": '),
        ({"key_edition": "2026-13"}, 'azure.key_edition = "2026-13": string should match pattern'),
        ({"runtimes": 5}, "azure.runtimes = 5: input should be less than or equal to 4. Give machines of the"),
        ({"machine_size": "Standard_B2s"}, 'azure.machine_size = "Standard_B2s": string should match pattern'),
        ({"storage": "Standard_RAGRS"}, 'azure.storage = "Standard_RAGRS": input should be'),
        ({"every_minutes": 5}, "azure.every_minutes = 5: input should be greater than or equal to 15"),
        ({"copies_at_once": 51}, "azure.copies_at_once = 51: input should be less than or equal to 50"),
    ],
)
def test_a_wrong_setting_of_azure_is_named(change: dict[str, Any], expected: str) -> None:
    (problem,) = problems_of(_raw(**change))
    assert problem.startswith(f"novaretail:{expected}"), problem


def test_both_modes_are_taken() -> None:
    for change in ({}, LISTED):
        assert data_of(_raw(**change)).azure


@pytest.mark.parametrize("change", [{}, LISTED])
def test_data_factory_needs_the_network_of_the_link(change: dict[str, Any]) -> None:
    raw = _raw(**change)
    expected = (
        f'novaretail:azure.mode = "{raw["azure"]["mode"]}": Data Factory\'s runtime, storage and keys are in the '
        "virtual network of the link to Azure. Add novaretail:links.azure, or remove novaretail:azure."
    )
    del raw["links"]["azure"]
    assert problems_of(raw) == [expected]
    del raw["links"]
    assert problems_of(raw) == [expected]
