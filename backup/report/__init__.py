"""The recovery report as values: what was promised, what the ledger proves of it, and what cannot be claimed."""
