"""Readers of the graph: each turns recorded operations into something a person can look at."""
