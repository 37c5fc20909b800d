"""What the operator of a consumer does, step by step, and how our archive answers meanwhile."""

from collections.abc import Mapping
from dataclasses import dataclass

from conformance.consumer.archive import Conduct
from conformance.consumer.content import Content


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. `awaited` are the requests without which it was not done; `{…}` in the instruction are parts of the content."""

    name: str
    instruction: str
    awaited: tuple[str, ...]
    conduct: Conduct = Conduct.FAITHFUL

    def told(self, content: Content) -> str:
        """The instruction, with the names of this run's patients."""
        facts = {"accented": content.accented.patient, "opened": content.mixed.patient, "accession": content.mixed.order.accession}
        return self.instruction.format(**facts)


QUERY, RETRIEVE = ("C-FIND",), ("C-MOVE", "C-GET")
_SEARCH = "search for the patient {accented.name}, by the whole name with its accents"
_OPEN = "open the study with accession number {accession} of {opened.name}, with all of its series"

VERIFY = Step("verify", "test the connection to us by the product's own verification function", ("C-ECHO",))
VERIFY_REFUSED = Step("verify-refused", "test the connection again: this time we answer a failure", ("C-ECHO",), Conduct.ECHO_REFUSED)
SEARCH = Step("search", _SEARCH, QUERY)
OPEN = Step("open", _OPEN, RETRIEVE)
SEARCH_INTERRUPTED = Step("search-interrupted", f"{_SEARCH}: this time our answer fails in the middle", QUERY, Conduct.QUERY_BREAKS_OFF)
SEARCH_UNFILTERED = Step("search-unfiltered", f"{_SEARCH}: this time we also answer with others", QUERY, Conduct.QUERY_UNFILTERED)
OPEN_WITH_FAILURE = Step("open-with-failure", f"{_OPEN}, anew: this time one image fails", RETRIEVE, Conduct.RETRIEVE_FAILS_ONE)
OPEN_WITH_GAP = Step("open-with-gap", f"{_OPEN}, anew: this time one image is left out", RETRIEVE, Conduct.RETRIEVE_OMITS_ONE)

QUESTIONS: Mapping[str, str] = {
    "VERIF-03": "Did the product report success the first time, and a failure the second time?",
    "QUERY-20": "Did the product show the interrupted search as failed, and in the last search only the patient that was searched for?",
    "RETR-15": "Did the product tell, both times, that images of the study are missing?",
}
