"""Erasing what is approved: the cloud's side (``infra``) and the evidence's (``backup``) meet here, and nowhere else."""
