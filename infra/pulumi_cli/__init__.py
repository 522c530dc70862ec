"""The ``pulumi`` command: found on this machine, downloaded, or built from Go modules."""
