"""URLs, as far as this library speaks them.

`urllib.parse.urlsplit` drops line breaks and accepts a good deal that servers and clients read
differently; which host a key goes to must not hang on that. So the pieces are taken apart here,
strictly, once.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final, Literal
from urllib.parse import quote, unquote, unquote_plus

from attrs import evolve, frozen

from hercle_proto._contract import Endpoint
from hercle_proto._errors import InvalidArgument

__all__ = ["Origin", "Url", "check_key_transport", "without_query"]

Scheme = Literal["http", "https"]

_SCHEMES: Final[dict[str, Scheme]] = {
    "http": "http",
    "https": "https",
    "ws": "http",
    "wss": "https",
}
_DEFAULT_PORT: Final[dict[Scheme, int]] = {"http": 80, "https": 443}

_PARTS = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?P<fragment>#.*)?"
)
_AUTHORITY = re.compile(
    r"(?:\[(?P<literal>[0-9A-Fa-f:.]*)\]|(?P<name>[^:\[\]]*))(?::(?P<port>[0-9]{0,5}))?"
)
_BEHIND_SCHEME = re.compile(r"\A([A-Za-z][A-Za-z0-9+.-]*://)?.*", re.DOTALL)
_BEHIND_PATH = re.compile(r"([?#]).+", re.DOTALL)
_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*\.?")
_MAX_NAME: Final = 253
_PATH_SAFE: Final = "/:@!$&'()*+,;=-._~%"
_QUERY_SAFE: Final = _PATH_SAFE + "?"


@frozen
class Origin:
    """What two URLs must share for a key meant for one to go to the other."""

    scheme: Scheme
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.scheme}://{Endpoint(self.host, self.port)}"


@frozen(repr=False)
class Url:
    """An http or https URL: ASCII, percent-encoded, no user information, no fragment.

    Make one with `parse`. Its repr and str leave the query out: connection tokens and keys
    travel there (A-02, N-13).
    """

    scheme: Scheme
    host: str
    port: int
    path: str = "/"
    query: str = ""

    @classmethod
    def parse(cls, text: str, *, default_path: str = "/", argument: str = "url") -> Url:
        """Read a URL; `ws` and `wss` are taken as `http` and `https`.

        `default_path` is used where the text names an origin only. Raises `InvalidArgument` for
        `argument`.
        """

        def refuse(rule: str, got: str) -> InvalidArgument:
            return InvalidArgument(argument, rule, got)

        text = text.strip()
        if not text.isprintable() or "\\" in text:
            raise refuse("may hold no control characters and no backslash", "one")
        parts = _PARTS.fullmatch(text)
        if parts is None:
            raise refuse("must look like https://host/path", "no scheme followed by ://")
        scheme = _SCHEMES.get(parts["scheme"].lower())
        if scheme is None:
            raise refuse(
                "must begin with http, https, ws or wss", f"the scheme {parts['scheme'][:20]!r}"
            )
        if parts["fragment"] is not None:
            raise refuse("may hold no fragment", "a '#' (write it as %23)")
        if "@" in parts["authority"]:
            raise refuse(
                "may hold no user name or password; pass a key separately", "an '@' before the path"
            )
        authority = _AUTHORITY.fullmatch(parts["authority"])
        if authority is None:
            raise refuse(
                "must name a host and perhaps a port",
                "neither a name nor an [IPv6] literal with a port",
            )
        host = _host(authority["literal"], authority["name"])
        if host is None:
            raise refuse(
                "must name a host: a DNS name of at most 253 characters or an IP address",
                "none such",
            )
        port = int(authority["port"] or _DEFAULT_PORT[scheme])
        if not 0 < port < 2**16:
            raise refuse("a port is a number from 1 to 65535", f"{port}")
        path = quote(parts["path"], safe=_PATH_SAFE)
        return cls(
            scheme,
            host,
            port,
            path if path not in {"", "/"} else default_path,
            quote(parts["query"] or "", safe=_QUERY_SAFE),
        )

    @property
    def endpoint(self) -> Endpoint:
        """Where to connect."""
        return Endpoint(self.host, self.port, tls=self.scheme == "https")

    @property
    def host_header(self) -> str:
        """What goes into `Host`: without a default port, an IPv6 address in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORT[self.scheme] else f"{host}:{self.port}"

    @property
    def target(self) -> str:
        """What goes into the request line: path and query. May hold secrets."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def origin(self) -> Origin:
        """Scheme, host and port."""
        return Origin(self.scheme, self.host, self.port)

    @property
    def is_loopback(self) -> bool:
        """Whether it surely stays on this machine: `localhost`, 127.0.0.0/8 or ::1, written out."""
        if self.host in {"localhost", "::1"}:
            return True
        try:
            return IPv4Address(self.host).is_loopback
        except AddressValueError:
            return False

    @property
    def is_private(self) -> bool:
        """Whether nobody on the way can read what is sent: TLS, or loopback."""
        return self.scheme == "https" or self.is_loopback

    def has_query(self, name: str) -> bool:
        """Whether the query has such a parameter; letter case does not count (N-30)."""
        names = (part.partition("=")[0] for part in self.query.split("&"))
        return any(unquote_plus(each).lower() == name.lower() for each in names)

    def with_query(self, name: str, value: str) -> Url:
        """With one more parameter, percent-encoded, behind the others."""
        parameter = f"{quote(name, safe='')}={quote(value, safe='')}"
        return evolve(self, query=f"{self.query}&{parameter}" if self.query else parameter)

    def with_path(self, path: str) -> Url:
        """The same server, another path, and no query."""
        return evolve(self, path=path, query="")

    def with_segment(self, segment: str) -> Url:
        """With one more segment of path, joined by exactly one slash; the query stays (N-02)."""
        return evolve(self, path=f"{self.path.removesuffix('/')}/{segment}")

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host_header}{self.path}" + ("?…" if self.query else "")

    def __repr__(self) -> str:
        return f"<Url {self}>"


def _host(literal: str | None, name: str) -> str | None:
    """A host in one spelling, or None if it is none."""
    if literal is not None:
        try:
            return str(IPv6Address(literal))
        except AddressValueError:
            return None
    name = unquote(name).lower()
    if (
        not name.isascii() and len(name) <= _MAX_NAME
    ):  # the limit first: the codec is slow on long names
        try:
            name = name.encode("idna").decode("ascii").lower()
        except UnicodeError:
            return None
    # Checked after the codec too: it maps full-width forms of "/" and "@" to the plain ones.
    return name if len(name) <= _MAX_NAME and _NAME.fullmatch(name) else None


def without_query(text: str) -> str:
    """The repr of a URL's text, read or not, without what may be secret in it: the query, a
    fragment, user information.
    """
    if "@" in text:  # where a password ends would be a guess
        return repr(_BEHIND_SCHEME.sub(r"\1…", text, count=1))
    return repr(_BEHIND_PATH.sub(r"\1…", text))


def check_key_transport(url: Url, *, allow_insecure: bool) -> None:
    """Raise `InvalidArgument` where a key would travel in the clear, unless that is allowed."""
    if not (url.is_private or allow_insecure):
        raise InvalidArgument(
            "url",
            "a key goes over https, or to loopback, only; use https or pass allow_insecure=True",
            f"plain http to {url.host}",
        )
