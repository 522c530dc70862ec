"""Coverage: what the cloud holds, minus what is backed up, minus what is left out by a waiver, is a gap."""
