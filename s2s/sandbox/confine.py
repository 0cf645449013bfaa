"""Confine the current process for good, with resource limits; on Linux also with Landlock and a seccomp filter.

Landlock (kernel 5.13) limits files to those that are named, and forbids TCP (kernel 6.7). The seccomp filter forbids
sockets of all kinds, new processes and programs, and system calls that only administrators and exploits use. Each is
applied only if the system has it.
"""

from __future__ import annotations

import errno
import sys
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from s2s.errors import UserError
from s2s.sandbox.limits import Limits

SYSTEM = (  # paths that the interpreter and its libraries read at run time
    *("/usr/lib", "/usr/lib64", "/usr/share/zoneinfo", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime"),
    *("/dev/null", "/dev/zero", "/dev/urandom", "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system"),
)
DENIED = (  # system calls; the kernel answers EPERM
    *("socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "sendto", "sendmsg", "sendmmsg"),
    *("execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd"),
    *("kill", "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal", "setrlimit"),
    *("mount", "umount2", "pivot_root", "chroot", "unshare", "setns", "move_mount", "open_tree", "fsopen", "fsmount"),
    *("bpf", "perf_event_open", "userfaultfd", "keyctl", "add_key", "request_key", "io_uring_setup"),
    *("init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff"),
    *("open_by_handle_at", "name_to_handle_at", "mknod", "mknodat", "acct", "quotactl", "personality", "memfd_secret"),
    *("setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups", "capset"),
)
CLONE_THREAD = 0x10000  # flag of clone: a thread, not a process


def confine(reads: Sequence[Path], writes: Sequence[Path], limits: Limits) -> None:
    """Forbid all but reading ``reads`` and writing below ``writes``, within the limits.

    This cannot be undone. Threads that already run are not confined. UserError if the system forbids a wall.
    """
    load_filter = _seccomp()  # built first: finding the library that it needs runs a program
    _limit_resources(limits)
    with _allowed("Landlock"):
        _limit_files(reads, writes)
    with _allowed("seccomp"):
        load_filter()


@contextmanager
def _allowed(wall: str) -> Iterator[None]:
    """UserError if the system forbids a wall that it has, as the runtime of a container may."""
    try:
        yield
    except OSError:
        raise UserError("sandbox_forbidden", wall=wall) from None


def _limit_resources(limits: Limits) -> None:
    """Resource limits of Unix. The memory limit is added to what is in use now."""
    if sys.platform == "win32":
        return
    import resource

    used = _data_bytes()
    bounds = {
        "RLIMIT_CPU": limits.seconds,
        "RLIMIT_FSIZE": limits.file,
        "RLIMIT_NOFILE": limits.descriptors,
        "RLIMIT_CORE": 0,
        "RLIMIT_DATA": used + limits.memory,
    }
    for name, bound in bounds.items():
        resource.setrlimit(getattr(resource, name), (bound, bound))


def _data_bytes() -> int:
    """Private memory of this process in bytes, as RLIMIT_DATA counts it; 0 where the system does not say."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in status.splitlines() if line.startswith("VmData:")), 0)


def _limit_files(reads: Sequence[Path], writes: Sequence[Path]) -> None:
    """Landlock, where the kernel has it."""
    import landlockpy

    if not landlockpy.supported():
        return
    fs = landlockpy.AccessFS
    read = fs.READ_FILE | fs.READ_DIR
    write = read | fs.WRITE_FILE | fs.TRUNCATE | fs.MAKE_REG | fs.MAKE_DIR | fs.REMOVE_FILE | fs.REMOVE_DIR | fs.REFER
    of_files = fs.READ_FILE | fs.WRITE_FILE | fs.TRUNCATE  # the kernel refuses a directory's rights for a file
    with landlockpy.Ruleset(scoped=landlockpy.Scope.ABSTRACT_UNIX_SOCKET | landlockpy.Scope.SIGNAL) as rules:
        for paths, access in (((*_interpreter(), *reads), read), (writes, write)):
            for path in paths:
                if path.exists():
                    rules.allow_path(path, access if path.is_dir() else access & of_files)
        rules.restrict()


def _interpreter() -> list[Path]:
    """Where the interpreter, its packages and this package are."""
    package = str(Path(__file__).parents[1])
    return [
        Path(path) for path in sorted({sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(), package, *SYSTEM})
    ]


def _seccomp() -> Callable[[], None]:
    """A function that loads the filter; it does nothing if libseccomp is not installed."""
    try:
        import pyseccomp
    except (RuntimeError, OSError):  # there is no libseccomp
        return lambda: None
    rules = pyseccomp.SyscallFilter(defaction=pyseccomp.ALLOW)
    refused = pyseccomp.ERRNO(errno.EPERM)
    for name in DENIED:
        try:
            rules.add_rule(refused, name)
        except (ValueError, OSError):  # unknown to this kernel or library
            continue
    threads = pyseccomp.Arg(0, pyseccomp.MASKED_EQ, CLONE_THREAD, 0)
    rules.add_rule(refused, "clone", threads)
    rules.add_rule(refused, "prlimit64", pyseccomp.Arg(2, pyseccomp.NE, 0))  # to read a limit is allowed
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")  # its flags are in memory: glibc falls back to clone
    load: Callable[[], None] = rules.load
    return load
