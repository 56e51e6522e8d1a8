#!/bin/sh
# usage: unit_exposure.sh TENTHS UNIT [DROP-IN]
# The sandbox of the service is scored at most TENTHS/10 (of 10) by systemd itself, alone and with
# the drop-in.
set -u
limit=$1 && shift
command -v systemd-analyze > /dev/null || { echo "no systemd-analyze here"; exit 77; }
systemd-analyze security --help | grep -q -- --offline || { echo "systemd is too old"; exit 77; }

# A copy, because systemd takes what lies beside a unit into account.
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
cp "$1" "$folder" || exit 1
unit=$folder/$(basename "$1")
if [ $# -gt 1 ]; then
    mkdir "$unit.d" && cp "$2" "$unit.d" || exit 1
fi
SYSTEMD_COLORS=0 systemd-analyze security --no-pager --offline=true --threshold="$limit" "$unit" |
    tail -n 1
systemd-analyze security --no-pager --offline=true --threshold="$limit" "$unit" > /dev/null
