"""What is idle or too big over a period, with the evidence, and the change to the declaration as a patch."""
