"""Baskets as the order events that the shop would have sent, in the order of their time.

A basket becomes an order: placed (with its lines), paid, delivered. Broken records are additional:
each is a copy of a real `placed` with one thing wrong and an order_id of its own (`B<basket>-<kind>`),
so the source's own orders stay whole. Two kinds touch real events instead: `exact_repeat` sends a real
`placed` a second time, and `unknown_field` adds a field to a real `paid`, which carries no amounts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from heapq import heappop, heappush
from itertools import groupby
from typing import NamedTuple

from local.rehearsal.replay import seeded
from local.rehearsal.replay.kinds import MIXED_IN
from local.rehearsal.replay.source import Basket, Line, Period, baskets


class Record(NamedTuple):
    """One Kafka record."""

    timestamp: int
    """Milliseconds since 1970; the event's time (for a repeat, the time of the repetition)."""
    key: str
    """The order's id."""
    value: bytes | None
    """JSON in UTF-8; None for a tombstone."""
    kind: str
    """A key of kinds.FATES."""


def records(period: Period, seed: str = seeded.SEED) -> Iterator[Record]:
    """Give all records of the baskets placed in the period, by time. Later events may lie after its end.

    An order's own records come in the order in which they happened; records of one second are by
    order id. The baskets are streamed: about a day's events are in memory at once.
    """
    waiting: list[tuple[int, str, int, Record]] = []
    sequence = 0
    for _, group in groupby(baskets(period), key=lambda basket: basket.day):
        day = list(group)
        ids = [basket.basket_id for basket in day]
        chosen = {kind: seeded.choose(seed, kind, ids) for kind in MIXED_IN}
        for basket in day:
            while waiting and waiting[0][0] < basket.placed * 1000:
                yield heappop(waiting)[-1]
            kinds = [kind for kind in MIXED_IN if basket.basket_id in chosen[kind]]
            for record in _basket_records(basket, kinds, seed):
                sequence += 1
                heappush(waiting, (record.timestamp, record.key, sequence, record))
    while waiting:
        yield heappop(waiting)[-1]


def _basket_records(basket: Basket, kinds: list[str], seed: str) -> Iterator[Record]:
    country, currency = seeded.market(seed, basket.store_id)
    order = _Order(str(basket.basket_id), basket.household_id, basket.store_id, country, currency)
    lines = _lines(basket.lines)
    placed = basket.placed
    paid = placed + seeded.PAID_AFTER_S
    yield order.event("placed", placed, lines=lines)
    if "unknown_field" in kinds:
        yield order.event("paid", paid, kind="unknown_field", extra=',"channel":"web"')
    else:
        yield order.event("paid", paid)
    yield order.event("delivered", placed + seeded.delivered_after(seed, basket.basket_id))
    if "exact_repeat" in kinds:
        first = order.event("placed", placed, lines=lines)
        yield first._replace(timestamp=first.timestamp + seeded.REPEATED_AFTER_S * 1000, kind="exact_repeat")
    if seeded.has_twin(seed, basket.basket_id):
        twin = order._replace(order_id=f"{order.order_id}-X")
        again = placed + seeded.TWIN_AFTER_S
        yield twin.event("placed", again, kind="twin_placed", lines=lines)
        yield twin.event("cancelled", again + seeded.TWIN_CANCELLED_AFTER_S, kind="twin_cancelled")
    for kind in kinds:
        if kind in _BREAK:
            copy = order._replace(order_id=f"B{order.order_id}-{kind.upper().replace('_', '-')}")
            yield _BREAK[kind](copy, basket)._replace(kind=kind)


class _Order(NamedTuple):
    """What every event of an order says of it."""

    order_id: str
    customer_id: int
    store_id: int
    country: str
    currency: str

    def event(
        self, event_type: str, when: int, *, kind: str = "", lines: str = "", extra: str = "", time: str = ""
    ) -> Record:
        """Spell an event of the order at second `when`; by hand, for amounts keep two decimals in JSON."""
        value = (
            f'{{"event_id":"{event_type}-{self.order_id}","event_type":"{event_type}",'
            f'"event_time":"{time or _iso(when)}","order_id":"{self.order_id}","customer_id":"{self.customer_id}",'
            f'"store_id":"{self.store_id}","country":"{self.country}","currency":"{self.currency}"{lines}{extra}}}'
        )
        return Record(when * 1000, self.order_id, value.encode(), kind or event_type)


def _lines(lines: tuple[Line, ...]) -> str:
    return f',"lines":[{",".join(_line(number, line) for number, line in enumerate(lines, 1))}]'


def _line(number: int, line: Line, *, quantity: str = "", net: str = "") -> str:
    return (
        f'{{"line_number":{number},"product_id":"{line.product_id}","quantity":{quantity or line.quantity},'
        f'"net_amount":{net or _money(line.net)},"retail_discount":{_money(line.retail_discount)},'
        f'"coupon_discount":{_money(line.coupon_discount)},'
        f'"coupon_match_discount":{_money(line.coupon_match_discount)}}}'
    )


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _placed(order: _Order, basket: Basket, *, time: str = "") -> Record:
    return order.event("placed", basket.placed, lines=_lines(basket.lines), time=time)


def _with_first_line(order: _Order, basket: Basket, *, quantity: str = "", net: str = "") -> Record:
    """`placed` of the basket's first line alone, with one value of it replaced."""
    line = _line(1, basket.lines[0], quantity=quantity, net=net)
    return order.event("placed", basket.placed, lines=f',"lines":[{line}]')


def _bytes(record: Record) -> bytes:
    if record.value is None:
        raise AssertionError("only tombstones have no value")
    return record.value


def _not_json(order: _Order, basket: Basket) -> Record:
    whole = _placed(order, basket)
    value = _bytes(whole)
    return whole._replace(value=value[: len(value) * 2 // 3])


def _json_array(order: _Order, basket: Basket) -> Record:
    whole = _placed(order, basket)
    return whole._replace(value=b"[" + _bytes(whole) + b"]")


def _missing_required(order: _Order, basket: Basket) -> Record:
    whole = _placed(order, basket)
    return whole._replace(value=_bytes(whole).replace(f'"customer_id":"{order.customer_id}",'.encode(), b"", 1))


def _bad_timestamp(order: _Order, basket: Basket) -> Record:
    day, _, time = _iso(basket.placed).partition("T")
    return _placed(order, basket, time=f"{day[:4]}-13-{day[-2:]}T{time}")


def _too_many_decimals(order: _Order, basket: Basket) -> Record:
    return _with_first_line(order, basket, net=f"{_money(basket.lines[0].net)}5")


_BREAK: dict[str, Callable[[_Order, Basket], Record]] = {
    "not_json": _not_json,
    "json_array": _json_array,
    "tombstone": lambda order, basket: _placed(order, basket)._replace(value=None),
    "missing_required": _missing_required,
    "bad_timestamp": _bad_timestamp,
    "wrong_type": lambda order, basket: _with_first_line(order, basket, quantity='"many"'),
    "bad_country": lambda order, basket: _placed(order._replace(country="ZZ"), basket),
    "unknown_currency": lambda order, basket: _placed(order._replace(currency="ZZZ"), basket),
    "negative_quantity": lambda order, basket: _with_first_line(order, basket, quantity="-1"),
    "too_many_decimals": _too_many_decimals,
}
"""Kind -> a record that is wrong in that one way."""
