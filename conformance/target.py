"""Who is tested: address, AE titles, role, time-outs and claims, from the command line and the one shareable profile file."""

import os
import socket
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from conformance.attestations import Attestation
from conformance.dimse import Endpoint, Timeouts
from conformance.errors import ConformanceError
from conformance.guide import SERVICES, Role
from conformance.options import BY_FLAG, OBJECT_MEGABYTES, OPTIONS, STUDY_INSTANCES, Option
from conformance.tls import TlsService, client_context
from conformance.web import WebService
from generators.identity import HEALTH_CARD_OID

EMBEDDED = "embedded"
INBOX = "inbox"
"""What stands for the host where no system is asked."""

MAX_AE_TITLE = 16
MAX_INSTANCES = 10_000
MAX_MEGABYTES = 1000  # our own Storage SCP takes objects up to 1 GiB
MEGABYTE = 1_000_000  # bytes


class ProfileError(ConformanceError):
    """A profile file or an option that cannot be used."""


class Product(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is tested, in the vendor's words."""

    vendor: str = ""
    product: str = ""
    version: str = ""
    site: str = ""


class IssuerClaim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An assigning authority: its local name, its OID, and the prefix of the numbers that it gives."""

    name: str
    oid: str = ""
    prefix: str = ""


class Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """What the system says that it does. `services` None: what it accepts on the wire counts as claimed.

    `retry_seconds` is how long a source, or an archive with a report, waits at most before it tries again; None: it does not say.
    """

    services: list[str] | None = None
    sop_classes: list[str] = []
    transfer_syntaxes: list[str] = []
    patient_id_issuers: list[IssuerClaim] = []
    accession_issuers: list[IssuerClaim] = []
    institutions: list[str] = []
    health_card_oids: list[str] = msgspec.field(default_factory=lambda: [HEALTH_CARD_OID])
    called_ae_policy: str = "strict"
    duplicates: str = ""
    rejected_for_quality: str = ""
    retention_expired: str = ""
    associations: int = 10
    visible_seconds: float = 60.0
    silence_seconds: float = 90.0
    retry_seconds: float | None = None


class Scheduled(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """A synthetic order that stands in the worklist of the system: what the worklist is asked for. Empty parts are not compared."""

    patient_id: str = ""
    patient_id_issuer: str = ""
    accession_number: str = ""
    accession_issuer: str = ""


CHOICES: Mapping[str, tuple[str, ...]] = {
    "called-ae-policy": ("strict", "any"),
    "duplicates": ("", "keep", "replace", "refuse"),
    "rejected-for-quality": ("", "shown", "hidden"),
    "retention-expired": ("", "removed", "kept"),
}


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The profile file, as it stands. The five tables of options are read against `conformance.options`."""

    product: Product = Product()
    network: dict[str, object] = {}
    web: dict[str, object] = {}
    tls: dict[str, object] = {}
    run: dict[str, object] = {}
    timeouts: dict[str, object] = {}
    claims: Claims = Claims()
    scheduled: Scheduled = Scheduled()
    attestations: list[Attestation] = []


@dataclass(frozen=True, slots=True)
class User:
    """A user of the system under test; the passcode is never shown or recorded."""

    name: str
    passcode: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Load:
    """How much is asked of the system where size is the question: the instances of one study, the megabytes of one object."""

    instances: int = STUDY_INSTANCES
    megabytes: int = OBJECT_MEGABYTES

    @property
    def is_full(self) -> bool:
        """Whether it is as much as the register says."""
        return self.instances >= STUDY_INSTANCES and self.megabytes >= OBJECT_MEGABYTES

    def __str__(self) -> str:
        return f"{self.instances} instances and {self.megabytes} MB"


@dataclass(frozen=True, slots=True)
class Target:
    """The system under test and how we stand to it. `advertised` is our own address as the system sees it; empty: as we listen.

    `inbox` is a folder of what a source sent or exported earlier, judged instead of asking the system anything.
    """

    ae_title: str
    host: str
    port: int
    calling_ae: str
    listen_host: str
    listen_port: int
    advertised: str
    roles: tuple[Role, ...]
    timeouts: Timeouts
    product: Product = field(default_factory=Product)
    claims: Claims = field(default_factory=Claims)
    inbox: Path | None = None
    web: WebService | None = None
    tls: TlsService | None = None
    send_only_ae: str = ""
    user: User | None = None
    scheduled: Scheduled = field(default_factory=Scheduled)
    load: Load = field(default_factory=Load)

    @property
    def role(self) -> Role:
        """The one role of this run."""
        return self.roles[0]

    @property
    def missing(self) -> list[str]:
        """What a formal run wants to know of the product and its claims, and the profile does not say."""
        unsaid = [f"product.{field.name}" for field in msgspec.structs.fields(self.product) if not getattr(self.product, field.name)]
        return unsaid + ["claims.services"] * (self.claims.services is None)

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(self.host, self.port, self.ae_title, self.calling_ae)


def load_profile(path: Path) -> Profile:
    """Read a profile file.

    Raises:
        ProfileError: names the file, the key and what is allowed.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        profile = msgspec.convert(document, Profile)
    except OSError as error:
        raise ProfileError(f"cannot be read ({error.strerror})", where=str(path), remedy="give the path of a TOML file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileError(f"is not TOML: {error}", where=str(path), remedy="correct that line") from error
    except msgspec.ValidationError as error:
        raise ProfileError(str(error), where=str(path), remedy="docs/profile.md lists the keys") from error
    _check_claims(profile.claims, str(path))
    for section in ("network", "web", "tls", "run", "timeouts"):
        _check_section(section, getattr(profile, section), str(path))
    return profile


def _check_claims(claims: Claims, where: str) -> None:
    for service in claims.services or []:
        if service not in SERVICES:
            raise ProfileError(f"claims.services names {service!r}", where=where, remedy=f"use one of {', '.join(SERVICES)}")
    for key, allowed in CHOICES.items():
        value = getattr(claims, key.replace("-", "_"))
        if value not in allowed:
            shown = ", ".join(repr(word) for word in allowed)
            raise ProfileError(f"claims.{key} is {value!r}", where=where, remedy=f"use one of {shown}")


def _check_section(section: str, given: Mapping[str, object], where: str) -> None:
    known = {option.key: option for option in OPTIONS if option.section == section and option.in_profile}
    for key, value in given.items():
        if key not in known:
            raise ProfileError(f"[{section}] has the unknown key {key!r}", where=where, remedy=f"use one of {', '.join(known)}")
        convert(known[key], value, where=f"{where}: {section}.{key}")


_TYPES: Mapping[str, tuple[type, ...]] = {"text": (str,), "whole": (int,), "seconds": (int, float), "flag": (bool,)}
_NOUNS: Mapping[str, str] = {"text": "text", "whole": "a whole number", "seconds": "a number of seconds above 0", "flag": "true or false"}


def convert(option: Option, value: object, *, where: str) -> object:
    """Check a value that a profile or the command line gives for an option.

    Raises:
        ProfileError: the value is of another kind, or out of bounds.
    """
    right_type = isinstance(value, _TYPES[option.kind]) and (option.kind == "flag" or not isinstance(value, bool))
    if not right_type or (option.kind == "seconds" and not 0 < float(str(value)) <= 3600):
        raise ProfileError(f"is {value!r}", where=where, remedy=f"give {_NOUNS[option.kind]}")
    return value


class Settings:
    """Every option of one run, merged: command line over profile over default."""

    def __init__(self, given: Mapping[str, object], profile: Profile | None = None) -> None:
        self.profile = profile or Profile()
        self._given = {flag: value for flag, value in given.items() if value is not None}

    def __getitem__(self, flag: str) -> object:
        option = BY_FLAG[flag]
        if flag in self._given:
            return self._given[flag]
        section: Mapping[str, object] = getattr(self.profile, option.section)
        return section.get(option.key, option.default)

    def text(self, flag: str) -> str:
        value = self[flag]
        return "" if value is None else str(value)

    def whole(self, flag: str) -> int:
        return int(str(self[flag]))

    def seconds(self, flag: str) -> float:
        return float(str(self[flag]))

    def path(self, flag: str) -> Path | None:
        return Path(self.text(flag)) if self.text(flag) else None


def build_target(settings: Settings) -> Target:
    """Make the target from the merged options, and refuse what cannot be meant.

    Raises:
        ProfileError: names the option and what to give.
    """
    inbox = settings.path("--inbox")
    host = INBOX if inbox else settings.text("--host")
    if not host:
        raise ProfileError("is missing", where="--host", remedy="give the name or address of the system under test, or `embedded`")
    role = settings.text("--role")
    if role not in list(Role):
        raise ProfileError(f"is {role!r}", where="--role", remedy=f"use one of {', '.join(Role)}")
    if inbox and (role != Role.SOURCE or not inbox.is_dir()):
        raise ProfileError(f"is {str(inbox)!r}", where="--inbox", remedy="give a folder that can be read, and --role=source")
    listen_port = _port(settings, "--listen-port", least=0)
    listen_host = settings.text("--listen-host") or _local_address(host)
    return Target(
        ae_title=_ae_title(settings, "--target-ae"),
        host=host,
        port=_port(settings, "--port", least=1),
        calling_ae=_ae_title(settings, "--calling-ae"),
        listen_host=listen_host,
        listen_port=listen_port,
        advertised=settings.text("--advertised-address"),
        roles=(Role(role),),
        timeouts=_timeouts(settings),
        product=settings.profile.product,
        claims=settings.profile.claims,
        inbox=inbox,
        web=_web_service(settings),
        tls=_tls_service(settings),
        send_only_ae=_ae_title(settings, "--send-only-ae") if settings.text("--send-only-ae") else "",
        user=_user(settings),
        scheduled=settings.profile.scheduled,
        load=Load(_size(settings, "--study-instances", MAX_INSTANCES), _size(settings, "--object-megabytes", MAX_MEGABYTES)),
    )


def _user(settings: Settings) -> User | None:
    name, variable = settings.text("--user"), settings.text("--passcode-env")
    if not name:
        return None
    if variable not in os.environ:
        raise ProfileError(f"has a user and {variable} is not set", where="--user", remedy="set the environment variable to the passcode")
    return User(name, os.environ[variable])


def _tls_service(settings: Settings) -> TlsService | None:
    if settings["--tls-port"] is None:
        return None
    files = {flag: settings.text(flag) for flag in ("--tls-ca", "--tls-cert", "--tls-key")}
    for flag, name in files.items():
        if name and not Path(name).is_file():
            raise ProfileError(f"{name!r} is no file", where=flag, remedy="give a file in PEM")
    service = TlsService(_port(settings, "--tls-port", least=1), *files.values())
    try:
        client_context(service)
    except OSError as error:
        raise ProfileError(
            f"cannot be used ({error})", where="--tls-ca, --tls-cert, --tls-key", remedy="give PEM files that fit"
        ) from error
    return service


def _web_service(settings: Settings) -> WebService | None:
    url = settings.text("--web-url")
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.query:
        remedy = "give https://HOST:PORT/PATH, without user, password or query"
        raise ProfileError(f"is {parts.scheme}://{parts.hostname or ''}…", where="--web-url", remedy=remedy)
    ca = settings.path("--web-ca")
    if ca is not None and not ca.is_file():
        raise ProfileError(f"{str(ca)!r} is no file", where="--web-ca", remedy="give a file of certificates in PEM")
    secret = os.environ.get(settings.text("--web-secret-env"), "")
    return WebService(url, str(ca or ""), settings.text("--web-user"), secret)


def _timeouts(settings: Settings) -> Timeouts:
    return Timeouts(**{option.key: settings.seconds(option.flag) for option in OPTIONS if option.section == "timeouts"})


def _ae_title(settings: Settings, flag: str) -> str:
    """Take an AE title as PS3.8 9.3.2 allows it: 1 to 16 characters, not all blank, no backslash or control character."""
    title = settings.text(flag)
    if not title.strip() or len(title) > MAX_AE_TITLE or not title.isascii() or not title.isprintable() or "\\" in title:
        raise ProfileError(f"is {title!r}", where=flag, remedy="an AE title has 1 to 16 printable ASCII characters, no backslash")
    return title


def _port(settings: Settings, flag: str, *, least: int) -> int:
    port = settings.whole(flag)
    if not least <= port <= 65535:
        raise ProfileError(f"is {port}", where=flag, remedy=f"give a port from {least} to 65535")
    return port


def _size(settings: Settings, flag: str, most: int) -> int:
    size = settings.whole(flag)
    if not 1 <= size <= most:
        raise ProfileError(f"is {size}", where=flag, remedy=f"give a number from 1 to {most}")
    return size


def _local_address(host: str) -> str:
    """Find the address from which this machine would reach the host; nothing is sent."""
    if host in (EMBEDDED, INBOX):
        return "127.0.0.1"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, 9, type=socket.SOCK_DGRAM)[0]
    except (OSError, UnicodeError) as error:
        raise ProfileError(f"{host!r} cannot be resolved", where="--host", remedy="give a name that resolves, or an address") from error
    with socket.socket(family, kind, protocol) as probe:
        try:
            probe.connect(address)
        except OSError as error:
            raise ProfileError(f"{host!r} has no route from here ({error.strerror})", where="--host", remedy="check the network") from error
        return str(probe.getsockname()[0])
