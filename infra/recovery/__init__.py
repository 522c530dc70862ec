"""The whole cloud brought back from the second site: a part of infra that may ask backups, as erasing is."""
