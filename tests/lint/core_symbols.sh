#!/bin/sh
# usage: core_symbols.sh NM ARCHIVE
# The core decides and signs; it knows no SIP stack, network, thread, process, file or clock. It
# gets time, randomness and bytes as arguments.
set -eu
nm=$1
archive=$2

forbidden='
nta_.* nua_.* su_.* msg_.* sip_.* sdp_.* tport_.* url_.*
curl_.* event_.* evbuffer_.* bufferevent_.* MHD_.* redis.* config_.*
pthread_.* thrd_.* mtx_.* sem_.*
socket socketpair connect bind listen accept accept4 shutdown
send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg
setsockopt getsockopt getaddrinfo gethostbyname.* getnameinfo if_.*
poll ppoll select pselect epoll_.* eventfd timerfd_.* signalfd
fork vfork clone execv.* execl.* posix_spawn.* system popen wait waitpid kill raise signal sigaction
prctl ptrace syscall
open open64 openat openat64 creat fopen fopen64 fdopen freopen opendir readdir mmap mmap64
read pread pread64 write pwrite pwrite64 fread fwrite fgets fputs puts printf fprintf vfprintf
__printf_chk __fprintf_chk __read_chk __fread_chk stat lstat fstat unlink rename mkdir
time gettimeofday clock clock_gettime clock_nanosleep nanosleep sleep usleep localtime.* mktime
getenv setenv rand random srand srandom getrandom
'

pattern=$(echo $forbidden | sed 's/ /|/g')
# What a member leaves undefined and no other member defines.
undefined=$("$nm" -u "$archive" | awk 'NF == 2 && $1 == "U" {sub(/@.*/, "", $2); print $2}' | sort -u)
defined=$("$nm" --defined-only "$archive" | awk 'NF == 3 {print $3}' | sort -u)
test -n "$defined" || { echo "core_symbols: $archive defines nothing"; exit 1; }

bad=$(echo "$undefined" | grep -Ex "($pattern)" | grep -Fvx "$defined" || true)
if [ -n "$bad" ]; then
    echo "the core refers to:"
    for symbol in $bad; do
        "$nm" -A -u "$archive" | grep -E " U $symbol(@|\$)"
    done
    exit 1
fi
echo "$(echo "$undefined" | wc -l) symbols looked at, none forbidden"
