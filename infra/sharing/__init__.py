"""What departments give one another: who waits for whom, what ended, what is on record."""
