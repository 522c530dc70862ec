#!/bin/bash
# Sets every tap of a server up that is down, and goes on watching.
# os-vif makes a tap for a port that Open vSwitch waits for, and sets it up; Open vSwitch adds it at the same moment, and may write back
# the flags that it read before. The tap is then down for good, and its server without network (os-vif 5.3, Open vSwitch 3.1).
# libvirt cannot make it instead: the user-space switch misses a tap that goes and comes back within a reboot.
set -u

tell() { # a line for each link there is, and for each change of one, the first word being its number
  ip -oneline monitor link &
  ip -oneline link show
  wait
}

tell | while read -r _ name flags _; do
  if [[ $name == tap* && ! $flags =~ [\<,]UP[,\>] ]]; then
    ip link set dev "${name%:}" up 2>/dev/null # unless it is gone by now
  fi
done
