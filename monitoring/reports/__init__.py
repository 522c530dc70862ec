"""Finished pages out of an overview."""
