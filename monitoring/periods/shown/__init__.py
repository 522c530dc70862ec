"""What a page shows of a report's figures, in one language: sections of tables and plots. Nothing is computed here."""
