"""The words that a report has for what the records spell as codes. English; `reports.language` translates them."""

from collections.abc import Mapping

from conformance.guide import Level, Provenance
from conformance.verdicts import Certification, Outcome, Verdict
from reports.associations import End, Reply
from reports.comparing import Change
from reports.identity import Agreement
from reports.page import Gap, Reason
from reports.reading import Plight

PROVENANCE: Mapping[Provenance, str] = {
    Provenance.GUIDE: "the guide’s phrase",
    Provenance.STANDARD: "DICOM’s rule",
    Provenance.DERIVED: "our derivation",
    Provenance.PRACTICE: "common practice",
}

PROVENANCE_MEANS: Mapping[Provenance, str] = {
    Provenance.GUIDE: "A phrase of the guide’s public page. Which attribute it means is our reading.",
    Provenance.STANDARD: "DICOM itself demands or defines it, in the clause named.",
    Provenance.DERIVED: "Our reading of what a phrase of the guide, or of DICOM, needs.",
    Provenance.PRACTICE: "Comparable programmes, IHE profiles or experience with products ask for it.",
}

LEVEL: Mapping[Level, str] = {level: str(level) for level in Level}

VERDICT: Mapping[Verdict, str] = {verdict: str(verdict) for verdict in Verdict}

CERTIFIED: Mapping[Certification, str] = {certification: str(certification) for certification in Certification}

OUTCOME: Mapping[Outcome, str] = {
    Outcome.CONFORMS: "conforms",
    Outcome.VIOLATES: "violates",
    Outcome.NOT_EXERCISED: "not exercised",
    Outcome.NOT_APPLICABLE: "not applicable",
    Outcome.INDETERMINATE: "indeterminate",
}

VERDICT_MEANS: Mapping[Verdict, str] = {
    Verdict.FAIL: "A SHALL that was seen broken.",
    Verdict.INCONCLUSIVE: "The harness could not tell. Nobody is blamed, nothing is decided.",
    Verdict.BLOCKED: "Not decided: what it needs was not there, or no check exists for it yet. Never a pass.",
    Verdict.WARN: "A SHOULD that was seen broken. It does not lower the certification.",
    Verdict.INFO: "A MAY that the system does not take up.",
    Verdict.PASS: "Seen to be met.",
    Verdict.NOT_APPLICABLE: "Does not apply to this system, or is optional and was not tried.",
}

CERTIFICATION: Mapping[Certification, str] = {
    Certification.CERTIFIED: "Every binding requirement that applies was tested and met.",
    Certification.WITH_WAIVERS: "Every binding requirement that applies was tested and is met or waived.",
    Certification.INCOMPLETE: (
        "Nothing was found that forbids certification, but not everything binding was decided: this is no certificate."
    ),
    Certification.NOT_CERTIFIED: "The system breaks at least one binding requirement. As it is, it should not be connected.",
}

TONE: Mapping[Certification, str] = {
    Certification.CERTIFIED: "good",
    Certification.WITH_WAIVERS: "good",
    Certification.INCOMPLETE: "open",
    Certification.NOT_CERTIFIED: "bad",
}
"""The class name that colours a certification; its word always stands beside it."""

INK: Mapping[Verdict, str] = {
    Verdict.FAIL: "#a11722",
    Verdict.INCONCLUSIVE: "#6c3f92",
    Verdict.BLOCKED: "#b5afa3",
    Verdict.WARN: "#8a4f00",
    Verdict.INFO: "#225f8f",
    Verdict.PASS: "#1f6b3b",
    Verdict.NOT_APPLICABLE: "#d9d4ca",
}
"""The colour of a verdict where the style sheet does not reach: charts on paper. Words and numbers always stand beside it."""

REASON: Mapping[Reason, tuple[str, str]] = {
    Reason.PREFLIGHT: ("Preflight stopped the run: this is configuration, not conformance",) * 2,
    Reason.FAILED: ("{count} requirement failed", "{count} requirements failed"),
    Reason.TRUNCATED: ("The run was cut short: its results file has no end",) * 2,
    Reason.UNREADABLE: ("{count} line of the results file could not be read", "{count} lines of the results file could not be read"),
    Reason.PARTIAL: ("Only part of the suite was selected", "Only part of the suite was selected"),
    Reason.UNDECIDED: (
        "{count} binding requirement was tried and could not be decided",
        "{count} binding requirements were tried and could not be decided",
    ),
    Reason.UNTESTED: ("{count} binding requirement was not tested in this run", "{count} binding requirements were not tested in this run"),
    Reason.UNWRITTEN: (
        "{count} binding requirement has no check in this release yet",
        "{count} binding requirements have no check in this release yet",
    ),
    Reason.NOTHING: ("No binding requirement was seen to be met",) * 2,
    Reason.WAIVED: ("{count} failed requirement is waived", "{count} failed requirements are waived"),
    Reason.RECORDED: ("As the run itself put it",) * 2,
}

GAP: Mapping[Gap, str] = {
    Gap.THIS_RUN: "Left open by this run",
    Gap.UNATTESTED: "Nobody has attested to it",
    Gap.NO_CHECK: "No check decides it yet",
    Gap.NOT_APPLICABLE: "Does not apply to this system, or is optional",
}

GAP_MEANS: Mapping[Gap, str] = {
    Gap.THIS_RUN: "A check exists; it was not selected, not reached, or stopped before it could tell. Another run may decide it.",
    Gap.UNATTESTED: "No message shows it. A dated statement under [[attestations]] of the profile decides it.",
    Gap.NO_CHECK: "No run of this release can decide it. The register says what it would need.",
    Gap.NOT_APPLICABLE: "Nothing is owed here.",
}

PLIGHT: Mapping[Plight, str] = {
    Plight.EMPTY: (
        "Nothing was recorded. The run was stopped before it wrote its first line, so nothing was tested as far as this file tells."
    ),
    Plight.OUTDATED: (
        "The results were recorded in an early form that this version of the harness cannot read, so what they say is not known here."
    ),
}

PLIGHT_REMEDY: Mapping[Plight, str] = {
    Plight.EMPTY: ("Run the suite again. If that ends in the same way, look at what it printed before it stopped: the disk may be full."),
    Plight.OUTDATED: "Render the file with the version of the harness that wrote it, or run the suite again.",
}

CHANGE: Mapping[Change, str] = {change: str(change) for change in Change}

CHANGE_MEANS: Mapping[Change, str] = {
    Change.BROKEN: "Was met, or did not matter, and is no longer.",
    Change.WORSE: "A graver verdict than before.",
    Change.GONE: "No longer in scope, or no longer applies: nobody looked this time.",
    Change.NEW: "Not in scope before, or did not apply.",
    Change.REASON: "The same verdict for something else that was seen.",
    Change.BETTER: "A milder verdict than before, though not a good one.",
    Change.FIXED: "Is met now.",
}

AGREEMENT: Mapping[Agreement, str] = {
    Agreement.SAME: "same",
    Agreement.DIFFERS: "differs",
    Agreement.ONLY_SAID: "cannot be seen on the wire",
    Agreement.ONLY_SEEN: "not in the profile",
}

OPTION: Mapping[str, str] = {
    "SCP role for us on storage, as C-GET needs it": "SCP role for us on storage, as C-GET needs it",
    "relational queries": "relational queries",
    "relational retrieval": "relational retrieval",
}

PREFLIGHT: Mapping[str, str] = {"passed": "passed", "failed": "failed", "noted": "noted", "not reached": "not reached"}

FACT: Mapping[str, str] = {
    "vendor": "Vendor",
    "product": "Product",
    "version": "Version",
    "site": "Site",
    "Implementation Class UID": "Implementation Class UID",
    "Implementation Version Name": "Implementation Version Name",
    "Maximum PDU length": "Maximum PDU length",
    "called AE title": "Called AE title",
    "calling AE title": "Calling AE title",
    "host": "Host",
    "port": "Port",
    "TLS port": "Port of DIMSE over TLS",
    "our Storage SCP": "Our Storage SCP",
    "Edition": "Edition",
    "Harness": "Harness",
}

DIRECTION: Mapping[str, str] = {"sent": "sent", "received": "received"}

BRANCH: Mapping[str, str] = {"patient": "Patient {number}", "study": "Study {number}", "series": "Series {number}"}

REPLY: Mapping[Reply, str] = {reply: str(reply) for reply in Reply}

END: Mapping[End, str] = {end: str(end) for end in End}

ROLE: Mapping[str, str] = {"archive": "archive", "source": "source", "consumer": "consumer"}

GROUP: Mapping[str, str] = {
    "ASSOC": "Association",
    "VERIF": "Verification",
    "STORE": "Storage",
    "INTEG": "Integrity of the tree",
    "IDENT": "Identifiers",
    "CHAR": "Character sets",
    "XFER": "Transfer syntaxes",
    "QUERY": "Query",
    "RETR": "Retrieve",
    "COMMIT": "Storage commitment",
    "REJECT": "Refusal of bad data",
    "ROBUST": "Robustness",
    "SEC": "Security",
    "WORK": "Worklist and procedure steps",
    "IOCM": "Rejection notes",
    "WEB": "DICOMweb",
    "DOC": "Documentation",
}
