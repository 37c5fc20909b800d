"""DIMSE over TLS: what is offered, what is refused (PS3.15 B.12, B.13)."""

import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.dimse import TLS_HANDSHAKE, AssociationEnded, EndingKind, Endpoint
from conformance.findings import NotExercised, expect, require
from conformance.suite.certificates import untrusted_certificate
from conformance.suite.expectations import require_named
from conformance.suite.peer import VERIFICATION
from conformance.suite.system import TAKEN, System, storage_contexts
from conformance.target import Claims
from conformance.tls import SOUND_HELLO, WEAK_HELLOS, Hello, TlsService, client_context, takes
from generators import Synthesizer, encode_study

VERSIONS = {"TLS 1.2": ssl.TLSVersion.TLSv1_2, "TLS 1.3": ssl.TLSVersion.TLSv1_3}
NO_CONNECTION = frozenset({EndingKind.REFUSED, EndingKind.UNREACHABLE})
NO_HANDSHAKE = NO_CONNECTION | {EndingKind.TLS}
REFUSED = frozenset({EndingKind.TLS, EndingKind.ABORT, EndingKind.CLOSE, EndingKind.RESET, EndingKind.REJECT})


@pytest.fixture(scope="module")
def service(system: System) -> TlsService:
    if system.target.tls is None:
        raise NotExercised("the profile names no port of DIMSE over TLS: --tls-port")
    return system.target.tls


@pytest.fixture(scope="module")
def claimed(system: System, claims: Claims) -> TlsService:
    """The port of TLS of a system that claims one."""
    require_named(system.target.tls, claims, "a port of DIMSE over TLS: --tls-port")
    assert system.target.tls is not None
    return system.target.tls


@pytest.fixture
def secured(system: System, claimed: TlsService) -> Iterator[Endpoint]:
    """The TLS port, which answers C-ECHO before the case and after it."""
    endpoint = secured_endpoint(system, claimed, client_context(claimed))
    require_echo(system, endpoint, "before the case")
    yield endpoint
    require_echo(system, endpoint, "after the case")


def secured_endpoint(system: System, service: TlsService, context: ssl.SSLContext) -> Endpoint:
    return replace(system.endpoint, port=service.port, tls=context)


def require_echo(system: System, endpoint: Endpoint, when: str) -> None:
    """Leave the case unexercised unless C-ECHO over TLS is answered."""
    try:
        with system.associate([VERIFICATION], endpoint=endpoint) as association:
            answer = association.echo()
    except AssociationEnded as error:
        raise NotExercised(f"the control failed {when}: no C-ECHO over TLS ({error.ending})") from error
    require(answer.status == 0, f"the control failed {when}: C-ECHO over TLS was answered {answer}")


@pytest.mark.requirement("SEC-03")
def test_takes_objects_over_a_current_version_of_tls(system: System, service: TlsService, synthesizer: Synthesizer) -> None:
    refused: dict[str, str] = {}
    unmet: dict[str, str] = {}
    in_plain = exchanged(system, system.endpoint, synthesizer)
    require(not in_plain, f"the control failed: without TLS, {in_plain}")
    for name, version in VERSIONS.items():
        endpoint = secured_endpoint(system, service, client_context(service, version))
        try:
            wrong = exchanged(system, endpoint, synthesizer)
            if wrong:
                refused[name] = wrong
        except AssociationEnded as error:
            (unmet if error.ending.kind in NO_HANDSHAKE or error.ending.during == TLS_HANDSHAKE else refused)[name] = str(error.ending)
    require(len(unmet) < len(VERSIONS), f"no handshake in either version; look at --tls-port, --tls-ca and --tls-cert: {unmet}")
    expect(len(refused | unmet) < len(VERSIONS), expected="C-ECHO and C-STORE over TLS 1.2 or TLS 1.3", got=str(refused | unmet))


def exchanged(system: System, endpoint: Endpoint, synthesizer: Synthesizer) -> str:
    """Send C-ECHO and a study on one association, and say what was not answered with success."""
    instances = encode_study(synthesizer.study("CT", instances=2, rows=256, columns=256))
    with system.associate([VERIFICATION, *storage_contexts(instances)], endpoint=endpoint) as association:
        answers = [association.echo(), *(system.send(association, instance) for instance in instances)]
    return ", ".join(f"{answer.service} answered {answer}" for answer in answers if answer.status_class not in TAKEN)


@pytest.mark.requirement("SEC-04")
@pytest.mark.parametrize("hello", WEAK_HELLOS, ids=lambda hello: hello.name.replace(" ", "-"))
def test_refuses_obsolete_versions_and_weak_suites(system: System, secured: Endpoint, hello: Hello) -> None:
    seconds = system.target.timeouts.connect
    require(takes(secured, SOUND_HELLO, seconds), f"the control failed: a ClientHello by hand of {SOUND_HELLO.name} is not taken")
    taken = takes(secured, hello, seconds)
    require(taken is not None, "the offer was left without an answer")
    expect(not taken, expected=f"a handshake that offers {hello.name} refused", got="a ServerHello that agrees to it")


@pytest.mark.requirement("SEC-05")
@pytest.mark.parametrize("shown", ["no certificate", "a self-signed certificate"])
def test_lets_nobody_in_without_a_certificate_that_it_trusts(
    system: System, claimed: TlsService, secured: Endpoint, tmp_path: Path, shown: str
) -> None:
    pair = ("", "") if shown == "no certificate" else untrusted_certificate(tmp_path)
    try:
        endpoint = secured_endpoint(system, claimed, client_context(claimed, certificate=pair))
        with system.associate([VERIFICATION], endpoint=endpoint) as association:
            answer = association.echo()
    except AssociationEnded as error:
        require(error.ending.kind in REFUSED, f"neither let in nor refused: {error.ending}")
        return
    expect(False, expected=f"a client that shows {shown} refused", got=f"an association, and C-ECHO answered {answer.status:04X}")


@pytest.mark.requirement("SEC-06")
def test_answers_no_plain_dicom_on_the_port_of_tls(system: System, secured: Endpoint) -> None:
    try:
        with system.associate([VERIFICATION], endpoint=replace(secured, tls=None)) as association:
            seen = association.acceptance.implementation_version
    except AssociationEnded as error:
        require(error.ending.kind not in NO_CONNECTION, f"no connection: {error.ending}")
        return
    expect(False, expected="a plain A-ASSOCIATE-RQ on the port of TLS not accepted", got=f"A-ASSOCIATE-AC of {seen or 'the system'}")
