"""Results for the tests: a whole run over the bundled register, as an unmodified archive might have left it."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from conformance.guide import Level, Role, load_register
from conformance.guide import Requirement as Registered
from conformance.verdicts import Outcome, Verdict, judge
from reports.judging import certification, judged
from reports.results import (
    SCHEMA_VERSION,
    Attestation,
    Check,
    Finding,
    Footer,
    Header,
    Identity,
    NegotiatedContext,
    Offer,
    Preflight,
    Received,
    ReceivedSeries,
    RegisterRow,
    Requirement,
    Results,
    StoredObject,
    Unreadable,
    Waiver,
    WireStep,
    write_results,
)

REGISTER = load_register()
SCOPE = REGISTER.in_scope([Role.ARCHIVE])

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
UNKNOWN = "1.2.840.10008.5.1.4.1.1.481.1"

BROKEN: Mapping[str, tuple[str, str, str]] = {  # requirement: expected, got, hint
    "ASSOC-02": (
        "A-ASSOCIATE-RJ 1/1/7 (called AE title not recognized)",
        "A-ASSOCIATE-AC for the called AE title XQ7WRONGAE",
        "switch on the check of the called AE title; Orthanc: DicomCheckCalledAet",
    ),
    "RETR-04": (
        "status A801 (move destination unknown)",
        "status C000 (unable to process) after 0.02 s",
        "a sender that looks for A801 tells its user to register the destination",
    ),
    "REJECT-09": (
        "an A-ABORT or a failure status within 45 s of a data set cut in the middle",
        "no answer for 45 s, then A-ABORT 0/0",
        "",
    ),
    "QUERY-06": ("studies of both spellings", "0 of 2 studies for PN M?LLER*", "compare by character, not by octet"),
    "IDENT-10": ("two studies", "one study that holds the instances of both", "match studies by Study Instance UID alone"),
    "RETR-08": ("status 0000 with no sub-operation", "status C000 (unable to process)", ""),
    "REJECT-04": ("a failure status for an instance without (0008,0060)", "status 0000 (Success); the series is found without it", ""),
    "CHAR-08": ("the name in three component groups", "the ideographic group is missing", ""),
}
PICTURE = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(3000)).decode()  # as long as one of 96 x 96 pixels
SERIES = ReceivedSeries(
    patient=1,
    study=2,
    series=3,
    modality="CT",
    instances=212,
    octets=1 << 20,
    sop_classes=["CT Image Storage"],
    thumbnail=PICTURE,
    began=10.0,
    seconds=2.0,
)
OFFERS = [Offer([CT, "1.2.840.10008.5.1.4.1.1.4"], [EXPLICIT, "1.2.840.10008.1.2"])]
OPTIONS = {"relational queries": True, "relational retrieval": False}
LEFT_OPEN = "not selected, or not reached, in this run"
NEEDS = "Needs a second site, which this release does not have."


def header(**changes: object) -> Header:
    made = Header(
        schema=SCHEMA_VERSION,
        harness="ontario-dicom-conformance 0.1.0",
        edition=REGISTER.edition,
        register_digest=REGISTER.digest,
        seed=20260424,
        nonce="k3f9q2",
        started="2026-10-05T14:03:22+00:00",
        roles=["archive"],
        target={
            "called AE title": "ORTHANC",
            "host": "127.0.0.1",
            "port": "4242",
            "TLS port": "2762",
            "calling AE title": "CONFORMANCE",
            "our Storage SCP": "127.0.0.1:11112",
        },
        profile={
            "product": {"vendor": "Example Imaging", "product": "Keep", "version": "4.2.1", "site": "Test bench"},
            "claims": {"sop-classes": [CT, "1.2.840.10008.5.1.4.1.1.4", UNKNOWN], "transfer-syntaxes": [EXPLICIT]},
        },
        certify=True,
        partial=[],
        command="pytest --target-ae=ORTHANC --host=127.0.0.1 --port=4242",
        environment={"python": "3.11.2", "pydicom": "3.0.2", "platform": "Linux", "tester": "Onboarding desk"},
        register=[register_row(row) for row in SCOPE],
        guide_title=REGISTER.title,
    )
    return msgspec.structs.replace(made, **changes)


def outcome_of(row: Registered) -> Outcome:
    """Spread outcomes over the register so that every verdict occurs."""
    number = int(row.id.rpartition("-")[2])
    if row.id in BROKEN:
        return Outcome.VIOLATES
    if row.id in {"QUERY-13", "RETR-09"}:
        return Outcome.INDETERMINATE
    if number == 12 or (row.level is Level.SHOULD and number % 4 == 1):
        return Outcome.NOT_EXERCISED
    return Outcome.NOT_APPLICABLE if row.applies_when in {"worklist", "web", "mpps"} else Outcome.CONFORMS


def transcript(length: int = 6) -> list[WireStep]:
    opening = [
        WireStep(0.0004, "sent", "A-ASSOCIATE-RQ", size=228, fields={"CalledAETitle": "ORTHANC", "CallingAETitle": "CONFORMANCE"}),
        WireStep(0.0121, "received", "A-ASSOCIATE-AC", size=184),
    ]
    stores = [
        WireStep(0.02 * (number + 1), *pair, context=3, size=524_288 if pair[0] == "sent" else 92, fields={"MessageID": str(number)})
        for number in range((length - 2) // 2)
        for pair in (("sent", "C-STORE-RQ"), ("received", "C-STORE-RSP"))
    ]
    return opening + stores


def check(row: Registered, number: int, **changes: object) -> Check:
    outcome = outcome_of(row)
    slug = row.title.lower().replace(" ", "_").replace(",", "")
    found = []
    if row.id in BROKEN:
        expected, got, hint = BROKEN[row.id]
        found = [Finding(row.id, Outcome.VIOLATES, expected, got, hint)]
    if outcome is Outcome.INDETERMINATE:
        found = [Finding(row.id, outcome, "an answer within 45 s", "our own listener had no free port", "give --listen-port")]
    if outcome is Outcome.NOT_EXERCISED:
        found = [Finding(row.id, outcome, "the control is accepted", "the control itself was answered A700 (out of resources)")]
    made = Check(
        nodeid=f"conformance/suite/test_{row.id.partition('-')[0].lower()}.py::test_{slug}",
        name=row.title,
        outcomes={row.id: outcome},
        seconds=0.04 + (number % 17) * 0.21,
        waiting=0.03 + (number % 17) * 0.17,
        findings=found,
        transcript=transcript() if found else [],
        files=[f"evidence/{row.id}/control.dcm", f"evidence/{row.id}/faulty.dcm"] if found else [],
        repeat=f"pytest --target-ae=ORTHANC --host=127.0.0.1 --port=4242 --seed=20260424 -k test_{slug}" if found else "",
        began=number * 0.4,
        octets=(number % 9) * 70_000,
        latencies={"C-STORE": [0.002 * (1 + number % 7), 0.011], "C-FIND": [0.03 + 0.01 * (number % 5)]}
        if number % 3
        else {"A-ASSOCIATE": [0.0009]},
        repeat_dcmtk=f"storescu -v -aec ORTHANC -aet CONFORMANCE 127.0.0.1 4242 evidence/{row.id}/faulty.dcm" if found else "",
    )
    return msgspec.structs.replace(made, **changes)


def is_tried(row: Registered) -> bool:
    return outcome_of(row) is not Outcome.NOT_EXERCISED or row.id.startswith(("STORE", "QUERY"))


def lacks_check(row: Registered) -> bool:
    """Say that no check decides a row, whatever the bundled register says of it today."""
    return not is_tried(row) and row.id.startswith(("INTEG", "XFER", "REJECT"))


def register_row(row: Registered) -> RegisterRow:
    return msgspec.structs.replace(RegisterRow.of(row), untested=NEEDS if lacks_check(row) else "")


def checks(rows: Iterable[Registered] = SCOPE) -> list[Check]:
    return [check(row, number) for number, row in enumerate(rows) if is_tried(row) and outcome_of(row) is not Outcome.NOT_APPLICABLE]


def requirement(row: Registered) -> Requirement:
    outcome = outcome_of(row)
    reason = {
        Outcome.NOT_EXERCISED: NEEDS if lacks_check(row) else LEFT_OPEN,
        Outcome.NOT_APPLICABLE: f"The profile does not claim {row.applies_when}.",
    }
    waiver = Waiver("IDENT-10", "N. Tremblay", "Fixed in release 4.3", "2026-12-31", "CASE-1181") if row.id == "IDENT-10" else None
    attestation = Attestation("R. Okafor", "2026-09-30", "Statement 12, revision 4, covers it.", True) if row.id == "DOC-01" else None
    made = Requirement(row.id, row.level, outcome, judge(outcome, row.level), reason=reason.get(outcome, ""), seconds=0.4)
    return msgspec.structs.replace(made, waiver=waiver, attestation=attestation)


def left(patients: int = 4) -> list[StoredObject]:
    root = "2.25.17834093287423412341234"
    return [
        StoredObject(f"SYNk3f9q2-{patient:04}", f"{root}.{patient}", f"{root}.{patient}.1", f"{root}.{patient}.1.{image}")
        for patient in range(patients)
        for image in range(12)
    ]


NO_VERDICT = Footer("", [], "2026-10-05T14:04:31+00:00", 69.2, 51.7, {}, 0, left())


def full_run(rows: Sequence[Registered] = SCOPE, **changes: object) -> Results:
    """A whole run; with all rows in scope it holds every verdict, and the findings always."""
    rows = [row for row in SCOPE if row in rows or row.id in BROKEN]
    contexts = [NegotiatedContext(CT, EXPLICIT, 0), NegotiatedContext(CT, "1.2.840.10008.1.2", 0)]
    refused = [NegotiatedContext(UNKNOWN, "", 3)]
    made = Results(
        header=header(register=[register_row(row) for row in rows]),
        preflight=preflight(),
        identity=Identity("1.2.276.0.7230010.3.0.3.6.7", "OFFIS_DCMTK_367", 16384, contexts + refused, OFFERS, [UNKNOWN], OPTIONS),
        checks=checks(rows),
        requirements=[requirement(row) for row in rows],
        footer=NO_VERDICT,
        unreadable=0,
    )
    return ended(msgspec.structs.replace(made, **changes))


def short_run() -> Results:
    """Every kind of element that a report has, and few of each: a browser takes as long as a page has elements."""
    whole = full_run([row for row in SCOPE if row in SCOPE[::20] or row.id in {"INTEG-12", "XFER-12", "QUERY-12", "QUERY-13"}])
    assert whole.footer
    told = next(number for number, check in enumerate(whole.checks) if check.transcript)
    checks = [check if number == told else msgspec.structs.replace(check, transcript=[]) for number, check in enumerate(whole.checks)]
    return msgspec.structs.replace(whole, checks=checks, footer=msgspec.structs.replace(whole.footer, left=whole.footer.left[:3]))


def ended(results: Results) -> Results:
    """Give the footer the certification that its rows make."""
    if results.footer is None:
        return results
    results = msgspec.structs.replace(results, footer=NO_VERDICT)
    rows = judged(results)
    verdicts = {str(verdict): sum(row.verdict is verdict for row in rows) for verdict in Verdict}
    footer = msgspec.structs.replace(NO_VERDICT, certification=certification(results, rows), verdicts=verdicts)
    return msgspec.structs.replace(results, footer=footer)


def brought(*series: ReceivedSeries, more: int = 0) -> Received:
    """What a source brought, with all that may be told of it."""
    unreadable, remarks = [Unreadable("<b>bad</b>.dcm", "is no DICOM file")], ["SeriesNumber differs within one Series"]
    return Received(sum(one.instances for one in series), list(series), 1, unreadable, remarks, more)


def changed(results: Results, **verdicts: tuple[str, str]) -> Results:
    """Give the same run with other (outcome, verdict) for some rows; `STORE_01` names STORE-01."""
    wanted = {name.replace("_", "-"): pair for name, pair in verdicts.items()}
    records = [
        msgspec.structs.replace(record, outcome=wanted[record.id][0], verdict=wanted[record.id][1]) if record.id in wanted else record
        for record in results.requirements
    ]
    return ended(msgspec.structs.replace(results, requirements=records))


def preflight() -> list[Preflight]:
    return [
        Preflight("TCP connection", "passed", "127.0.0.1:4242 answers", seconds=0.0003),
        Preflight("Association", "passed", "accepted as ORTHANC", seconds=0.012),
        Preflight("Called AE title", "noted", "any called AE title is accepted", "switch on the check of the called AE title", 0.02),
        Preflight("C-ECHO", "passed", "0000 (Success)", seconds=0.001),
    ]


def write(results: Results, path: Path) -> Path:
    write_results(results, path)
    return path
