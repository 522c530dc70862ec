"""Erasing what is approved: here alone the cloud's side and the evidence of ``backup`` meet."""
