"""The pull request: who may ask for what, what it would mean, and what became of it after the merge."""
