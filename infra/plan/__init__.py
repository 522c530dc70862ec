"""What an apply would change: a value that is read, approved and then done exactly; making it writes nothing anywhere."""
