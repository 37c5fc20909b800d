"""The embedded archive, which obeys every rule of the register's archive role (`archive`), and its seeded faults (`faults`).

Nothing is imported here: a run against another system needs a name or two of this room, and not the archive.
"""
