"""Grafana's dashboards as JSON, made from ``boards.py``; ``oneroof dashboards`` writes them."""
