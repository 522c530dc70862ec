"""What is used, what it saves, and the pages that say so."""
