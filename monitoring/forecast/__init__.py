"""When the cloud's capacity runs out, as far as what was stored of its use tells."""
