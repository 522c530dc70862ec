"""Data-level disaster recovery: jobs, restic, the vault, drills, and their records."""
