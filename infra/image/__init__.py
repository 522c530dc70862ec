"""Guest images built from Debian packages: one that boots in seconds without KVM, and a full Debian 12."""
