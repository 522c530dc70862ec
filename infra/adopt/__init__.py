"""What is in the cloud already becomes a declaration and part of a stack."""
