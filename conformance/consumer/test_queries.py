"""What a consumer asks: on what association, in which encoding, and with which identifiers."""

import pytest
from pydicom.uid import UID

from conformance.consumer.archive import MAX_PDU
from conformance.consumer.expectations import expect_legal
from conformance.consumer.identifiers import encoding_breaches, has_extended_text, query_breaches, text_breaches
from conformance.consumer.script import OPEN, SEARCH
from conformance.consumer.stage import Stage, readable
from conformance.findings import NotApplicable, expect, require


@pytest.mark.requirement("QUERY-19")
def test_queries_keep_to_the_hierarchy(stage: Stage) -> None:
    queries = list(readable(stage.queries()))
    require(queries, "no query came whose identifier can be read")
    expect_legal((breach for _, asked in queries for breach in query_breaches(asked)), of=len(queries), what="queries")


@pytest.mark.requirement("QUERY-19")
def test_queries_declare_the_character_set_that_they_need(stage: Stage) -> None:
    queries = [asked for _, asked in readable(stage.journal(SEARCH).of("C-FIND")) if has_extended_text(asked)]
    require(queries, "no query came with text beyond ASCII: search by the whole name, with its accents")
    expect_legal((breach for asked in queries for breach in text_breaches(asked)), of=len(queries), what="queries with accents")


@pytest.mark.requirement("XFER-07")
def test_identifiers_are_encoded_as_negotiated(stage: Stage) -> None:
    asked = stage.queries() + stage.retrieves()
    found = [breach for one in asked for breach in encoding_breaches(one.identifier, one.transfer_syntax)]
    expect_legal(found, of=len(asked), what="identifiers")


@pytest.mark.requirement("ASSOC-08")
def test_identifies_its_implementation(stage: Stage) -> None:
    for association in stage.journal(SEARCH).associations.values():
        uids = association.implementation_class_uids
        valid = len(uids) == 1 and UID(uids[0]).is_valid
        expect(valid, expected="exactly one valid Implementation Class UID", got=", ".join(repr(uid) for uid in uids) or "none")


@pytest.mark.requirement("ASSOC-07")
def test_sends_nothing_that_fills_a_pdu(stage: Stage) -> None:
    longest = max(len(one.identifier) for one in stage.queries() + stage.retrieves())
    require(longest < MAX_PDU // 2, f"an identifier of {longest} bytes came: how it was cut into PDUs is not measured")
    raise NotApplicable(f"its longest identifier has {longest} bytes, and we take P-DATA-TF of {MAX_PDU}")


@pytest.mark.requirement("INTEG-01", "INTEG-12", "INTEG-14")
def test_sends_no_objects(stage: Stage) -> None:
    stored = stage.journal(OPEN).of("C-STORE")
    require(not stored, f"it stored {len(stored)} objects with us: test it in the role source as well")
    raise NotApplicable("a consumer sends no objects")
