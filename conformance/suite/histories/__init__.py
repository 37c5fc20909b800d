"""The search for a history after which an archive does not show what it took.

A history is drawn (`drawing`) and played (`playing`), what the archive then shows is compared (`looking`) with what it took (`model`),
and a history that differs is reduced and played once more before it blames (`searching`).
"""
