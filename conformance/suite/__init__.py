"""The checks, one module for each group of the register."""

from pathlib import Path

FOLDER = Path(__file__).parent

ORDER = (
    "test_association",
    "test_storage",
    "test_integrity",
    "test_identity",
    "test_characters",
    "test_syntaxes",
    "test_pixels",
    "test_query",
    "test_retrieve",
    "test_commitment",
    "test_refusal",
    "test_robustness",
    "test_statuses",
)
