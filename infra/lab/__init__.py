"""The lab: Debian machines with addresses of their own, booted by systemd-nspawn on one Linux host."""
