"""Adapters to the APIs of GitHub, Gitea and Forgejo, and GitLab: one interface, one module for each."""
