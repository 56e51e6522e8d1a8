#!/bin/sh
# usage: includes.sh PROJECT
# A library's header is included in one ring only, and no ring includes one above it.
set -eu
cd "$1"
status=0

# only PATTERN RING: nothing outside src/RING includes a header that matches.
only() {
    found=$(grep -rnE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]$1" \
        --include='*.c' --include='*.h' src include | grep -v "^src/$2/" || true)
    if [ -n "$found" ]; then
        echo "only src/$2 may include $1:"
        echo "$found"
        status=1
    fi
}

# never RING PATTERN: nothing in src/RING includes a header that matches.
never() {
    test -d "src/$1" || return 0
    found=$(grep -rnE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($2)" \
        --include='*.c' --include='*.h' "src/$1" || true)
    if [ -n "$found" ]; then
        echo "src/$1 may not include $2:"
        echo "$found"
        status=1
    fi
}

# once CALLS FILE: nobody but FILE calls what matches.
once() {
    found=$(grep -rnE "(^|[^A-Za-z0-9_])$1\\(" --include='*.c' --include='*.h' src include |
        grep -v "^$2:" || true)
    if [ -n "$found" ]; then
        echo "only $2 may call $1:"
        echo "$found"
        status=1
    fi
}

once '(getrandom|getentropy|RAND_bytes|RAND_priv_bytes)' src/base/chance.c
once '(memfd_create|memfd_secret|shm_open)' src/base/memory_file.c
only 'sofia-sip/' sip
only 'libconfig' conf
only 'microhttpd' web
only 'ares' net
only 'pcap' trace
only 'zlib' trace
only 'curl/' fetch
only 'seccomp\.h' daemon
only 'systemd/' daemon

never core 'sys/socket|netinet/|arpa/|netdb|pthread|threads\.h|unistd|fcntl|poll\.h|sys/|signal\.h|event2/|stird/[a-z]+/(clock|log|net|listen|proxy|control|ledger|signer_client|snapshot|settings_file|numbers_files)\.h'
never trace 'sofia-sip|event2/|stird/[a-z]+/(net|proxy|settings_file)\.h'
never base 'sofia-sip|event2/|openssl/|stird/[a-z]+/(call|tn|settings|passport|numbers|net|proxy)\.h'
never io 'event2/|stird/[a-z]+/(proxy|listen|net|settings_file)\.h'
never conf 'event2/|sys/socket|stird/[a-z]+/(proxy|listen|net|snapshot|ledger)\.h'
never net 'stird/[a-z]+/(proxy|snapshot|settings_file|ledger|signer_client)\.h'

test "$status" -ne 0 || echo "every include is in its ring"
exit $status
