"""The rehearsal: all tunnels up, what they agreed on, each cut, what must be refused, another key."""

from __future__ import annotations

import secrets
import string
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import IPv4Interface, IPv4Network
from pathlib import Path

from local.links import flows, proposals
from local.links.flows import Flow
from local.links.lab import UP_S, Lab
from local.links.namespaces import Namespaces
from local.links.parameters import Plan, Tunnel
from local.links.refusals import refusals
from local.links.report import Result
from local.links.waiting import SlowError, wait

LATE_S = 1.5
"""How much later than the hold time a flow may go on: the daemons' and ping's own steps, on a busy machine."""
RETURN_S = 60
REKEY_S = 10
Say = Callable[[str], None]


def rehearse(plan: Plan, result: Result, say: Say) -> None:
    """Everything, in two minutes. A check that fails is noted, and only what cannot go on without it is left out."""
    with tempfile.TemporaryDirectory(prefix="novaretail-links-") as folder, Namespaces() as spaces:
        Rehearsal(Lab(plan, spaces, Path(folder)), result, say).all()


def compare(plan: Plan, result: Result) -> None:
    """Hold the two ends of each tunnel against each other, on paper: what is left where daemons cannot run."""
    for tunnel in plan.tunnels:
        ours, other = tunnel.aws, tunnel.other
        differ = [
            f"{what}: {one} and {two}"
            for what, one, two in (
                ("IKE proposal", ours.ike, other.ike),
                ("ESP proposal", ours.esp, other.esp),
                ("AWS's inside address", str(IPv4Interface(ours.inside).ip), other.peer),
                ("the other inside address", ours.peer, str(IPv4Interface(other.inside).ip)),
                ("AWS's AS", ours.asn, other.peer_asn),
                ("the other AS", ours.peer_asn, other.asn),
            )
            if one != two
        ]
        differ += [] if ours.key == other.key else ["the keys"]
        result.note(f"both ends of {tunnel.name} agree", not differ, "; ".join(differ) or "in all that is negotiated")
    keys = {tunnel.aws.key for tunnel in plan.tunnels}
    result.note("no two tunnels share a key", len(keys) == len(plan.tunnels), f"{len(keys)} keys")


class Rehearsal:
    def __init__(self, lab: Lab, result: Result, say: Say) -> None:
        self._lab, self._result, self._say = lab, result, say
        self._plan = lab.plan

    def all(self) -> None:
        with self._timed("up"):
            if not self._up():
                return
        with self._timed("agreed"):
            self._agreed()
        with self._timed("rekey"):
            self._rekey()
        with self._timed("failover"):
            self._failover()
        with self._timed("refused"):
            self._refused()
        with self._timed("rotation"):
            self._rotation()
        self._wire()

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self._result.seconds[step] = round(time.monotonic() - began, 1)

    def _up(self) -> bool:
        count = len(self._plan.tunnels)
        self._say(f"starting {2 * count} charons and {1 + len(self._plan.links)} birds, each in a namespace of its own")
        try:
            stood, routed = self._lab.up()
        except SlowError as error:
            return self._result.note(f"{count} tunnels up with BGP within {UP_S} s", False, str(error))
        seen = f"associations after {stood:.1f} s, sessions and routes after {routed:.1f} s, from nothing"
        return self._result.note(f"{count} tunnels up with BGP within {UP_S} s", routed <= UP_S, seen)

    # What was agreed

    def _agreed(self) -> None:
        self._say("looking at what was negotiated and learned")
        for tunnel in self._plan.tunnels:
            self._proposal_and_identities(tunnel)
            self._neighbours(tunnel)
            self._routes(tunnel)
            self._ping(tunnel)
        for link in self._plan.links:
            for other in self._plan.links:
                if other != link:
                    self._apart(link, other)

    def _proposal_and_identities(self, tunnel: Tunnel) -> None:
        problems, seen = [], ""
        for gateway in (self._lab.ours[tunnel.name], self._lab.theirs[tunnel.name]):
            found, end = gateway.association(), gateway.end
            if found is None:
                problems.append(f"{end.cloud} has no association")
                continue
            if found.ike != proposals.negotiated(end.ike):
                problems.append(f"{end.cloud} has {'/'.join(sorted(found.ike))} for IKE instead of {end.ike}")
            # the first one is made with IKE's own exchange of keys, and shows no group of its own
            if not found.esp <= proposals.negotiated(end.esp):
                problems.append(f"{end.cloud} has {'/'.join(sorted(found.esp))} for ESP instead of {end.esp}")
            if (found.local_id, found.remote_id) != (end.address, end.remote):
                problems.append(f"{end.cloud} is {found.local_id} and takes the other for {found.remote_id}")
            seen = f"{'/'.join(sorted(found.ike))}; {end.address} and {end.remote}"
        self._result.note(f"proposal and identities of {tunnel.name}", not problems, "; ".join(problems) or seen)

    def _neighbours(self, tunnel: Tunnel) -> None:
        problems, seen = [], []
        for router, end in ((self._lab.transit, tunnel.aws), (self._lab.peers[tunnel.link], tunnel.other)):
            session = router.session(tunnel.name)
            seen.append(f"{end.cloud} has AS {session.peer_asn} at {session.neighbour}, hold time {session.hold_s} s")
            expected = (end.peer, end.peer_asn, tunnel.hold_s)
            if not session.up or (session.neighbour, session.peer_asn, session.hold_s) != expected:
                problems.append(f"{seen[-1]}, {session.state}")
        self._result.note(f"BGP neighbours of {tunnel.name}", not problems, "; ".join(problems or seen))

    def _routes(self, tunnel: Tunnel) -> None:
        ours = self._lab.transit.session(tunnel.name).received
        theirs = self._lab.peers[tunnel.link].session(tunnel.name).received
        planned = tuple(sorted(tunnel.other.announces)), self._plan.zones.announced(tunnel.aws.attachment)
        self._result.learned[tunnel.name] = {"AWS": ours, tunnel.other.cloud: theirs}
        seen = f"AWS learned {', '.join(ours) or 'nothing'}; {tunnel.other.cloud} {', '.join(theirs) or 'nothing'}"
        self._result.note(f"routes of {tunnel.name} are the planned ones", (ours, theirs) == planned, seen)

    def _ping(self, tunnel: Tunnel) -> None:
        said = self._lab.spaces.within(
            "transit", "ping", "-n", "-c", "3", "-i", "0.2", "-W", "2", "-p", flows.MARK.hex(),
            "-I", str(IPv4Interface(tunnel.aws.inside).ip), str(IPv4Interface(tunnel.other.inside).ip), check=False,
        )  # fmt: skip
        self._result.note(f"ping over {tunnel.name}", " 3 received" in said, _line(said, "packets transmitted"))

    def _apart(self, link: str, other: str) -> None:
        """No route leads from one cloud to the other, and a packet that is sent all the same is turned back."""
        router = self._lab.peers[link]
        foreign = [IPv4Network(block) for block in self._lab.blocks(other)]
        learned = {block for tunnel in self._plan.link(link) for block in router.session(tunnel.name).received}
        leaks = [block for block in learned if any(IPv4Network(block).overlaps(each) for each in foreign)]
        source, target = _some_host(self._lab.blocks(link)), _some_host(self._lab.blocks(other))
        tunnel = self._plan.link(link)[0].name
        self._lab.spaces.ip(link, "route", "add", target, "dev", tunnel, "src", source)
        ping = ("ping", "-n", "-c", "2", "-i", "0.2", "-W", "1", "-I", source, target)
        said = self._lab.spaces.within(link, *ping, check=False)
        self._lab.spaces.ip(link, "route", "del", target, "dev", tunnel)
        turned = "Unreachable" in said and " 0 received" in said
        seen = f"{link} learned {', '.join(sorted(learned))}; sent all the same: {_line(said, 'Unreachable')}"
        self._result.note(f"{link} does not reach {other}", not leaks and turned, seen)

    # Rekeying

    def _rekey(self) -> None:
        self._say("rekeying every tunnel under traffic")
        with self._traffic() as (since, running):
            problems = [problem for found in self._lab.each(self._rekeyed, self._plan.tunnels) for problem in found]
            time.sleep(1)
        lost = max(flow.silence(since, time.time() - 0.5) for flow in running)
        seen = "; ".join(problems) or "every new key of the traffic comes from an exchange of its own, in its group"
        self._result.note("forward secrecy after a rekey", not problems, seen)
        self._result.note("a rekey loses nothing", lost < flows.LOST_S, f"the longest silence was {lost:.1f} s")

    def _rekeyed(self, tunnel: Tunnel) -> list[str]:
        """What was wrong with it; the end that began also rekeys, as the shorter lifetime would have it be."""
        gateway = self._lab.ours[tunnel.name]
        before = gateway.association()
        try:
            gateway.rekey("child")
            wait(lambda: _renewed(gateway, "spi", before), REKEY_S, f"{tunnel.name}: the traffic's keys stay")
            after = gateway.association()
            wanted = proposals.negotiated(gateway.end.esp)
            if after is None or not wanted <= after.esp:
                return [f"{tunnel.name}: rekeyed to {sorted(after.esp) if after else 'nothing'}, not {sorted(wanted)}"]
            gateway.rekey("ike")
            wait(lambda: _renewed(gateway, "ike_spi", before), REKEY_S, f"{tunnel.name}: the keys of IKE stay")
        except SlowError as error:
            return [str(error)]
        return []

    # Failover

    def _failover(self) -> None:
        """Each tunnel is cut once while it carries traffic, in the end with one left of four.

        The first ones of both connections together; then, without these, the second ones one after the other. It is
        done to all links at the same time, which have nothing to do with each other.
        """
        rounds: tuple[tuple[set[str], set[str]], ...] = (({"1-1", "2-1"}, set()), ({"1-2"}, set()), ({"2-2"}, {"1-2"}))
        down: list[Tunnel] = []
        for cut, mended in rounds:
            self._bring_back([tunnel for tunnel in down if _short(tunnel) in mended])
            down = [tunnel for tunnel in down if _short(tunnel) not in mended]
            chosen = [tunnel for tunnel in self._plan.tunnels if _short(tunnel) in cut]
            self._cut(chosen)
            down += chosen
        self._bring_back(down)

    def _cut(self, tunnels: list[Tunnel]) -> None:
        names = ", ".join(tunnel.name for tunnel in tunnels)
        hold = max(tunnel.hold_s for tunnel in tunnels)
        self._say(f"cutting {names} at once; their traffic has {hold} s to find another way")
        with self._traffic() as (_, running):
            at = time.time()
            for tunnel in tunnels:
                self._lab.cut(tunnel)
            try:
                wait(lambda: self._moved(tunnels, running), hold + 15, "", every=0.5)
            except SlowError:
                self._say("some of it found none")
            time.sleep(1)
            until = time.time() - 0.5
        for tunnel in tunnels:
            mine = [flow for flow in running if flow.uses(tunnel.name)]
            silence = max((flow.silence(at, until) for flow in mine), default=0.0)
            self._result.failover[tunnel.name] = round(silence, 1)
            ok = bool(mine) and silence <= tunnel.hold_s + LATE_S
            seen = f"{silence:.1f} s of silence, hold time {tunnel.hold_s} s, {len(mine)} flows"
            self._result.note(f"failover of {tunnel.name} within its hold time", ok, seen)
            kept = [flow.silence(at, until) for flow in running if not any(flow.uses(cut.name) for cut in tunnels)]
            if kept:
                still = f"the others were silent for {max(kept):.1f} s at most"
                self._result.note(f"a cut of {tunnel.name} leaves others alone", max(kept) < flows.LOST_S, still)

    def _moved(self, tunnels: list[Tunnel], running: list[Flow]) -> bool:
        sessions = [self._lab.transit.session(tunnel.name) for tunnel in tunnels]
        sessions += [self._lab.peers[tunnel.link].session(tunnel.name) for tunnel in tunnels]
        return not any(one.up for one in sessions) and all(flow.answered_within(1) for flow in running)

    def _bring_back(self, tunnels: list[Tunnel]) -> None:
        if not tunnels:
            return
        self._say(f"mending {', '.join(tunnel.name for tunnel in tunnels)}")
        at = time.monotonic()
        for tunnel in tunnels:
            self._lab.mend(tunnel)
        waiting = {tunnel.name: tunnel for tunnel in tunnels}

        def returned() -> bool:
            for name, tunnel in list(waiting.items()):
                if self._lab.is_up(tunnel):
                    self._result.back[name] = round(time.monotonic() - at, 1)
                    del waiting[name]
            return not waiting

        try:
            wait(returned, RETURN_S, "")
        except SlowError:
            self._say("not all of them came back")
        for tunnel in tunnels:
            took = self._result.back.get(tunnel.name)
            seen = f"after {took} s, by itself" if took is not None else f"not in {RETURN_S} s"
            self._result.note(f"{tunnel.name} comes back", took is not None, seen)

    # What must be refused, and a new key

    def _refused(self) -> None:
        chosen = [self._plan.link(link)[0] for link in self._plan.links]
        self._say(f"trying what must be refused, on {', '.join(tunnel.name for tunnel in chosen)}")
        for found in self._lab.each(lambda tunnel: list(refusals(self._lab, tunnel)), chosen):
            self._result.checks += found

    def _rotation(self) -> None:
        chosen = [self._plan.link(link)[0] for link in self._plan.links]
        names = {tunnel.name for tunnel in chosen}
        self._say(f"changing the keys of {', '.join(sorted(names))} while the others carry traffic")
        with self._traffic() as (since, running):
            outcome = self._lab.each(self._rotated, chosen)
            time.sleep(1)
            until = time.time() - 0.5
        for tunnel, (took, refused) in zip(chosen, outcome, strict=True):
            seen = f"the old key was refused ({refused[0] if refused else 'silently'}); up again after {took:.1f} s"
            self._result.note(f"{tunnel.name} takes a new key", took >= 0 and bool(refused), seen)
        others = [flow.silence(since, until) for flow in running if not any(flow.uses(name) for name in names)]
        lost = max(others, default=float("inf"))
        seen = f"{len(others)} flows over the others were silent for {lost:.1f} s at most"
        own = [flow.silence(since, until) for flow in running if any(flow.uses(name) for name in names)]
        seen += f", those over the tunnels themselves for {max(own):.1f} s" if own else ""
        self._result.note("a new key for one tunnel is no outage", lost < flows.LOST_S, seen)

    def _rotated(self, tunnel: Tunnel) -> tuple[float, list[str]]:
        """(seconds until it was up, -1 if never; what was said of the old key)."""
        began = time.monotonic()
        starter, answerer = self._lab.starter(tunnel), self._lab.answerer(tunnel)
        key = _new_key()
        starter.load(tries=1)
        starter.terminate()
        answerer.renew(key)
        mark = answerer.mark()
        refused = [] if starter.initiate() else answerer.said(mark)
        starter.renew(key)
        if not starter.initiate():
            return -1, refused
        try:
            wait(lambda: self._lab.is_up(tunnel), RETURN_S, "")
        except SlowError:
            return -1, refused
        return time.monotonic() - began, refused

    def _wire(self) -> None:
        name = "no packet in clear between the gateways"
        try:
            count, others, raw = self._lab.wire()
        except SlowError as error:
            self._result.note(name, False, str(error))
            return
        clear = flows.MARK in raw
        first = f", such as {others[0]}" if others else ""
        seen = f"{count} packets of IPsec, {len(others)} of anything else{first}"
        seen += "; the pings' mark is among them in clear" if clear else "; the mark in every ping is nowhere in them"
        self._result.note(name, count > 0 and not others and not clear, seen)

    # Traffic

    @contextmanager
    def _traffic(self) -> Iterator[tuple[float, list[Flow]]]:
        """Flows by each tunnel that carries anything; gives (since when, flows)."""
        with ExitStack() as stack:
            running: list[Flow] = []
            for link, router in self._lab.peers.items():
                names = [tunnel.name for tunnel in self._plan.link(link)]
                sources = self._plan.zones.announced(self._plan.link(link)[0].aws.attachment)
                found = flows.choose(self._lab.transit, router, sources, self._lab.blocks(link), names)
                stack.enter_context(flows.running(self._lab.spaces, "transit", found, self._lab.folder))
                running += found
            yield time.time(), running


def _renewed(gateway: object, what: str, before: object) -> bool:
    now = gateway.association()  # type: ignore[attr-defined]
    return now is not None and getattr(now, what) != getattr(before, what, None)


def _short(tunnel: Tunnel) -> str:
    return tunnel.name.partition("-")[2]


def _some_host(blocks: tuple[str, ...]) -> str:
    return str(IPv4Network(blocks[0])[20])


def _line(said: str, about: str) -> str:
    return next((line.strip() for line in said.splitlines() if about in line), said.strip()[-200:])


def _new_key() -> str:
    letters = string.ascii_letters + string.digits
    return "k" + "".join(secrets.choice(letters) for _ in range(31))
