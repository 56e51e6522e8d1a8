#!/bin/sh
# usage: core_symbols.sh NM CORE BASE [CC]
# The core decides and signs; it knows no SIP stack, network, thread, process, file or clock. It
# gets time, randomness and bytes as arguments. CORE and BASE are the archives of these rings.
# With CC: archives that each refer to one thing that is forbidden have to be found.
set -eu
nm=$1
archive=$2
base=$3

# What base has for others (NOT_FOR in includes.py): all that these members of it define.
of_base=$("$nm" --defined-only "$base" | awk '
    /:$/ {outer = /^(chance|clock|journal|log|memory_file|packet)\.c/}
    outer && NF == 3 && $2 ~ /[A-Z]/ {print $3}')
test -n "$of_base" || { echo "core_symbols: $base defines no log, no clock"; exit 1; }

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
time gettimeofday ftime timespec_get times clock clock_.* nanosleep sleep usleep localtime.* mktime
alarm setitimer timer_.* getpid gethostname uname
log_.* syslog vsyslog openlog perror
getenv setenv rand random srand srandom .*rand48 getrandom getentropy arc4random.* RAND_.*
uuid_generate.*
'

if [ $# -gt 3 ]; then
    room=$(mktemp -d)
    trap 'rm -rf "$room"' EXIT
    # archive FILE NAME...: its one member calls all of these
    archive() {
        file=$1
        shift
        { for symbol; do echo "void $symbol(void);"; done
          echo "void caller(void); void caller(void) {"
          for symbol; do echo "$symbol();"; done
          echo "}"; } > "$room/member.c"
        "$cc" -fno-builtin -w -c -o "$room/member.o" "$room/member.c"
        ar -rc "$room/$file" "$room/member.o"
    }
    cc=$4
    wrong="$of_base log_anything clock_anything clock_gettime time nanosleep syslog getrandom
        RAND_bytes uuid_generate_random socket sendmsg fopen read printf pthread_create fork getenv
        su_alloc event_new curl_easy_init"
    archive wrong.a $wrong
    archive right.a memcpy catalog_read json_loadb gmtime_r uuid_parse
    "$0" "$nm" "$room/wrong.a" "$base" > "$room/said" && { echo "nothing was found"; exit 1; }
    for symbol in $wrong; do
        grep -q " U $symbol\$" "$room/said" || { echo "not found: $symbol"; exit 1; }
    done
    "$0" "$nm" "$room/right.a" "$base" || { echo "found, but right"; exit 1; }
    exit 0
fi

pattern=$(echo $forbidden $of_base | sed 's/ /|/g')
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
