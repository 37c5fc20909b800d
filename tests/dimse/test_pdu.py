"""The PDU codec against pynetdicom's, which is independent of it, and what it refuses to read."""

import contextlib
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynetdicom import pdu as oracle
from pynetdicom.pdu_items import UserIdentitySubItemRQ

from conformance.dimse import AssociatePdu, PduType, PresentationContext, ProtocolViolation, encode_associate, encode_pdvs
from conformance.dimse.negotiation import UserIdentity
from conformance.dimse.pdu import Pdu, Pdv, UserItem, decode_associate, decode_pdvs, encode_abort, encode_reject, encode_role, fragment

from .peers import UNHURRIED

UIDS = st.from_regex(r"[1-2](\.[1-9][0-9]{0,5}){1,8}", fullmatch=True)
TITLES = st.text(string.ascii_letters + string.digits + "_-.", min_size=1, max_size=16).map(lambda title: title.encode().ljust(16))
ODD_IDS = st.integers(0, 127).map(lambda n: 2 * n + 1)
ITEMS = st.tuples(
    st.integers(0, 0xFFFFFFFF).map(lambda n: (int(UserItem.MAXIMUM_LENGTH), n.to_bytes(4))),
    UIDS.map(lambda uid: (int(UserItem.IMPLEMENTATION_CLASS_UID), uid.encode())),
    st.tuples(UIDS, st.booleans(), st.booleans()).map(lambda role: (int(UserItem.ROLE_SELECTION), encode_role(*role))),
)


@st.composite
def associates(draw: st.DrawFn, *, answered: bool) -> AssociatePdu:
    """Draw an A-ASSOCIATE-RQ, or an -AC."""
    contexts = [
        PresentationContext(
            id=id_,
            abstract_syntax="" if answered else draw(UIDS),
            transfer_syntaxes=tuple(draw(st.lists(UIDS, min_size=1, max_size=1 if answered else 4))),
            result=draw(st.integers(0, 4)) if answered else None,
        )
        for id_ in draw(st.lists(ODD_IDS, min_size=1, max_size=5, unique=True))
    ]
    return AssociatePdu(draw(TITLES), draw(TITLES), tuple(contexts), draw(ITEMS), draw(UIDS), 1)


def read_by_pynetdicom(kind: Any, data: bytes) -> Any:
    """Decode with pynetdicom."""
    read = kind()
    read.decode(data)
    return read


@UNHURRIED
@given(associates(answered=False))
def test_pynetdicom_reads_the_request_that_was_meant(pdu: AssociatePdu) -> None:
    data = encode_associate(PduType.ASSOCIATE_RQ, pdu)
    read = read_by_pynetdicom(oracle.A_ASSOCIATE_RQ, data)
    assert [(c.context_id, c.abstract_syntax, tuple(c.transfer_syntax)) for c in read.presentation_context] == [
        (c.id, c.abstract_syntax, c.transfer_syntaxes) for c in pdu.contexts
    ]
    assert (read.called_ae_title, read.calling_ae_title) == (pdu.called.decode().strip(), pdu.calling.decode().strip())
    assert read.application_context_name == pdu.application_context
    assert read.user_information.maximum_length == pdu.max_pdu
    assert {uid: (item.scu_role, item.scp_role) for uid, item in read.user_information.role_selection.items()} == pdu.roles
    assert read.encode() == data


@UNHURRIED
@given(associates(answered=True))
def test_pynetdicom_reads_the_answer_that_was_meant(pdu: AssociatePdu) -> None:
    data = encode_associate(PduType.ASSOCIATE_AC, pdu)
    read = read_by_pynetdicom(oracle.A_ASSOCIATE_AC, data)
    assert [(c.context_id, c.result, c.transfer_syntax) for c in read.presentation_context] == [
        (c.id, c.result, c.transfer_syntaxes[0]) for c in pdu.contexts
    ]
    assert len(data) == read.pdu_length + 6


@UNHURRIED
@given(associates(answered=False) | associates(answered=True))
def test_what_is_written_is_read_back(pdu: AssociatePdu) -> None:
    kind = PduType.ASSOCIATE_RQ if pdu.contexts[0].result is None else PduType.ASSOCIATE_AC
    assert decode_associate(Pdu(kind, encode_associate(kind, pdu)[6:])) == pdu


@UNHURRIED
@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_an_association_pdu_or_a_violation(body: bytes) -> None:
    for kind in (PduType.ASSOCIATE_RQ, PduType.ASSOCIATE_AC):
        for prefix in (b"", bytes(68)):
            with contextlib.suppress(ProtocolViolation):
                _ = decode_associate(Pdu(kind, prefix + body)).roles


@UNHURRIED
@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_pdvs_or_a_violation(body: bytes) -> None:
    with contextlib.suppress(ProtocolViolation):
        pdvs = decode_pdvs(body)
        assert sum(len(pdv.data) + 6 for pdv in pdvs) == len(body)


@UNHURRIED
@given(st.lists(st.tuples(ODD_IDS, st.booleans(), st.booleans(), st.binary(max_size=40)), min_size=1, max_size=5))
def test_pynetdicom_reads_the_fragments_that_were_meant(rows: list[tuple[int, bool, bool, bytes]]) -> None:
    data = encode_pdvs([Pdv(id_, command, last, memoryview(value)) for id_, command, last, value in rows])
    read = read_by_pynetdicom(oracle.P_DATA_TF, data)
    items = [(item.presentation_context_id, item.presentation_data_value) for item in read.presentation_data_value_items]
    assert items == [(id_, bytes([command | last << 1]) + value) for id_, command, last, value in rows]
    assert [(pdv.context_id, pdv.is_command, pdv.is_last, bytes(pdv.data)) for pdv in decode_pdvs(data[6:])] == rows


@UNHURRIED
@given(st.binary(max_size=100), st.integers(1, 40), st.booleans())
def test_fragments_hold_the_whole_within_the_size(data: bytes, size: int, ends: bool) -> None:
    stream = b"".join(fragment(3, False, data, size, ends=ends))
    pdvs = []
    while stream:
        length = int.from_bytes(stream[2:6])
        pdvs += decode_pdvs(stream[6 : 6 + length])
        stream = stream[6 + length :]
    assert b"".join(bytes(pdv.data) for pdv in pdvs) == data
    assert all(len(pdv.data) <= size for pdv in pdvs)
    assert [pdv.is_last for pdv in pdvs] == [False] * (len(pdvs) - 1) + [ends]


def test_rejection_and_abort_are_those_of_pynetdicom() -> None:
    rejection = read_by_pynetdicom(oracle.A_ASSOCIATE_RJ, encode_reject(2, 3, 1))
    assert (rejection.result, rejection.source, rejection.reason_diagnostic) == (2, 3, 1)
    abort = read_by_pynetdicom(oracle.A_ABORT_RQ, encode_abort(2, 6))
    assert (abort.source, abort.reason_diagnostic) == (2, 6)


@UNHURRIED
@given(st.integers(1, 5), st.binary(min_size=1, max_size=20), st.binary(max_size=20), st.booleans())
def test_pynetdicom_reads_the_user_identity_that_was_meant(kind: int, primary: bytes, secondary: bytes, response: bool) -> None:
    value = UserIdentity(kind, primary, secondary, response).encode()
    read = UserIdentitySubItemRQ()
    read.decode(b"\x58\0" + len(value).to_bytes(2) + value)
    assert read.user_identity_type == kind
    assert bool(read.positive_response_requested) == response
    assert (read.primary_field, read.secondary_field or b"") == (primary, secondary)


@pytest.mark.parametrize(
    ("body", "got"),
    [
        (bytes(10), "10 bytes"),
        (bytes(68) + b"\x10\0", "2 bytes after the last item"),
        (bytes(68) + b"\x10\0\0\5ab", "item 10H of 5 bytes, 2 left"),
        (bytes(68) + b"\x20\0\0\1a", "1 bytes"),
        (bytes(68) + b"\x20\0\0\7\1\0\0\0\x30\0\0", "3 bytes after the last item"),
    ],
)
def test_lengths_that_contradict_each_other_are_a_violation(body: bytes, got: str) -> None:
    with pytest.raises(ProtocolViolation) as caught:
        decode_associate(Pdu(PduType.ASSOCIATE_RQ, body))
    assert (caught.value.clause, caught.value.got) == ("PS3.8 9.3.2", got)


def test_a_role_item_of_the_wrong_length_is_a_violation() -> None:
    pdu = AssociatePdu(bytes(16), bytes(16), (), ((int(UserItem.ROLE_SELECTION), b"\0\x091.2\1\1"),))
    with pytest.raises(ProtocolViolation, match="role selection sub-item of 13 bytes"):
        _ = pdu.roles
