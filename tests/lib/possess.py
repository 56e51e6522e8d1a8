"""Makes a running process do system calls, by ptrace(2): what code of an attacker's choice could do."""

import ctypes
import os
import platform
import signal
import struct

ATTACH, DETACH, GETREGS, SETREGS, SINGLESTEP, CONT = 16, 17, 12, 13, 9, 7
SEIZE, SYSCALLS, EVENT, OPTIONS, SYSCALL_INFO = 0x4206, 24, 0x4201, 0x4200, 0x420e
TELL_CALLS, TELL_FORKS, FORKED, OUT_OF_A_CALL, ANY_CHILD = 1, 2, 1, 2, 0x40000000
AT_FDCWD = -100
REGISTERS = ("r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp "
             "ss fs_base gs_base ds es fs gs").split()
ARGUMENTS = ("rdi", "rsi", "rdx", "r10", "r8", "r9")
WAITING = ("7", "232", "271", "281")  # poll, epoll_wait, ppoll, epoll_pwait, as /proc/PID/syscall names them
RED_ZONE = 65536  # below the stack pointer, and more than enough for all arguments of a call
SYSCALL = b"\x0f\x05"
# again: mov rax, r12; syscall; test rax, rax; js end; dec r13; jnz again; end: int3
AGAIN = bytes.fromhex("4c89e0 0f05 4885c0 7805 49ffcd 75f1 cc")

# x86-64
NUMBERS = {
    "read": 0, "write": 1, "open": 2, "close": 3, "lseek": 8, "mmap": 9, "mprotect": 10, "ioctl": 16,
    "dup": 32, "socket": 41, "connect": 42, "sendto": 44, "recvfrom": 45, "sendmsg": 46,
    "shutdown": 48, "bind": 49, "listen": 50, "socketpair": 53, "setsockopt": 54, "fork": 57, "vfork": 58, "execve": 59,
    "kill": 62, "fcntl": 72, "truncate": 76, "ftruncate": 77, "getdents64": 217, "rename": 82,
    "mkdir": 83, "link": 86, "unlink": 87, "symlink": 88, "chmod": 90, "fchmod": 91, "chown": 92,
    "fchown": 93, "ptrace": 101, "setuid": 105, "utime": 132, "mknod": 133, "personality": 135,
    "prctl": 157, "setrlimit": 160, "chroot": 161, "mount": 165, "setxattr": 188, "removexattr": 197,
    "tgkill": 234, "utimes": 235, "add_key": 248, "inotify_init1": 294, "openat": 257, "unlinkat": 263, "renameat": 264,
    "fchownat": 260, "fchmodat": 268, "unshare": 272, "utimensat": 280, "accept4": 288,
    "pipe2": 293, "prlimit64": 302, "sendmmsg": 307, "setns": 308, "process_vm_readv": 310, "memfd_create": 319, "bpf": 321,
    "userfaultfd": 323, "io_uring_setup": 425, "pidfd_open": 434, "pidfd_getfd": 438,
}


class Registers(ctypes.Structure):
    _fields_ = [(name, ctypes.c_ulonglong) for name in REGISTERS]


class Died(Exception):
    """The process ended in the call; ARGS[0] is the signal."""


class Result:
    """As an argument: what an earlier call of the same run returned."""

    def __init__(self, index):
        self.index = index


def ptrace(request, pid, data=None, address=None):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    libc.ptrace.restype = ctypes.c_long
    if libc.ptrace(request, pid, address, data) < 0:
        raise OSError(ctypes.get_errno(), "ptrace")


def possible():
    """This kernel, machine and user allow it."""
    if platform.machine() != "x86_64":
        return False
    pid = os.fork()
    if pid == 0:
        signal.pause()
    try:
        ptrace(ATTACH, pid)
        os.waitpid(pid, 0)
        return True
    except OSError:
        return False
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def wait(pid):
    """Until the next stop, of which it answers with the signal; raises Died when there is none."""
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        raise Died(os.WTERMSIG(status))
    if os.WIFEXITED(status):
        raise Died(0)
    return os.WSTOPSIG(status)


def instruction(pid):
    """The address of a `syscall` in the process's code, wherever it is itself."""
    with open("/proc/%d/maps" % pid, encoding="ascii") as maps, \
            open("/proc/%d/mem" % pid, "rb", buffering=0) as memory:
        for line in maps:
            span, mode = line.split()[:2]
            if "x" not in mode or "[v" in line:
                continue
            begin, end = (int(x, 16) for x in span.split("-"))
            memory.seek(begin)
            at = memory.read(end - begin).find(SYSCALL)
            if at >= 0:
                return begin + at
    raise AssertionError("no system call in the process's code")


def place(memory, at, arguments, results):
    """The numbers that go into registers; octets are put into the memory from AT on."""
    values = []
    for argument in arguments:
        if isinstance(argument, (bytes, bytearray)):
            at = (at + 15) // 16 * 16
            memory.seek(at)
            memory.write(argument)
            values.append(at)
            at += len(argument)
        elif isinstance(argument, Result):
            values.append(results[argument.index])
        else:
            values.append(argument)
    return values + [0] * (len(ARGUMENTS) - len(values))


def many_calls(pid, before, code, name, values, times):
    """The same so often, or until it fails, by a loop in the process's own code: its last result, how many were left."""
    run = Registers()
    ctypes.pointer(run)[0] = before
    for register, value in zip(ARGUMENTS, values):
        setattr(run, register, value % 2**64)
    run.rip, run.r12, run.r13, run.orig_rax = code, NUMBERS[name], times, 2**64 - 1
    with open("/proc/%d/mem" % pid, "r+b", buffering=0) as memory:
        memory.seek(code)
        kept = memory.read(len(AGAIN))
        memory.seek(code)
        memory.write(AGAIN)
        ptrace(SETREGS, pid, ctypes.addressof(run))
        ptrace(CONT, pid)
        while wait(pid) != signal.SIGTRAP:  # as in one_call()
            ptrace(CONT, pid)
        ptrace(GETREGS, pid, ctypes.addressof(run))
        memory.seek(code)
        memory.write(kept)
    return ctypes.c_longlong(run.rax).value, run.r13


def one_call(pid, before, code, name, values):
    call = Registers()
    ctypes.pointer(call)[0] = before
    for register, value in zip(ARGUMENTS, values):
        setattr(call, register, value % 2**64)
    call.rip, call.rax, call.orig_rax = code, NUMBERS[name], 2**64 - 1
    ptrace(SETREGS, pid, ctypes.addressof(call))
    ptrace(SINGLESTEP, pid)
    while wait(pid) != signal.SIGTRAP:  # one that came before the call, such as a child's end
        ptrace(SINGLESTEP, pid)
    ptrace(GETREGS, pid, ctypes.addressof(call))
    return ctypes.c_longlong(call.rax).value


class Possessed:
    """
    Process PID, which stands still within a `with`, but for what it is made to do; then it goes on
    as if nothing had been.
    """

    def __init__(self, pid):
        self.pid, self.results, self.alive, self.before = pid, [], True, Registers()
        self.laid = 0

    def __enter__(self):
        ptrace(ATTACH, self.pid)
        try:
            wait(self.pid)
            self.code = instruction(self.pid)
            ptrace(GETREGS, self.pid, ctypes.addressof(self.before))
        except Died:
            raise
        except BaseException:
            ptrace(DETACH, self.pid)
            raise
        return self

    def __exit__(self, kind, *_):
        try:
            if self.alive:
                ptrace(SETREGS, self.pid, ctypes.addressof(self.before))
                ptrace(DETACH, self.pid)
        except ProcessLookupError:  # somebody killed it
            os.waitpid(self.pid, 0)
            if kind is None:
                raise Died(signal.SIGKILL) from None

    def lay(self, octets):
        """Puts them where the calls of this process find them; answers with their address."""
        self.laid += (len(octets) + 15) // 16 * 16
        at = self.before.rsp - RED_ZONE // 4 - self.laid
        with open("/proc/%d/mem" % self.pid, "r+b", buffering=0) as memory:
            memory.seek(at)
            memory.write(octets)
        return at

    def do(self, name, *arguments):
        """One call; raises Died when the process does not survive it."""
        self.results.append(self._run(one_call, name, arguments))
        return self.results[-1]

    def repeat(self, times, name, *arguments):
        """TIMES calls as fast as the process can, or until one fails: the last result, and how often it went well."""
        result, left = self._run(many_calls, name, arguments, times)
        return result, times - left

    def _run(self, how, name, arguments, *more):
        try:
            with open("/proc/%d/mem" % self.pid, "r+b", buffering=0) as memory:
                values = place(memory, self.before.rsp - RED_ZONE, arguments, self.results)
            return how(self.pid, self.before, self.code, name, values, *more)
        except Died:
            self.alive = False
            raise
        except (FileNotFoundError, ProcessLookupError):
            self.alive = False
            os.waitpid(self.pid, 0)
            raise Died(signal.SIGKILL) from None


class Newborn(Possessed):
    """
    The next child of process PARENT that calls itself NAME, possessed as soon as it is READY (of its process id), which
    is looked at after each of its calls. BEGIN has the parent start it.
    """

    def __init__(self, parent, name, begin, ready):
        super().__init__(0)
        self.parent, self.name, self.begin, self.ready = parent, name, begin, ready

    def __enter__(self):
        ptrace(SEIZE, self.parent, TELL_CALLS | TELL_FORKS)
        self.begin()
        while not self.pid:
            self.next_child()
        ptrace(GETREGS, self.pid, ctypes.addressof(self.before))
        self.code = instruction(self.pid)
        return self

    def next_child(self):
        status = stop_of(self.parent)
        if status >> 16 != FORKED:
            number = os.WSTOPSIG(status)
            ptrace(CONT, self.parent, 0 if status >> 16 else number)
            return
        number = ctypes.c_ulong()
        ptrace(EVENT, self.parent, ctypes.addressof(number))
        if self.is_it(number.value):
            ptrace(DETACH, self.parent)
            self.pid = number.value
        else:
            ptrace(CONT, self.parent)

    def is_it(self, pid):
        """PID was just born. If it is, it stands still, ready; else it goes its way."""
        parent = comm(self.parent)
        stop_of(pid)
        ptrace(OPTIONS, pid, TELL_CALLS)
        while comm(pid) == parent or (comm(pid) == self.name and not self.ready(pid)):
            to_the_end_of_a_call(pid)
        if comm(pid) == self.name:
            ptrace(OPTIONS, pid, 0)
            return True
        ptrace(DETACH, pid)
        return False


def comm(pid):
    with open("/proc/%d/comm" % pid, encoding="ascii") as source:
        return source.read().strip()


def stop_of(pid):
    _, status = os.waitpid(pid, ANY_CHILD)
    if not os.WIFSTOPPED(status):
        raise Died(os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0)
    return status


def to_the_end_of_a_call(pid):
    """Runs on until a system call has returned."""
    info = (ctypes.c_uint8 * 88)()
    signal_number = 0
    while True:
        ptrace(SYSCALLS, pid, signal_number)
        number = os.WSTOPSIG(stop_of(pid))
        ptrace(SYSCALL_INFO, pid, ctypes.addressof(info), len(info))
        if info[0] == OUT_OF_A_CALL:
            return
        signal_number = 0 if number & ~0x80 == signal.SIGTRAP else number


def inside(pid, *calls):
    """
    Has process PID do CALLS, each (name, argument...), one after another, and go on as if nothing
    had been. Arguments: numbers, octets (their address is given), Result. Answers with the list of
    results, -errno for failures. Raises Died when the process does not survive one.
    """
    with Possessed(pid) as possessed:
        return [possessed.do(*call) for call in calls]


def text(words):
    """A C string."""
    return os.fsencode(words) + b"\0"


def unix_address(path):
    return struct.pack("=H", 1) + os.fsencode(path).ljust(108, b"\0")


def open_inside(pid, path):
    """open(PATH, O_RDONLY) by process PID: descriptor or -errno."""
    return inside(pid, ("openat", AT_FDCWD, text(path), os.O_RDONLY))[0]


def holds(pid, needles):
    """Whether any of the process's readable memory holds one of the byte strings; not, when it is gone."""
    try:
        with open("/proc/%d/maps" % pid, encoding="ascii") as maps, \
                open("/proc/%d/mem" % pid, "rb", buffering=0) as memory:
            return any(needle in data for data in _readable(maps, memory) for needle in needles)
    except (FileNotFoundError, ProcessLookupError):
        return False


def _readable(maps, memory):
    for line in maps:
        span, mode = line.split()[:2]
        begin, end = (int(x, 16) for x in span.split("-"))
        if mode[0] != "r" or "[vvar" in line or "[vsyscall" in line or end - begin > 1 << 30:
            continue
        try:
            memory.seek(begin)
            data = memory.read(end - begin)
        except OSError:
            continue
        yield data
