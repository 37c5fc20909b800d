"""What the judging finds in each named fault of the generators: written before the first run, and held by equality.

A fault stands in the second of two instances of a series, whose first is sound; so what the first says otherwise is a disagreement
in the study too. A fault that breaks no row of a source, since the standard allows it or no row speaks of it, has no entry.
"""

from collections.abc import Mapping

_INSTANCE, _PATIENT, _ENCODING = ("STORE-16",), ("INTEG-06",), ("XFER-07",)

_MALFORMED = {
    f"{way}-{uid}": ("INTEG-10", *more)
    for uid, more, ways in (
        ("sop-instance-uid", (), ("lettered", "overlong", "zero-led", "dot-ended", "double-dotted")),
        ("series-uid", (), ("lettered", "overlong", "zero-led")),
        ("study-uid", ("INTEG-01",), ("lettered", "overlong", "zero-led")),  # the neighbour's series then stands in two studies
    )
    for way in ways
}

_PIXELS = dict.fromkeys(
    (
        *("absent-rows", "zero-columns", "twice-the-rows", "absent-bits-allocated", "bits-stored-above-allocated", "high-bit-apart"),
        *("unknown-photometric-interpretation", "four-samples-per-pixel", "third-pixel-representation", "short-pixel-data"),
        *("long-pixel-data", "absent-pixel-data", "more-frames-than-pixels", "lying-offset-table", "defined-length-fragments"),
    ),
    _INSTANCE,
)

_UNREADABLE = dict.fromkeys(
    (
        *("implicit-in-explicit", "big-endian-in-little", "cut-inside-an-element", "length-past-the-end", "unknown-vr"),
        *("unterminated-sequence", "overlong-item", "no-item-in-sequence", "file-header-in-data-set", "garbage-at-the-end"),
        "undelimited-fragments",
    ),
    _ENCODING,
)

BREAKS: Mapping[str, tuple[str, ...]] = {
    "absent-patient-id": ("IDENT-01", *_PATIENT, *_INSTANCE),
    "empty-patient-id": ("IDENT-01", *_PATIENT),
    "blank-patient-id": ("IDENT-01", *_PATIENT),
    "absent-accession-number": ("IDENT-02", "IDENT-16", *_INSTANCE),
    "empty-accession-number": ("IDENT-02", "IDENT-16"),
    "blank-accession-number": ("IDENT-02", "IDENT-16"),
    **dict.fromkeys(("absent-study-uid", "empty-study-uid", "absent-series-uid", "empty-series-uid"), _INSTANCE),
    **dict.fromkeys(("absent-sop-instance-uid", "empty-sop-instance-uid"), ("INTEG-14", *_INSTANCE)),
    **dict.fromkeys(("absent-sop-class-uid", "empty-sop-class-uid", "instance-not-of-the-command"), ("INTEG-14",)),
    "class-not-of-the-command": ("INTEG-14", *_INSTANCE),
    **dict.fromkeys(("absent-modality", "empty-modality", "lower-case-modality", "overlong-modality"), ("INTEG-08", *_INSTANCE)),
    "modality-of-another": ("INTEG-08",),
    "overlong-accession-number": ("IDENT-16", *_INSTANCE),
    "two-accession-numbers": ("IDENT-16",),
    "accession-of-another": ("IDENT-16",),
    "placeholder-patient-id": ("IDENT-13", *_PATIENT),
    **dict.fromkeys(("overlong-patient-id", "two-patient-ids"), (*_PATIENT, *_INSTANCE)),
    **dict.fromkeys(("wildcard-patient-id", "quoted-patient-id", "markup-patient-id", "wrong-health-card-digit"), _PATIENT),
    "health-card-with-version": ("IDENT-14", *_PATIENT),
    **dict.fromkeys(("empty-patient-name", "empty-birth-date", "empty-sex", "zero-birth-date", "unknown-sex"), ("IDENT-15", *_PATIENT)),
    "overlong-patient-name": ("IDENT-15", *_PATIENT, *_INSTANCE),
    **dict.fromkeys(("six-component-name", "null-in-name"), (*_PATIENT, *_INSTANCE)),
    **dict.fromkeys(
        ("overlong-study-id", "overlong-study-description", "control-character-in-text", "odd-length"), (*_PATIENT, *_INSTANCE)
    ),
    **dict.fromkeys(("four-group-name", "absent-issuer-of-patient-id", "patient-id-of-another", "patient-name-of-another"), _PATIENT),
    **dict.fromkeys(("birth-date-of-another", "study-date-of-another", "study-description-of-another"), _PATIENT),
    **dict.fromkeys(("dashed-study-date", "impossible-study-date", "impossible-study-time"), ("IDENT-19", *_PATIENT)),
    "empty-institution": ("IDENT-17",),
    "empty-referring-physician": ("IDENT-18",),
    "malformed-time-zone": ("IDENT-20",),
    "unissued-patient-id": ("IDENT-04", *_PATIENT),
    "unissued-other-id": ("IDENT-22",),
    "malformed-issuer-oid": ("IDENT-05", *_PATIENT),
    "untyped-issuer-oid": ("IDENT-05",),
    "two-accession-issuers": ("IDENT-09",),
    "series-in-another-study": ("INTEG-01",),
    **dict.fromkeys(("study-uid-for-series", "series-uid-for-instance"), ("INTEG-12",)),
    **_MALFORMED,
    "space-padded-sop-instance-uid": ("INTEG-10", "INTEG-14"),  # the command keeps the UID of the base
    **dict.fromkeys(("standard-root-sop-instance-uid", "more-than-a-uuid"), ("INTEG-11",)),
    **dict.fromkeys(("lettered-instance-number", "overlong-series-number"), _INSTANCE),
    **dict.fromkeys(("undeclared-character-set", "wrong-character-set", "unknown-character-set"), ("CHAR-01",)),
    **dict.fromkeys(("broken-bytes-in-name", "lone-escape-in-name"), ("CHAR-01",)),
    **_PIXELS,
    **_UNREADABLE,
    **dict.fromkeys(("element-twice", "tags-out-of-order", "command-element-in-data-set"), _INSTANCE),
    "denied-loss": ("XFER-14",),
}
