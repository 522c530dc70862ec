"""The Pulumi programs, and the engine that runs them in this process."""
