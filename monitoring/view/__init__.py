"""A department's own view: what it has, uses, costs, shares and could get back, and nothing of anybody else."""
