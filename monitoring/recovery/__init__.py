"""The recovery report for people: a page that prints, a table, in English and Chinese; every figure names its evidence."""
