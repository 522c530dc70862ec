"""Reports of a period: utilisation, savings, a department's own; each figure follows from answers that the report holds."""
