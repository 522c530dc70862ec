"""Prices, power and factors that hold for all departments: what a plan costs and one roof saves is derived from them."""
