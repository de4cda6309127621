"""The seeds' answers as bytes through the real machines, and what the machines send.

A wire is JSON as a tree whose leaves are JSON text, so that a test can change one of them.
"""

from __future__ import annotations

from random import Random
from typing import Any, Final, TypeAlias, cast

import msgspec
from attrs import Factory, define, evolve

from hercle_proto import Call, Command, Machine
from hercle_proto.hercle import hercle_rest, hercle_session
from hercle_proto.hub import Invocation, Raw
from hercle_proto.reflex import GetHello, Tag, reflex_session
from hercle_proto.testing import HubPeer, Peer, Simulated
from rest_peer import Asked, Reaction, RestPeer
from seed_kinds import Argument, Field, ListOf, Seed
from seed_places import COMMANDS, place_of
from seed_table import ARGUMENTS, FIELDS, KEY
from vendor import CREATED, SNAPSHOT, envelope

__all__ = ["Tree", "answer", "answer_of", "as_bytes", "command", "document", "place_in", "sent"]

Tree: TypeAlias = "dict[str, Tree] | list[Tree] | Raw"

_URL: Final = "http://127.0.0.1:5000"
_SUBJECTS: Final = {Seed.LIST: SNAPSHOT, Seed.CREATE: CREATED}


# -- trees -----------------------------------------------------------------------------------------


def as_bytes(tree: object) -> bytes:
    """The JSON of a tree."""
    return msgspec.json.encode(tree)


def opened(text: bytes) -> Tree:
    """A tree out of JSON; numbers and texts stay as they are written."""
    match text.lstrip()[:1]:
        case b"{":
            pairs = msgspec.json.decode(text, type=dict[str, Raw])
            return {name: opened(bytes(value)) for name, value in pairs.items()}
        case b"[":
            return [opened(bytes(value)) for value in msgspec.json.decode(text, type=list[Raw])]
        case _:
            return Raw(text)


def place_in(field: Field) -> tuple[str | int, ...]:
    """Where a field stands in its answer; a list has one element."""
    match field.seed:
        case Seed.LIST:
            return ("data", 0, field.name)
        case Seed.CREATE:
            return ("data", field.name)
        case Seed.REST if field.name != "invoices":
            return ("invoices", 0, field.name.removeprefix("invoices[]."))
        case Seed.REST:
            return ("invoices",)
        case Seed.FIND | Seed.PUSH:
            *above, last = field.name.split(".")
            names = [".".join(above[: index + 1]) for index in range(len(above))]
            steps = [
                (step, 0) if _LISTS[name] else (step,)
                for step, name in zip(above, names, strict=True)
            ]
            return ("data", *(part for step in steps for part in step), last)


_LISTS: Final = {field.name: isinstance(field.value, ListOf) for field in FIELDS}


def answer(field: Field) -> dict[str, Any]:
    """The whole answer that this field stands in. Truths are its own only."""
    tree: dict[str, Any] = {"data": [{}] if field.seed is Seed.LIST else {}}
    for each in FIELDS:
        if each.seed is field.seed:
            node: Any = tree
            *above, last = place_in(each)
            for step in above:
                node = node[step]
            node[last] = _wire(each) if each.value is not True or each is field else Raw(b"false")
    return tree


def _wire(field: Field) -> Tree:
    if isinstance(field.value, ListOf):
        return [{}]
    return {} if isinstance(field.value, type) else Raw(field.wire.encode())


# -- commands --------------------------------------------------------------------------------------


def command(seed: Seed, **changes: object) -> Command[Any]:
    """The seed's command, with every argument of the table but for those given here."""
    top = [row for row in ARGUMENTS if row.seed is seed and "tags/" not in row.name]
    given = {place_of(row).attribute: row.value for row in top if row.path[0] != "headers"}
    return COMMANDS[seed](**{**given, **changes})


def sent(argument: Argument, value: object) -> dict[str, Any]:
    """What leaves when the argument has this value."""
    held = _hold(argument.seed, command(argument.seed, **_changes(argument, value)))
    if argument.seed in _SUBJECTS:
        (invocation,) = held.invocations
        arguments = [opened(bytes(cast("Raw", each))) for each in invocation.arguments]
        return {"target": Raw(as_bytes(invocation.target)), "arguments": arguments}
    (asked,) = held.requests
    if argument.seed is Seed.REST:
        headers = {name: Raw(as_bytes(text)) for name, text in asked.headers.items()}
        line = Raw(as_bytes(f"{asked.method} {asked.target}"))
        return {"line": line, "headers": headers, "body": Raw(as_bytes(asked.body.decode()))}
    body = opened(asked.body)
    assert isinstance(body, dict)
    return body


def _changes(argument: Argument, value: object) -> dict[str, object]:
    """What the command gets instead of what the table has; the headers are not its own."""
    place = place_of(argument)
    if place.owner is Tag:
        *_, which, _ = argument.path
        [tags] = [row.value for row in ARGUMENTS if row.path == argument.path[:-2]]
        assert isinstance(tags, tuple)
        tag = evolve(tags[which], **{place.attribute: value})
        return {"tags": (*tags[:which], tag, *tags[which + 1 :])}
    return {place.attribute: value} if place.owner is COMMANDS[argument.seed] else {}


def document(seed: Seed) -> str:
    """The GraphQL document that leaves."""
    (asked,) = _hold(seed, command(seed)).requests
    return str(asked.fields["query"])


def answer_of(field: Field, tree: Tree) -> object:
    """What the seed's command ends with when this is the answer. Raises what it raises."""
    return _hold(field.seed, command(field.seed), tree).call.result()


# -- machines --------------------------------------------------------------------------------------


@define
class _Held:
    """A command on its way, or at its end, and what the server was asked."""

    answer: Tree | None
    invocations: list[Invocation] = Factory(list)
    requests: list[Asked] = Factory(list)
    call: Call[Any] = Factory(lambda: Call(GetHello(), 0))

    def peer(self, seed: Seed) -> Peer:
        if seed in _SUBJECTS:
            return HubPeer(self.invoked, entropy=Random(2).randbytes)
        return RestPeer(self.requested)

    def invoked(self, peer: HubPeer, invocation: Invocation) -> None:
        self.invocations.append(invocation)
        peer.complete(invocation)
        if isinstance(self.answer, dict):
            seed = next(seed for seed in _SUBJECTS if seed.value == invocation.target)
            client_id = peer.argument(invocation, 0, str)
            event = {**envelope(_SUBJECTS[seed], client_id, None), **self.answer}
            peer.send(Invocation("executionEvents", (Raw(as_bytes(event)),)))

    def requested(self, asked: Asked) -> Reaction:
        self.requests.append(asked)
        if self.answer is None:
            return Reaction(silent=True)
        return Reaction(200, as_bytes(self.answer), (("Content-Type", "application/json"),))


def _hold(seed: Seed, command: Command[Any], answer: Tree | None = None) -> _Held:
    """On virtual time: until the command has ended, or with no answer until it has left."""
    held = _Held(answer)
    machine: Machine
    match seed:
        case Seed.LIST | Seed.CREATE:
            machine = hercle_session(KEY, url=_URL, entropy=Random(1).randbytes)
        case Seed.REST:
            machine = hercle_rest(KEY, url=_URL, entropy=Random(1).randbytes)
        case Seed.FIND | Seed.PUSH:
            machine = reflex_session(KEY, url=f"{_URL}/graphql", entropy=Random(1).randbytes)
    network = Simulated(machine, lambda _, __: held.peer(seed))
    network.start()
    held.call = network.submit(command)
    if answer is not None:
        network.run_until(lambda: held.call.done)
    return held
