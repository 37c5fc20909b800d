"""Outages of storage: sound objects that are refused, or lost, where a check needs one to put its question."""

from .outage import Outage

STORAGE_OUTAGES: tuple[Outage, ...] = ()
