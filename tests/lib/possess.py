"""Makes a running process do one system call, by ptrace(2): what code of an attacker's choice could."""

import ctypes
import os
import platform
import signal

ATTACH, DETACH, GETREGS, SETREGS, SINGLESTEP = 16, 17, 12, 13, 9
OPENAT, AT_FDCWD = 257, -100
REGISTERS = ("r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp "
             "ss fs_base gs_base ds es fs gs").split()
RED_ZONE = 4096  # below the stack pointer, and more than enough for a path
SYSCALL = b"\x0f\x05"


class Registers(ctypes.Structure):
    _fields_ = [(name, ctypes.c_ulonglong) for name in REGISTERS]


def ptrace(request, pid, data=None):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    libc.ptrace.restype = ctypes.c_long
    if libc.ptrace(request, pid, None, data) < 0:
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


def open_inside(pid, path):
    """open(PATH, O_RDONLY) by process PID, which sleeps in a system call: descriptor or -errno."""
    ptrace(ATTACH, pid)
    try:
        os.waitpid(pid, 0)
        before, call = Registers(), Registers()
        ptrace(GETREGS, pid, ctypes.addressof(before))
        ctypes.pointer(call)[0] = before
        with open("/proc/%d/mem" % pid, "r+b", buffering=0) as memory:
            memory.seek(before.rip - len(SYSCALL))
            assert memory.read(len(SYSCALL)) == SYSCALL, "it does not sleep in a system call"
            call.rsi = before.rsp - RED_ZONE
            memory.seek(call.rsi)
            memory.write(path.encode() + b"\0")
        call.rip, call.rax, call.orig_rax = before.rip - len(SYSCALL), OPENAT, 2**64 - 1
        call.rdi, call.rdx = AT_FDCWD % 2**64, os.O_RDONLY
        ptrace(SETREGS, pid, ctypes.addressof(call))
        ptrace(SINGLESTEP, pid)
        os.waitpid(pid, 0)
        ptrace(GETREGS, pid, ctypes.addressof(call))
        ptrace(SETREGS, pid, ctypes.addressof(before))
        return ctypes.c_longlong(call.rax).value
    finally:
        ptrace(DETACH, pid)
