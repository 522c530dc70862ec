"""What in the cloud is not as declared."""
