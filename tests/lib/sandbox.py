"""What a test takes away from a program before it starts: for subprocess' preexec_fn."""

import ctypes
import errno
import os
import struct

PR_CAPBSET_DROP, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 24, 22, 38
CAP_SYS_ADMIN, CAP_BPF = 21, 39
CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 0x40000
LANDLOCK_CREATE_RULESET, LANDLOCK_RESTRICT_SELF = 444, 446  # on every architecture


def prctl(*arguments):
    if ctypes.CDLL(None, use_errno=True).prctl(*arguments, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def without_bpf():
    """Neither CAP_BPF nor CAP_SYS_ADMIN, nor a way to get them back."""
    for capability in (CAP_SYS_ADMIN, CAP_BPF):
        prctl(PR_CAPBSET_DROP, capability)


def without_landlock(call=LANDLOCK_CREATE_RULESET, error=errno.ENOSYS):
    """A kernel that does not know it, or fails in another call: a filter of four instructions."""
    load, equal, answer = 0x20, 0x15, 0x06
    code = [struct.pack("=HBBI", *instruction) for instruction in (
        (load, 0, 0, 0), (equal, 0, 1, call),
        (answer, 0, 0, 0x00050000 | error), (answer, 0, 0, 0x7fff0000))]
    program = ctypes.create_string_buffer(b"".join(code))
    header = ctypes.create_string_buffer(struct.pack("@HP", len(code), ctypes.addressof(program)))
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0)
    prctl(PR_SET_SECCOMP, 2, header)


def with_broken_landlock():
    """It is there, until a worker asks for it."""
    without_landlock(LANDLOCK_RESTRICT_SELF, errno.EOPNOTSUPP)


def hide_processes(probe=False):
    """
    As ProtectProc=invisible: /proc, for this process and its children, shows no others' processes.
    PROBE: only raises PermissionError when that cannot be done.
    """
    if probe:
        pid = os.fork()
        if pid == 0:
            try:
                hide_processes()
                os._exit(0)
            except OSError:
                os._exit(1)
        if os.waitpid(pid, 0)[1] != 0:
            raise PermissionError("no mount of /proc")
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) or \
            libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) or \
            libc.mount(b"proc", b"/proc", b"proc", 0, b"hidepid=invisible"):
        raise PermissionError(ctypes.get_errno(), "mount")
