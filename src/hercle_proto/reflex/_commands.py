"""Reflex's commands: frozen values, each one GraphQL operation. An invalid one cannot exist."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, TypeVar

from attrs import Attribute, field, frozen
from msgspec import Raw

from hercle_proto._contract import Command
from hercle_proto._errors import InvalidArgument
from hercle_proto._numbers import decimal_to_wire
from hercle_proto.reflex import _documents as documents
from hercle_proto.reflex import _rules as rules
from hercle_proto.reflex._documents import Part
from hercle_proto.reflex._models import FoundInvoices, PushedInvoice

__all__ = ["FindInvoices", "GetHello", "PushInvoice", "ReflexCommand", "Tag"]

R_co = TypeVar("R_co", covariant=True)

_MOST_INT = 2**31 - 1  # what GraphQL's Int holds


@frozen
class Tag:
    """A tag of an invoice, with exactly one value; `Tag.of` chooses which by its type.

    `key` is lower-case letters in groups joined by single hyphens. Raises `InvalidArgument`.
    Source: the vendor's page on invoices, "tags".
    """

    key: str = field(validator=rules.check_key)
    string_value: str | None = field(
        default=None, kw_only=True, validator=rules.optional(rules.check_text)
    )
    number_value: int | Decimal | None = field(
        default=None, kw_only=True, validator=rules.optional(rules.check_number)
    )
    boolean_value: bool | None = field(
        default=None, kw_only=True, validator=rules.optional(rules.check_boolean)
    )

    def __attrs_post_init__(self) -> None:
        values = (self.string_value, self.number_value, self.boolean_value)
        given = sum(value is not None for value in values)
        if given != 1:
            rule = "must have exactly one of string_value, number_value and boolean_value"
            raise InvalidArgument(f"tag {self.key!r}", rule, str(given))

    @classmethod
    def of(cls, key: str, value: str | int | Decimal) -> Tag:
        """A tag whose value goes where its type belongs."""
        if isinstance(value, bool):  # first, for a bool is an int to Python
            return cls(key, boolean_value=value)
        if isinstance(value, int | Decimal):
            return cls(key, number_value=value)
        return cls(key, string_value=value)

    @property
    def value(self) -> str | int | Decimal:
        """The one value."""
        values = (self.string_value, self.number_value, self.boolean_value)
        return next(value for value in values if value is not None)

    @property
    def variables(self) -> Mapping[str, object]:
        """As it goes over the wire."""
        if self.number_value is not None:
            number = Raw(decimal_to_wire(Decimal(self.number_value)).encode())
            return {"key": self.key, "number_value": number}
        name = "string_value" if self.boolean_value is None else "boolean_value"
        return {"key": self.key, name: self.value}


def _tags(value: Iterable[Tag]) -> tuple[Tag, ...]:
    if not isinstance(value, list | tuple):
        raise InvalidArgument("tags", "must be a list or tuple of Tag", rules.kind(value))
    for tag in value:
        if not isinstance(tag, Tag):
            raise InvalidArgument("tags", "must be a list or tuple of Tag", rules.kind(tag))
    return tuple(value)


def _check_few(_: PushInvoice, __: Attribute[Any], tags: tuple[Tag, ...]) -> None:
    if len(tags) > rules.MAX_INVOICE_TAGS:
        rule = f"an invoice may have at most {rules.MAX_INVOICE_TAGS}"
        raise InvalidArgument("tags", rule, str(len(tags)))


def _check_given(_: object, attribute: Attribute[Any], value: object) -> None:
    rules.check_text(_, attribute, value)
    if not value:
        raise InvalidArgument(attribute.name, "must be text", "an empty one")


def _check_parts(_: object, __: Attribute[Any], parts: object) -> None:
    rule = "must be one or more of Part, such as Part.LIST | Part.STATS"
    if not isinstance(parts, Part):
        raise InvalidArgument("parts", rule, rules.kind(parts))
    if not parts:
        raise InvalidArgument("parts", rule, "none")


class ReflexCommand(Command[R_co]):
    """What all commands of Reflex share: a document, its variables, and where the answer stands."""

    __slots__ = ()

    field_path: ClassVar[tuple[str, ...]]
    """Where in `data` the answer stands."""
    answer_type: ClassVar[type[object]]

    @property
    @abstractmethod
    def document(self) -> str:
        """The GraphQL document."""

    @property
    @abstractmethod
    def variables(self) -> Mapping[str, object]:
        """Its variables, ready for JSON."""


@frozen(kw_only=True)
class FindInvoices(ReflexCommand[FoundInvoices]):
    """Invoices that were pushed earlier, a page of at most 50, and what they add up to.

    `from_` and `to` are aware datetimes; None are the vendor's, the first invoice and now. All
    `tags` are searched for. `parts` says what to fetch. The API does not tell how many pages there
    are: a page of fewer rows than `limit` is the last. Raises `InvalidArgument`. Source: the
    vendor's page on invoices, `getInvoices`.
    """

    repeatable: ClassVar[bool] = True
    field_path: ClassVar[tuple[str, ...]] = ("getInvoices", "find_many")
    answer_type: ClassVar[type[object]] = FoundInvoices

    from_: datetime | None = field(default=None, validator=rules.optional(rules.check_aware))
    to: datetime | None = field(default=None, validator=rules.optional(rules.check_aware))
    tags: tuple[Tag, ...] = field(default=(), converter=_tags)
    limit: int = field(default=rules.MAX_LIMIT, validator=rules.check_whole(1, rules.MAX_LIMIT))
    offset: int = field(default=0, validator=rules.check_whole(0, _MOST_INT))
    sort_column: str = field(default="created_at", validator=_check_given)
    sort_direction: str = field(default="DESC", validator=_check_given)
    parts: Part = field(default=Part.ALL, validator=_check_parts)

    def __attrs_post_init__(self) -> None:
        if self.from_ is not None and self.to is not None and self.from_ > self.to:
            got = f"{rules.iso(self.from_)} and {rules.iso(self.to)}"
            raise InvalidArgument("from_", "must not be after 'to'", got)

    @property
    def document(self) -> str:
        return documents.get_invoices(self.parts)

    @property
    def variables(self) -> Mapping[str, object]:
        wanted = {
            "from": self.from_ and rules.iso(self.from_),
            "to": self.to and rules.iso(self.to),
            "tags": [tag.variables for tag in self.tags],
        }
        chosen = {name: value for name, value in wanted.items() if value}
        return {
            **({"filter": chosen} if chosen else {}),
            "page": {"limit": self.limit, "offset": self.offset},
            "sort": {"column": self.sort_column, "direction": self.sort_direction},
        }


@frozen
class PushInvoice(ReflexCommand[PushedInvoice]):
    """A payment request for Reflex to keep, and what it knows of where the money goes.

    `payment_request` is sent as it is, whatever BOLT 11 may say about it. `tags` are at most 5.
    With `do_not_save` nothing is kept. Raises `InvalidArgument`. It is not repeatable: nobody says
    what pushing twice does. Source: the vendor's page on invoices, `pushInvoice`.
    """

    field_path: ClassVar[tuple[str, ...]] = ("pushInvoice",)
    answer_type: ClassVar[type[object]] = PushedInvoice

    payment_request: str = field(validator=_check_given)
    description: str | None = field(default=None, validator=rules.optional(rules.check_text))
    tags: tuple[Tag, ...] = field(default=(), converter=_tags, validator=_check_few)
    do_not_save: bool = field(default=False, kw_only=True, validator=rules.check_boolean)

    @property
    def document(self) -> str:
        return documents.PUSH_INVOICE

    @property
    def variables(self) -> Mapping[str, object]:
        invoice: dict[str, object] = {"payment_request": self.payment_request}
        if self.description is not None:
            invoice["description"] = self.description
        if self.tags:
            invoice["tags"] = [tag.variables for tag in self.tags]
        return {"invoice": invoice, "options": {"invoice": {"do_not_save": self.do_not_save}}}


@frozen
class GetHello(ReflexCommand[str]):
    """A greeting: whether the API is there and takes the key. Source: the vendor's page on its
    API, `getHello`.
    """

    repeatable: ClassVar[bool] = True
    field_path: ClassVar[tuple[str, ...]] = ("getHello",)
    answer_type: ClassVar[type[object]] = str

    @property
    def document(self) -> str:
        return documents.GET_HELLO

    @property
    def variables(self) -> Mapping[str, object]:
        return {}
