"""Brings data back: into the cloud's own volumes and containers, or into files; compared before it counts."""
