"""Turns readings into Prometheus metrics: one module a family, pure functions from a value to metrics."""
