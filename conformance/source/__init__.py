"""The system under test as a source: the harness is the repository that it sends to, and judges what arrives and how."""

from pathlib import Path

FOLDER = Path(__file__).parent

ORDER = ("test_sending", "test_objects", "test_cases", "test_workflow", "test_failures")
