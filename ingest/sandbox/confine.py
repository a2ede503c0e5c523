"""What a Linux process gives up before it runs a stranger's SQL: memory, files, network, its user.

Nothing here can be taken back by the process itself. On Linux on x86-64 the kernel refuses every
call but those of KEPT_CALLS (seccomp): no file is opened, no socket, no program, no thread, and no
process is touched, whatever SQL makes of DuckDB. On other machines the limits of memory and files
hold, and the other user where root starts it. It is no virtual machine: a fault in how the kernel
handles the calls that are left would get through.
"""

import ctypes
import errno
import os
import platform
import resource
import struct
import sys

NOBODY = 65534
_NO_NEW_PRIVILEGES, _SECCOMP_CALL, _SET_FILTER, _ALL_THREADS = 38, 317, 1, 1
_X86_64 = 0xC000003E
_LOAD, _IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000

KEPT_CALLS = {
    "read": 0, "write": 1, "close": 3, "fstat": 5, "poll": 7, "lseek": 8, "pread64": 17,
    "readv": 19, "writev": 20, "newfstatat": 262,
    "mmap": 9, "mprotect": 10, "munmap": 11, "brk": 12, "mremap": 25, "madvise": 28,
    "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "sigaltstack": 131,
    "restart_syscall": 219, "set_robust_list": 273, "rseq": 334, "membarrier": 324,
    "futex": 202, "futex_waitv": 449, "sched_yield": 24, "sched_getaffinity": 204,
    "nanosleep": 35, "clock_nanosleep": 230, "clock_gettime": 228, "clock_getres": 229,
    "gettimeofday": 96, "times": 100, "getrusage": 98, "sysinfo": 99, "getcpu": 309,
    "getpid": 39, "gettid": 186, "getrandom": 318, "exit": 60, "exit_group": 231,
}  # fmt: skip
"""The system calls of x86-64 that are left: what is open is read, memory is got, time goes by."""


def confine(memory_bytes: int) -> bool:
    """Gives everything up for good; returns whether the kernel refuses calls, too.

    `memory_bytes`: address space that may be got beyond what the process has. Raises OSError where
    a kernel that could refuse calls does not.
    """
    _limit(memory_bytes)
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    if not (sys.platform == "linux" and platform.machine() == "x86_64"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    _succeed(libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    program = _program()
    lines = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(lines))
    _succeed(libc.syscall(_SECCOMP_CALL, _SET_FILTER, _ALL_THREADS, head))
    return True


def _limit(memory_bytes: int) -> None:
    most = {resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: 0}
    if sys.platform == "linux":
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123  loads least
            pages = int(file.read().split()[0])
        most[resource.RLIMIT_AS] = pages * resource.getpagesize() + memory_bytes
    for what, limit in most.items():
        resource.setrlimit(what, (limit, limit))


def _program() -> bytes:
    """The filter as the kernel reads it: another machine's call kills, one not kept is refused."""
    n_calls = len(KEPT_CALLS)
    lines = [(_LOAD, 0, 0, 4), (_IF_EQUAL, 1, 0, _X86_64), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    lines += [(_IF_EQUAL, n_calls - n, 0, call) for n, call in enumerate(KEPT_CALLS.values())]
    lines += [(_RETURN, 0, 0, _REFUSE), (_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("HBBI", *line) for line in lines)


def _succeed(status: int) -> None:
    if status != 0:
        code = ctypes.get_errno() or errno.EPERM
        raise OSError(code, f"the kernel keeps a sandbox open: {os.strerror(code)}")
