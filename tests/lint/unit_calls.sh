#!/bin/sh
# usage: unit_calls.sh UNIT
# What stird calls and can do without, or thinks it can, is not refused by its own unit. The lines
# of SystemCallFilter are taken as systemd takes them: one after another, a ~ takes away.
set -u
command -v systemd-analyze > /dev/null || { echo "no systemd-analyze here"; exit 77; }

needed="setpriority prlimit64 mlock mlock2 mlockall memfd_create seccomp prctl pidfd_open
pidfd_send_signal landlock_create_ruleset landlock_add_rule landlock_restrict_self inotify_init1
signalfd4 recvmmsg sendmmsg epoll_pwait close_range copy_file_range"
refused="bpf ptrace mount setuid chown add_key io_uring_setup"

folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
: > "$folder/allowed"

# The calls of a word: of a group and the groups in it, or itself.
calls() {
    case $1 in
    @*) systemd-analyze syscall-filter --no-pager "$1" | sed -n 's/^ *//; /^[@a-z_]/p' |
            grep -vFx "$1" | while read -r word; do calls "$word"; done ;;
    *) echo "$1" ;;
    esac
}

sed -n 's/^SystemCallFilter=//p' "$1" | while read -r line; do
    case $line in
    '~'*) for word in ${line#'~'}; do calls "$word"; done | sort -u > "$folder/less"
          grep -vFx -f "$folder/less" "$folder/allowed" > "$folder/next" ;;
    *) { cat "$folder/allowed"; for word in $line; do calls "$word"; done; } |
           sort -u > "$folder/next" ;;
    esac
    mv "$folder/next" "$folder/allowed"
done

status=0
# One process that is killed for want of memory is replaced: the others go on.
grep -qx "OOMPolicy=continue" "$1" || { echo "a process without memory ends the service"; status=1; }
# Whoever follows the advice to shut out addresses keeps what the checker fetches from.
grep -q "^#   IPAddressDeny=any" "$1" && ! grep -A9 "^#   IPAddressDeny=any" "$1" | grep -q checker &&
    { echo "IPAddressDeny is advised, and nothing is said of the checker"; status=1; }
for call in $needed; do
    grep -qFx "$call" "$folder/allowed" || { echo "the unit refuses $call"; status=1; }
done
for call in $refused; do
    grep -qFx "$call" "$folder/allowed" && { echo "the unit allows $call"; status=1; }
done
exit $status
