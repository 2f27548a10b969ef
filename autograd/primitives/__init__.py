"""The primitives: what can be recorded, each with its derivative rules above it."""
