"""The system under test as a consumer: the harness is the archive that it queries, and judges what it asks and what it takes."""
