"""The objects that were received: identifiers, UIDs, text, pixels, and that a study agrees with itself.

They are judged once, by `conformance.judging`; each check here asks for the ruling on its own row.
"""

import pytest

from conformance.findings import Nonconformance, NotApplicable, require
from conformance.judging import Judgement, Ruling
from conformance.source.syntaxes import MAY_BE_LOSSY
from conformance.target import Claims

SHOWN = 5


@pytest.fixture
def ruling(request: pytest.FixtureRequest, received: Judgement) -> Ruling:
    """What the received objects say on the row of the check."""
    marker = request.node.get_closest_marker("requirement")
    return received.ruling(marker.args[0])


def expect_no_finding(ruling: Ruling) -> None:
    """Blame the source for what was found; where the question arose in no object, leave it unexercised."""
    if ruling.findings:
        more = len(ruling.findings) - SHOWN
        raise Nonconformance(
            expected="; ".join(dict.fromkeys(finding.expected for finding in ruling.findings[:SHOWN])),
            got="; ".join(map(str, ruling.findings[:SHOWN])) + f"; and {more} more findings" * (more > 0),
            hint=f"Looked at: {ruling.examined} objects.",
            requirement=ruling.requirement,
        )
    require(ruling.examined, ruling.reason)


@pytest.mark.requirement("STORE-16")
def test_every_instance_is_complete_by_the_tables_of_its_iod(ruling: Ruling) -> None:
    expect_no_finding(ruling)


@pytest.mark.requirement("INTEG-01")
def test_every_series_stands_in_one_study(ruling: Ruling) -> None:
    expect_no_finding(ruling)


@pytest.mark.requirement("INTEG-06")
def test_the_instances_of_a_study_agree_on_patient_and_study(ruling: Ruling) -> None:
    expect_no_finding(ruling)


@pytest.mark.requirement("INTEG-08")
def test_the_instances_of_a_series_carry_one_modality(ruling: Ruling) -> None:
    expect_no_finding(ruling)


@pytest.mark.requirement("INTEG-09")
def test_no_instance_uid_is_given_twice(ruling: Ruling) -> None:
    expect_no_finding(ruling)


@pytest.mark.requirement("INTEG-10")
def test_every_uid_is_well_formed(ruling: Ruling) -> None:
    expect_no_finding(ruling)


@pytest.mark.requirement("INTEG-11")
def test_uids_stand_under_a_root_that_is_held(ruling: Ruling) -> None:
    expect_no_finding(ruling)


@pytest.mark.requirement("INTEG-12")
def test_study_series_and_instance_uid_differ(ruling: Ruling) -> None:
    expect_no_finding(ruling)


@pytest.mark.requirement("INTEG-14")
def test_command_and_data_set_name_the_same_instance(ruling: Ruling) -> None:
    expect_no_finding(ruling)


@pytest.mark.requirement("INTEG-15")
def test_references_resolve_within_the_study_that_they_name(ruling: Ruling) -> None:
    expect_no_finding(ruling)


@pytest.mark.requirement("IDENT-01")
def test_every_instance_carries_a_patient_id(ruling: Ruling) -> None:
    expect_no_finding(ruling)


@pytest.mark.requirement("IDENT-02")
def test_every_instance_carries_an_accession_number(ruling: Ruling) -> None:
    expect_no_finding(ruling)


@pytest.mark.requirement("IDENT-04")
def test_the_patient_id_names_its_issuer(ruling: Ruling) -> None:
    expect_no_finding(ruling)


@pytest.mark.requirement("IDENT-05")
def test_universal_entity_ids_are_typed_and_well_formed(ruling: Ruling) -> None:
    expect_no_finding(ruling)


@pytest.mark.requirement("IDENT-09")
def test_the_accession_number_names_its_issuer_or_carries_its_prefix(ruling: Ruling) -> None:
    expect_no_finding(ruling)


@pytest.mark.requirement("IDENT-13")
def test_identifiers_are_no_placeholders(ruling: Ruling) -> None:
    expect_no_finding(ruling)


@pytest.mark.requirement("IDENT-14")
def test_health_card_numbers_are_marked_and_valid(ruling: Ruling) -> None:
    expect_no_finding(ruling)


@pytest.mark.requirement("IDENT-15")
def test_name_birth_date_and_sex_are_filled(ruling: Ruling) -> None:
    expect_no_finding(ruling)


@pytest.mark.requirement("IDENT-16")
def test_a_study_carries_one_accession_number(ruling: Ruling) -> None:
    expect_no_finding(ruling)


@pytest.mark.requirement("IDENT-17")
def test_the_institution_is_the_registered_one(ruling: Ruling) -> None:
    expect_no_finding(ruling)


@pytest.mark.requirement("IDENT-18")
def test_description_or_procedure_and_referrer_are_filled(ruling: Ruling) -> None:
    expect_no_finding(ruling)


@pytest.mark.requirement("IDENT-19")
def test_study_date_and_time_are_real(ruling: Ruling) -> None:
    expect_no_finding(ruling)


@pytest.mark.requirement("IDENT-20")
def test_the_time_zone_is_stated(ruling: Ruling) -> None:
    expect_no_finding(ruling)


@pytest.mark.requirement("IDENT-21")
def test_identifier_type_codes_are_of_hl7_table_0203(ruling: Ruling) -> None:
    expect_no_finding(ruling)


@pytest.mark.requirement("IDENT-22")
def test_other_patient_ids_travel_with_their_issuer(ruling: Ruling) -> None:
    expect_no_finding(ruling)


@pytest.mark.requirement("CHAR-01")
def test_text_is_in_the_declared_character_set(ruling: Ruling) -> None:
    expect_no_finding(ruling)


@pytest.mark.requirement("XFER-07")
def test_every_data_set_is_in_the_accepted_transfer_syntax(ruling: Ruling) -> None:
    expect_no_finding(ruling)


@pytest.mark.requirement("XFER-14")
def test_loss_is_marked_with_ratio_and_method(ruling: Ruling, claims: Claims) -> None:
    declared = claims.transfer_syntaxes
    if not ruling.examined and declared and MAY_BE_LOSSY.isdisjoint(declared):
        raise NotApplicable("the profile declares no transfer syntax with loss, and no object came that has any")
    expect_no_finding(ruling)
