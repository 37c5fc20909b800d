"""Robustness: broken links and noise on the port harm nothing else (PS3.8 9.2.3, PS3.7 9.2.3)."""

import pytest

from conformance.findings import expect, require
from conformance.suite.attempts import CUTS
from conformance.suite.expectations import expect_found
from conformance.suite.queries import image_query
from conformance.suite.system import TAKEN, System, storage_contexts
from conformance.target import Claims
from generators import Synthesizer, encode_study


@pytest.mark.requirement("ROBUST-01")
@pytest.mark.parametrize("cut", CUTS)
def test_keeps_the_whole_objects_and_not_the_half_one(system: System, synthesizer: Synthesizer, cut: str) -> None:
    system.keep_study(synthesizer.study("CT", instances=2))
    study = synthesizer.study("CT", instances=5)
    instances = encode_study(study)
    with system.associate(storage_contexts(instances)) as association:
        for instance in instances[:2]:
            require(system.send(association, instance).status_class in TAKEN, "a sound object before the cut was refused")
        system.ledger.note_sent(instances[2])
        association.half_store(instances[2], 0.5)
        CUTS[cut](association)
    system.require_alive("after the cut")
    series = study.series[0]
    kept = {instance.uid for instance in series.instances[:2]}
    system.comes_true(lambda: kept <= system.listed(study))
    expect_found(
        system.find(image_query(study, series)),
        "SOPInstanceUID",
        {instance.uid: f"object {instance.number}" for instance in series.instances[:2]},
        because=f"two objects were sent whole and the third was cut off by {cut}",
    )
    answer = system.store(instances[2])[0]
    expect(answer.status_class in TAKEN, expected="the third object taken when it is sent again", got=str(answer))


NOISE = {
    "random bytes": bytes((index * 197 + 41) % 256 for index in range(512)),
    "an HTTP request": b"GET / HTTP/1.1\r\nHost: conformance\r\n\r\n",
    "a TLS ClientHello": bytes.fromhex("16030100310100002d0303") + bytes(32) + bytes.fromhex("000006c02fc030009c0100"),
    "an unknown PDU type": bytes.fromhex("42000000000400000000"),
    "nothing": b"",
}


@pytest.mark.requirement("ROBUST-02")
@pytest.mark.parametrize("noise", NOISE)
def test_serves_on_after_noise_on_its_port(system: System, claims: Claims, noise: str) -> None:
    require(system.serves_within(claims.silence_seconds), "the control failed before the noise: no association")
    for _ in range(3):
        with system.connection() as wire:
            wire.send_bytes(NOISE[noise])
    expect(
        system.serves_within(claims.silence_seconds),
        expected=f"associations served again, at the latest {claims.silence_seconds:g} s after {noise} on the port",
        got="no association is accepted",
    )
