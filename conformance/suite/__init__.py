"""The checks, one module for each group of the register."""

from pathlib import Path

FOLDER = Path(__file__).parent

ORDER = (
    "test_association",
    "test_storage",
    "test_storage_answers",
    "test_integrity",
    "test_identity",
    "test_characters",
    "test_syntaxes",
    "test_pixels",
    "test_query",
    "test_query_results",
    "test_retrieve",
    "test_commitment",
    "test_rejection",
    "test_workflow",
    "test_histories",
    "test_refusal",
    "test_refusal_values",
    "test_robustness",
    "test_sizes",
    "test_security",
    "test_web",
    "test_web_stores",
    "test_rights",
    "test_tls",
    "test_declarations",
    "test_transmission",
    "test_hostile_objects",
    "test_hostile_pdus",
    "test_statuses",
)
