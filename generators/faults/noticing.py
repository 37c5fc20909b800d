"""Who notices the faults that dciodvfy does not: the standard allows what they do in one object alone."""

BY_NEIGHBOURS = frozenset(
    {
        "empty-patient-id",
        "blank-patient-id",
        "blank-accession-number",
        "placeholder-patient-id",
        "wildcard-patient-id",
        "quoted-patient-id",
        "markup-patient-id",
        "wrong-health-card-digit",
        "health-card-with-version",
        "four-group-name",
        "broken-bytes-in-name",
        "lone-escape-in-name",
        "patient-id-of-another",
        "patient-name-of-another",
        "birth-date-of-another",
        "study-date-of-another",
        "study-description-of-another",
        "accession-of-another",
        "modality-of-another",
        "series-number-of-another",
        "series-in-another-study",
    }
)
"""dcentvfy sees these beside a sound object of the same study."""

BY_OUR_RULES = frozenset(
    {
        "empty-accession-number",
        "empty-patient-name",
        "empty-birth-date",
        "empty-sex",
        "empty-institution",
        "empty-referring-physician",
        "malformed-time-zone",
        "absent-issuer-of-patient-id",
        "malformed-issuer-oid",
        "untyped-issuer-oid",
        "other-id-without-issuer",
        "unissued-patient-id",
        "unissued-other-id",
        "more-than-a-uuid",
        "private-element-without-creator",
        "denied-loss",
        "wrong-character-set",
        "wrong-group-length",
    }
)
"""Only generators.model sees these."""

SEEN_BY = dict.fromkeys(BY_NEIGHBOURS, "dcentvfy") | dict.fromkeys(BY_OUR_RULES, "model")
