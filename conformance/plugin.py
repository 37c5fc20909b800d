"""pytest options, fixtures and hooks: wiring only."""
