"""Builds the cloud: the lab, the deployment, and what departments declared, applied by Pulumi."""
