"""The options of a run: one table from which the command line, the profile file and the documentation are made.

A value given on the command line wins over the profile file, and that over the default.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "whole", "seconds", "flag"]

DEFAULT_PORT = 104
STUDY_INSTANCES, OBJECT_MEGABYTES = 2000, 500  # what ROBUST-09 says
PREFIX = "conformance_"


@dataclass(frozen=True, slots=True)
class Option:
    """One option: `--flag`, and `key` in the `[section]` of a profile. A default of None is explained in `help`."""

    flag: str
    section: str
    default: str | int | float | bool | None
    help: str
    kind: Kind = "text"
    metavar: str = ""
    in_profile: bool = True

    @property
    def key(self) -> str:
        return self.flag.removeprefix("--").removeprefix("web-").replace("-timeout", "")

    @property
    def dest(self) -> str:
        """The attribute of pytest's options: prefixed, so that no other plugin's name is met."""
        return PREFIX + self.flag.removeprefix("--").replace("-", "_")


OPTIONS: tuple[Option, ...] = (
    Option("--target-ae", "network", None, "AE title of the system under test; without it the plugin stays inert", metavar="AE"),
    Option("--host", "network", None, "its name or address, or `embedded` for the harness's own archive", metavar="HOST"),
    Option("--port", "network", DEFAULT_PORT, "its port", kind="whole", metavar="PORT"),
    Option("--calling-ae", "network", "CONFORMANCE", "our AE title, also as move destination", metavar="AE"),
    Option(
        "--listen-host",
        "network",
        None,
        "where our Storage SCP listens (default: the local address from which the host is reached)",
        metavar="HOST",
    ),
    Option("--listen-port", "network", 11112, "the port of our Storage SCP; 0 takes a free one", kind="whole", metavar="PORT"),
    Option(
        "--advertised-address",
        "network",
        None,
        "our address as the system sees it, where a NAT stands between (default: where we listen)",
        metavar="HOST:PORT",
    ),
    Option("--send-only-ae", "network", None, "an AE title that the system knows for sending only (default: none)", metavar="AE"),
    Option("--user", "network", None, "a user of the system, for user identity (default: none)", metavar="NAME"),
    Option(
        "--passcode-env",
        "network",
        "CONFORMANCE_PASSCODE",
        "the environment variable that holds the passcode of that user",
        metavar="VARIABLE",
    ),
    Option("--web-url", "web", None, "base URL of its DICOMweb service, above `studies` (default: none)", metavar="URL"),
    Option("--web-ca", "web", None, "the certificates to trust there (default: the public ones of certifi)", metavar="FILE"),
    Option("--web-user", "web", None, "user name there (default: the secret is a bearer token)", metavar="NAME"),
    Option(
        "--web-secret-env",
        "web",
        "CONFORMANCE_WEB_SECRET",
        "the environment variable that holds the token, or the password of the user",
        metavar="VARIABLE",
    ),
    Option("--tls-port", "tls", None, "its port for DIMSE over TLS (default: none)", kind="whole", metavar="PORT"),
    Option("--tls-ca", "tls", None, "the certificates to trust there (default: those of this machine)", metavar="FILE"),
    Option("--tls-cert", "tls", None, "our certificate, where it demands one (default: none)", metavar="FILE"),
    Option("--tls-key", "tls", None, "the key of our certificate (default: in the same file)", metavar="FILE"),
    Option("--role", "run", "archive", "the role in which the system is tested: `archive`, `source`, `consumer`", metavar="ROLE"),
    Option("--target-profile", "run", None, "the profile file (default: none)", metavar="FILE", in_profile=False),
    Option("--guide", "run", None, "another edition of the register (default: the bundled one)", metavar="FILE"),
    Option("--waivers", "run", None, "failures that somebody answers for (default: none)", metavar="FILE"),
    Option("--tester", "run", None, "who runs it, for the certificate page (default: not said)", metavar="NAME"),
    Option("--report-dir", "run", "conformance-report", "where results and report are written", metavar="DIR"),
    Option("--lang", "run", "en", "the language of the report: `en` or `fr`", metavar="LANG"),
    Option("--baseline", "run", None, "earlier results: the report opens with what changed since (default: none)", metavar="FILE"),
    Option("--seed", "run", None, "what the studies are made from (default: drawn, and printed)", kind="whole", metavar="N"),
    Option("--replay", "run", None, "a case of an earlier report: ask that one question again", metavar="FILE", in_profile=False),
    Option("--slow", "run", False, "also run the checks that wait for timers of the system or store much there", kind="flag"),
    Option("--study-instances", "run", STUDY_INSTANCES, "instances of the longest study (with `--slow`)", kind="whole", metavar="N"),
    Option("--object-megabytes", "run", OBJECT_MEGABYTES, "megabytes of the largest object (with `--slow`)", kind="whole", metavar="N"),
    Option("--no-hostile", "run", False, "leave out the checks that send what may harm a weak system", kind="flag"),
    Option("--certify", "run", False, "a formal run: everything with `--slow`, no selection, a complete profile", kind="flag"),
    Option(
        "--trigger",
        "run",
        None,
        "command that takes each step in place of the operator; `{step}` `{host}` `{port}` `{ae}` `{calling}` are filled in",
        metavar="CMD",
    ),
    Option("--inbox", "run", None, "judge the files of a folder as what a source sent, without a network (default: none)", metavar="DIR"),
    Option("--patience", "run", 300.0, "seconds to wait for each step of the operator", kind="seconds", metavar="S"),
    Option("--settle", "run", 3.0, "seconds without anything new after which a step is over", kind="seconds", metavar="S"),
    Option("--connect-timeout", "timeouts", 5.0, "seconds to wait for TCP", kind="seconds", metavar="S"),
    Option("--associate-timeout", "timeouts", 15.0, "seconds to wait for the answer to A-ASSOCIATE-RQ", kind="seconds", metavar="S"),
    Option("--response-timeout", "timeouts", 45.0, "seconds to wait for each DIMSE response", kind="seconds", metavar="S"),
    Option("--subop-timeout", "timeouts", 60.0, "seconds between two responses of a retrieve", kind="seconds", metavar="S"),
    Option("--release-timeout", "timeouts", 5.0, "seconds to wait for A-RELEASE-RP", kind="seconds", metavar="S"),
    Option("--report-timeout", "timeouts", 30.0, "seconds to wait for a storage commitment report", kind="seconds", metavar="S"),
    Option("--send-timeout", "timeouts", 30.0, "seconds for which the system may stop reading", kind="seconds", metavar="S"),
)

BY_FLAG: Mapping[str, Option] = {option.flag: option for option in OPTIONS}
