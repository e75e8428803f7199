"""What the source lacks, decided by a seed: the same seed and source give the same events, byte for byte.

Each function takes (seed, id) through a hash. There is no random state, so a day's events do not depend on which other
days are replayed.
"""

from __future__ import annotations

from collections.abc import Collection
from hashlib import blake2b

SEED = "novaretail"

MARKETS = (("US", "USD", 40), ("CA", "CAD", 20), ("GB", "GBP", 20), ("DE", "EUR", 20))
"""Country, currency, and how many of a hundred stores are there. The source names no country."""

PAID_AFTER_S = 120
"""Seconds from placed to paid."""
DELIVERED_AFTER_S = (3_600, 48 * 3_600)
"""Least and most seconds from placed to delivered."""
TWIN_ONE_IN = 200
"""Of all baskets, one in so many is placed twice."""
TWIN_AFTER_S = 30
"""Seconds from a basket's order to its twin's."""
TWIN_CANCELLED_AFTER_S = 300
"""Seconds from a twin's placing to its cancelling."""
REPEATED_AFTER_S = 45
"""Seconds from a record to its exact repeat."""
BROKEN_ONE_IN = 200
"""Of a day's baskets, one in so many (and at least one) gets a broken record of each kind."""


def market(seed: str, store_id: int) -> tuple[str, str]:
    """Give the country and the currency of a store."""
    point = number(seed, "market", store_id) % 100
    for country, currency, share in MARKETS:
        if point < share:
            return country, currency
        point -= share
    raise AssertionError("the shares of MARKETS must come to 100")


def delivered_after(seed: str, basket_id: int) -> int:
    """Give the seconds from placed to delivered."""
    least, most = DELIVERED_AFTER_S
    return least + number(seed, "delivery", basket_id) % (most - least + 1)


def has_twin(seed: str, basket_id: int) -> bool:
    """Whether the basket is placed a second time, by mistake, and that order cancelled."""
    return number(seed, "twin", basket_id) % TWIN_ONE_IN == 0


def choose(seed: str, kind: str, day: Collection[int]) -> set[int]:
    """Choose which of a day's baskets get a record of this kind: those with the lowest hashes, so always some."""
    ids = sorted(day, key=lambda basket_id: number(seed, kind, basket_id))
    return set(ids[: max(1, len(ids) // BROKEN_ONE_IN)])


def number(seed: str, purpose: str, identity: int) -> int:
    """Give a number from 0 to 2**64 - 1 that looks random and is always the same."""
    return int.from_bytes(blake2b(f"{seed}:{purpose}:{identity}".encode(), digest_size=8).digest(), "big")
