"""The walls around one hand-in, put up by the process itself after the warm fork.

``strict``
    Own user, mount, pid, network, ipc and uts namespaces; a root of its own that
    holds the interpreter and the system's libraries, read-only, and one scratch
    tmpfs with a size; an own uid where the grader is root; no capabilities, no new
    privileges, rlimits, and a seccomp filter.
``standard``
    Landlock for files, TCP and signals instead of the namespaces; the rest alike.
``none``
    Rlimits only.

bubblewrap cannot stand here, since it must exec, which would throw the warm imports
away. It is the outer wall, around the process that forks (see :mod:`.zygote`).

Only the standard library and pyseccomp are imported: this file runs inside.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import resource
import shutil
import signal
import socket
import stat
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LEVELS = ("strict", "standard", "none")
FIRST_UID = 60_000  # one of its own for each sandbox, where the grader is root
WIDE_UID = 1_000_000_000  # or from here, where there are that many
UIDS = 1_000  # of each run
BOX = "/box"
UP = b"up"

NEWNS, NEWUTS, NEWIPC, NEWUSER = 0x20000, 0x4000000, 0x8000000, 0x10000000
NEWPID, NEWNET = 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
MNT_DETACH = 2
SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
SYS_MOUNT_SETATTR, AT_RECURSIVE, AT_FDCWD = 442, 0x8000, -100
PR_PDEATHSIG, PR_DUMPABLE, PR_CAPBSET_DROP, PR_NO_NEW_PRIVS = 1, 4, 24, 38
PR_CHILD_SUBREAPER = 36

_DENIED = (
    # other processes
    "ptrace process_vm_readv process_vm_writev pidfd_getfd kcmp process_madvise "
    # mounts and namespaces
    "mount umount2 pivot_root chroot setns unshare open_tree move_mount fsopen "
    "fsmount fsconfig fspick mount_setattr name_to_handle_at open_by_handle_at "
    # the kernel's wider surface
    "bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register "
    "keyctl add_key request_key kexec_load kexec_file_load init_module finit_module "
    "delete_module acct swapon swapoff reboot syslog quotactl settimeofday "
    "clock_settime clock_adjtime adjtimex personality fanotify_init lookup_dcookie "
    "vmsplice nfsservctl uselib ustat sysfs iopl ioperm modify_ldt "
    # memory that no limit here would count
    "memfd_create memfd_secret shmget shmat shmctl msgget semget mq_open "
    "remap_file_pages"
)
DENIED = _DENIED.split()

_libc = ctypes.CDLL(None, use_errno=True)


class SandboxError(OSError):
    """A wall could not be put up."""


@dataclass(frozen=True)
class Plan:
    """What a sandbox of this run looks like; the same for every hand-in.

    Parameters
    ----------
    level : str
        One of :data:`LEVELS`.
    shown : tuple of str
        Folders that are there, read-only, under their own names.
    links : tuple of (str, str)
        Other names of those folders, and where they lead.
    hidden : tuple of str
        Folders that may lie below those and must not be seen.
    base : str
        A folder that is private to the run.
    env : dict
        The whole environment.
    first_uid : int
        Of the sandboxes, where the grader is root.
    """

    level: str
    shown: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    hidden: tuple[str, ...]
    base: str
    env: dict[str, str]
    first_uid: int = FIRST_UID

    def hidden_below(self) -> list[str]:
        """Give the hidden folders that would be seen; others are not there at all."""
        return [
            hidden
            for hidden in self.hidden
            if any(hidden.startswith(f"{shown}/") for shown in self.shown)
        ]


def own_uids() -> int:
    """Choose uids that no other run on this machine has at the same time.

    Limits on processes count by uid: two runs that shared one would starve each other.
    """
    try:
        lines = Path("/proc/self/uid_map").read_text().splitlines()
    except OSError:
        return FIRST_UID
    last = max(int(line.split()[0]) + int(line.split()[2]) for line in lines)
    if last < 2 * WIDE_UID + UIDS:
        return FIRST_UID
    return WIDE_UID + os.getpid() % (WIDE_UID // UIDS) * UIDS


def environment(view: str, home: str) -> dict[str, str]:
    """Give the environment of the sandbox: nothing of the grader's own."""
    one = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return {
        **dict.fromkeys(one, "1"),
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": home,
        "PYTHONPATH": view,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "JUPYTER_PLATFORM_DIRS": "1",
        "NBGRADER_EXECUTION": "autograde",
    }


# -- small system calls ------------------------------------------------------------


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise SandboxError(number, f"{what}: {os.strerror(number)}")


def _mount(
    source: str | None, target: str, kind: str | None, flags: int, data: str = ""
) -> None:
    def raw(text: str | None) -> bytes | None:
        return None if text is None else os.fsencode(text)

    _check(
        _libc.mount(
            raw(source), raw(target), raw(kind), ctypes.c_ulong(flags), data.encode()
        ),
        f"mount {target}",
    )


class _MountAttributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "spread", "user")]


def _show(source: str, root: str) -> None:
    """Bind a file or folder read-only below ``root``, with what is mounted in it."""
    target = root + source
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        Path(target).touch()
    _mount(source, target, None, MS_BIND | MS_REC)
    attributes = _MountAttributes(MS_RDONLY | MS_NOSUID | MS_NODEV, 0, 0, 0)
    done = _libc.syscall(
        SYS_MOUNT_SETATTR,
        AT_FDCWD,
        os.fsencode(target),
        AT_RECURSIVE,
        ctypes.byref(attributes),
        ctypes.sizeof(attributes),
    )
    if done != 0:  # before Linux 5.12: only the folder itself
        flags = MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV
        _mount(None, target, None, flags)


# -- the filter of system calls ----------------------------------------------------


def build_filter() -> Any:
    """Make the seccomp filter once; each sandbox only loads it.

    Returns
    -------
    pyseccomp.SyscallFilter or None
        None where libseccomp is missing.
    """
    try:
        import pyseccomp
    except (ImportError, RuntimeError, OSError):
        return None
    made = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    refuse = pyseccomp.ERRNO(errno.EPERM)
    for name in DENIED:
        try:
            made.add_rule(refuse, name)
        except (OSError, ValueError, RuntimeError):
            continue  # a call this libseccomp or processor does not have
    for flag in (NEWUSER, NEWNS, NEWPID, NEWNET):
        masked = pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag)
        made.add_rule(refuse, "clone", masked)
    # The flags of clone3 are behind a pointer; without it the C library uses clone.
    made.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    other = pyseccomp.Arg(0, pyseccomp.NE, int(socket.AF_UNIX))
    made.add_rule(pyseccomp.ERRNO(errno.EAFNOSUPPORT), "socket", other)
    typing = pyseccomp.Arg(1, pyseccomp.MASKED_EQ, 0xFFFFFFFF, 0x5412)  # TIOCSTI
    made.add_rule(refuse, "ioctl", typing)
    return made


def die_with_parent() -> None:
    """Have this process killed when the one that made it ends."""
    _libc.prctl(PR_PDEATHSIG, signal.SIGKILL)


# -- entering ----------------------------------------------------------------------


def enter(
    plan: Plan,
    limits: dict[str, Any],
    files: Sequence[tuple[str, bytes]],
    *,
    slot: int,
    keep: Iterable[int],
    filter: Any,
    report: Callable[[int], None],
) -> None:
    """Put up the walls around this process, which was just forked for one hand-in.

    It forks once more, and returns only in the new process; the other one waits for
    it and never returns.

    Parameters
    ----------
    plan, limits
        What the sandbox is like, and how much it may take.
    files : sequence of (str, bytes)
        What lies in its working folder.
    slot : int
        Unique among the sandboxes that live now; it gives the uid.
    keep : iterable of int
        Descriptors that stay open.
    filter
        From :func:`build_filter`.
    report : callable
        Told the pid, as this process sees it, once the walls are up.
    """
    root_user = os.geteuid() == 0
    uid = plan.first_uid + slot if root_user else os.getuid()
    if plan.level == "strict":
        _namespaces(root_user)
    tell = _become_first(report)
    try:
        if plan.level == "strict":
            _own_root(plan, limits, files, uid)
        else:
            _own_folder(plan, files, uid if root_user else -1, slot)
        _close_others({*keep, tell})
        _lose_rights(plan, limits, filter, root_user, uid)
    except BaseException as error:
        os.write(tell, f"{type(error).__name__}: {error}".encode()[:1000])
        os._exit(1)
    os.environ.clear()
    os.environ.update(plan.env, HOME=os.getcwd())
    os.umask(0o022)
    os.write(tell, UP)
    os.close(tell)


def _lose_rights(
    plan: Plan, limits: dict[str, Any], filter: Any, root_user: bool, uid: int
) -> None:
    if plan.level != "none":
        _drop_rights(root_user, uid)
    die_with_parent()  # after setuid, which clears it
    _libc.prctl(PR_DUMPABLE, 0, 0, 0, 0)
    _libc.prctl(PR_NO_NEW_PRIVS, 1, 0, 0, 0)
    _set_limits(limits, alone=plan.level == "strict" or root_user)
    if plan.level == "standard":
        restrict_files(plan, os.getcwd())
    if plan.level != "none":
        if filter is None:
            raise SandboxError(errno.ENOSYS, "libseccomp is missing")
        filter.load()


def _own_folder(
    plan: Plan, files: Sequence[tuple[str, bytes]], uid: int, slot: int
) -> None:
    """Make a working folder where there is no mount namespace to put one in."""
    box = os.path.join(plan.base, "boxes", str(slot))
    shutil.rmtree(box, ignore_errors=True)
    os.makedirs(box, 0o700)
    _fill(box, files)
    os.chdir(box)
    if uid >= 0 and plan.level == "standard":
        _give(box, uid)


def _namespaces(root_user: bool) -> None:
    flags = NEWNS | NEWPID | NEWNET | NEWIPC | NEWUTS
    if root_user:
        _check(_libc.unshare(flags), "unshare")
    else:
        uid, gid = os.getuid(), os.getgid()
        _check(_libc.unshare(flags | NEWUSER), "unshare")
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    _mount(None, "/", None, MS_REC | MS_PRIVATE)


def _become_first(report: Callable[[int], None]) -> int:
    """Fork the process that runs the hand-in; this one keeps watch and never returns.

    With a pid namespace the end of the first process is the end of all. Without one,
    whatever it leaves behind becomes a child of the keeper, which ends it.

    Returns
    -------
    int
        Where the new process writes that its walls are up, or what failed.
    """
    listen, tell = os.pipe()
    _libc.prctl(PR_CHILD_SUBREAPER, 1, 0, 0, 0)
    pid = os.fork()
    if pid == 0:
        die_with_parent()
        os.close(listen)
        return tell
    signal.signal(signal.SIGTERM, lambda *_: os.kill(pid, signal.SIGKILL))
    _libc.prctl(PR_PDEATHSIG, signal.SIGTERM)
    try:
        os.close(tell)
        said = os.read(listen, 1000)
        if said != UP:
            os.waitpid(pid, 0)
            raise SandboxError(errno.EPERM, said.decode() or "it ended")
        report(pid)
    except BaseException:
        with contextlib.suppress(ProcessLookupError):  # so that the reason is heard
            os.kill(pid, signal.SIGKILL)
        raise
    os.closerange(3, 65_536)
    os.waitpid(pid, 0)
    _end_descendants()
    os._exit(0)


def _end_descendants() -> None:
    """End every child of this process, and what becomes one, until there is none."""
    me = str(os.getpid())
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        for name in os.listdir("/proc"):
            if name.isdigit():
                with contextlib.suppress(OSError, IndexError):
                    fields = Path(f"/proc/{name}/stat").read_text().rsplit(")", 1)[1]
                    if fields.split()[1] == me:
                        os.kill(int(name), signal.SIGKILL)
        time.sleep(0.01)


def _own_root(
    plan: Plan, limits: dict[str, Any], files: Sequence[tuple[str, bytes]], uid: int
) -> None:
    root = os.path.join(plan.base, "root")
    os.makedirs(root, exist_ok=True)
    plain = MS_NOSUID | MS_NODEV
    _mount("tmpfs", root, "tmpfs", plain, "size=4m,nr_inodes=4096,mode=755")
    for name in ("scratch", "old", "proc", "dev", "etc"):
        os.mkdir(f"{root}/{name}", 0o755)
    size = f"size={limits['scratch']},nr_inodes={limits['inodes']},mode=755"
    _mount("tmpfs", f"{root}/scratch", "tmpfs", plain, size)
    for name, place in (("box", BOX), ("tmp", "/tmp"), ("shm", "/dev/shm")):
        folder = f"{root}/scratch/{name}"
        os.mkdir(folder, 0o755)
        if name == "box":
            _fill(folder, files)
        if os.geteuid() == 0:
            _give(folder, uid)
        os.makedirs(root + place, exist_ok=True)
        _mount(folder, root + place, None, MS_BIND)
    # /tmp stands before a folder that may lie below it is shown.
    for shown in plan.shown:
        _show(shown, root)
    for name, target in plan.links:
        os.makedirs(os.path.dirname(root + name), exist_ok=True)
        os.symlink(target, root + name)
    for name in ("/bin", "/lib", "/lib64", "/sbin"):
        if os.path.islink(name):
            os.symlink(os.readlink(name), root + name)
        elif os.path.isdir(name):
            _show(name, root)
    for hidden in plan.hidden_below():
        if os.path.isdir(root + hidden):
            _mount("tmpfs", root + hidden, "tmpfs", plain | MS_RDONLY, "size=4k")
    for name in ("/etc/ld.so.cache", "/etc/fonts"):
        if os.path.exists(name):
            _show(name, root)
    line = f"learner:x:{uid}:{uid}::{BOX}:/bin/false\n"
    Path(f"{root}/etc/passwd").write_text(line)
    for name in ("null", "zero", "full", "random", "urandom"):
        Path(f"{root}/dev/{name}").touch()
        _mount(f"/dev/{name}", f"{root}/dev/{name}", None, MS_BIND)
    # From inside the new pid namespace, and before the old root goes away.
    _mount("proc", f"{root}/proc", "proc", plain | MS_NOEXEC)
    os.chdir(root)
    pivot = SYS_PIVOT_ROOT[os.uname().machine]
    _check(_libc.syscall(pivot, b".", b"old"), "pivot_root")
    os.chdir("/")
    _check(_libc.umount2(b"/old", MNT_DETACH), "umount")
    os.rmdir("/old")
    _mount(None, "/", None, MS_BIND | MS_REMOUNT | MS_RDONLY | plain)
    _libc.sethostname(b"grading", 7)
    os.chdir(BOX)


def _fill(folder: str, files: Sequence[tuple[str, bytes]]) -> None:
    for name, data in files:
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _give(folder: str, uid: int) -> None:
    for path, folders, names in os.walk(folder):
        for name in [".", *folders, *names]:
            os.chown(os.path.join(path, name), uid, uid, follow_symlinks=False)


def _close_others(keep: set[int]) -> None:
    top = max({2, *keep}) + 1
    for number in range(3, top):
        if number not in keep:
            try:
                os.close(number)
            except OSError:
                continue
    os.closerange(top, 65_536)


def _drop_rights(root_user: bool, uid: int) -> None:
    for capability in range(64):
        _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    if root_user:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)  # from root, this empties the capability sets
        return

    class Header(ctypes.Structure):
        _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]

    header, nothing = Header(0x20080522, 0), (ctypes.c_uint32 * 6)()
    _check(_libc.capset(ctypes.byref(header), nothing), "capset")


def _set_limits(limits: dict[str, Any], *, alone: bool) -> None:
    """Set the rlimits; where the uid is not its own, others' processes count too."""
    others = 0 if alone else _threads_of(os.getuid())
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        pages = (8 << 30) // resource.getpagesize()
    present = pages * resource.getpagesize()
    wanted = {
        resource.RLIMIT_AS: present + limits["memory"],
        resource.RLIMIT_NPROC: limits["processes"] + others,
        resource.RLIMIT_NOFILE: limits["open_files"],
        resource.RLIMIT_FSIZE: limits["file_size"],
        resource.RLIMIT_CPU: limits["cpu_seconds"],
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_STACK: 8 << 20,
        resource.RLIMIT_MEMLOCK: 1 << 16,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_SIGPENDING: 256,
    }
    for what, most in wanted.items():
        hard = resource.getrlimit(what)[1]
        value = int(most) if hard == resource.RLIM_INFINITY else min(int(most), hard)
        resource.setrlimit(what, (value, value))


def _threads_of(uid: int) -> int:
    """Count the threads of a user."""
    count = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                lines = Path(f"/proc/{name}/status").read_text().splitlines()
                facts = dict(line.split(":", 1) for line in lines if ":" in line)
                if int(facts["Uid"].split()[0]) == uid:
                    count += int(facts["Threads"])
    return count


# -- Landlock ----------------------------------------------------------------------

LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446
READ = 1 << 0 | 1 << 2 | 1 << 3  # execute, read files, read folders
READ_FILE = 1 << 2
FS_BITS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # how many rights an ABI knows
LEAST_LANDLOCK = 4  # since then TCP too


class _Ruleset(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("files", "net", "scoped")]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32)]


def landlock_version() -> int:
    """Give the version of Landlock that this kernel speaks; 0 for none."""
    return max(0, int(_libc.syscall(LANDLOCK_CREATE, None, 0, 1)))


def restrict_files(plan: Plan, box: str) -> None:
    """Leave only the shown folders readable and ``box`` writable; no TCP."""
    version = landlock_version()
    if version < LEAST_LANDLOCK:
        raise SandboxError(errno.ENOSYS, f"Landlock is at version {version}")
    everything = (1 << FS_BITS[min(version, 5)]) - 1
    rules = _Ruleset(everything, 0b11, 0b11 if version >= 6 else 0)
    size = ctypes.sizeof(rules) if version >= 6 else 16
    made = _libc.syscall(LANDLOCK_CREATE, ctypes.byref(rules), size, 0)
    if made < 0:
        _check(-1, "landlock")
    for name in ("/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/fonts"):
        _allow(made, name, READ)
    for name in ("null", "zero", "full", "random", "urandom"):
        _allow(made, f"/dev/{name}", READ_FILE | 1 << 1)
    for name in (*plan.shown, "/proc/self"):
        _allow(made, name, READ)
    _allow(made, box, everything)
    _check(_libc.syscall(LANDLOCK_RESTRICT, made, 0), "landlock")
    os.close(made)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not stat.S_ISDIR(os.fstat(opened).st_mode):
        rights &= 1 << 0 | 1 << 1 | READ_FILE | 1 << 14
    rule = _Beneath(rights, opened)
    done = _libc.syscall(LANDLOCK_ADD, ruleset, 1, ctypes.byref(rule), 0)
    os.close(opened)
    _check(done, f"landlock {path}")


# -- what is needed ----------------------------------------------------------------


def needed_folders(
    view: str,
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Give the folders that the interpreter needs, and the links that lead to them."""
    wanted = ["/usr", sys.prefix, sys.base_prefix, view]
    links = [(path, os.path.realpath(path)) for path in wanted]
    real = [os.path.realpath(path) for path in wanted]
    kept: list[str] = []
    for path in dict.fromkeys(real):
        if not any(path == other or path.startswith(other + "/") for other in kept):
            kept.append(path)
    outside = [
        (path, target)
        for path, target in dict.fromkeys(links)
        if path != target and not any(path.startswith(top + "/") for top in kept)
    ]
    return tuple(kept), tuple(outside)
