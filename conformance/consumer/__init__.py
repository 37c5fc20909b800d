"""The system under test as a consumer: the harness is the archive that it queries, and judges what it asks and what it takes."""

from pathlib import Path

FOLDER = Path(__file__).parent

ORDER = ("test_queries", "test_retrieves", "test_notices")
