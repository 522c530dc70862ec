"""What one roof saves: a surveyed baseline, stated assumptions, and formulas that anybody can check by hand."""
