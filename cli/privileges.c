/* Users, capabilities, Landlock (landlock(7)), seccomp. */
#include "cli/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PACKETS_NICE = -10 }; /* whoever reads packets must not wait for a turn */

static bool fail(struct err *err, const char *what)
{
    return err_set(err, ERR_IO, (uint64_t)errno, "%s: %s", what, strerror(errno));
}

static bool become(const char *name, struct err *err)
{
    errno = 0;
    const struct passwd *user = getpwnam(name);

    if (!user)
        return err_set(err, ERR_USAGE, 0, "--user: there is no user %s", name);
    if (geteuid() == user->pw_uid)
        return true;
    if (geteuid() != 0)
        return err_set(err, ERR_USAGE, 0, "--user: only root can become %s", name);
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || setgroups(0, NULL) != 0
        || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) != 0
        || setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0)
        return fail(err, "--user");
    return true;
}

/* No program that it might start, and no exploit, could have more.  Takes CAP_SETPCAP: while it is still
 * root. */
static void bound_capabilities(void)
{
    for (int capability = 0; capability <= CAP_LAST_CAP; capability++)
        if (capability != CAP_NET_RAW && prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1)
            (void)prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
}

/* Of the capabilities that it has, CAP_NET_RAW. */
static bool keep_one_capability(struct err *err)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[2] = { 0 };

    if (syscall(SYS_capget, &header, data) != 0)
        return fail(err, "capabilities");
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    uint32_t kept = data[0].permitted & (1u << CAP_NET_RAW);
    data[0] = (struct __user_cap_data_struct){ .effective = kept, .permitted = kept };
    data[1] = (struct __user_cap_data_struct){ 0 };
    if (syscall(SYS_capset, &header, data) != 0)
        return fail(err, "capabilities");
    return true;
}

bool privileges_drop(const char *user, struct err *err)
{
    (void)setpriority(PRIO_PROCESS, 0, PACKETS_NICE); /* takes CAP_SYS_NICE; without it the ring has to do */
    bound_capabilities();
    if (user && !become(user, err))
        return false;
    if (!keep_one_capability(err))
        return false;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 || fail(err, "no_new_privs");
}

/* What writes; reading stays as it is: addresses and names are looked up in many places. */
static const uint64_t writing =
    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG;
static const uint64_t handled =
    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG
    | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_CHAR
    | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO
    | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

/* Of a file, only what a file allows: the kernel refuses the rest. */
static bool allow(int ruleset, const char *path, struct err *err)
{
    struct landlock_path_beneath_attr rule = { .allowed_access = writing,
                                               .parent_fd = open(path, O_PATH | O_CLOEXEC) };
    struct stat file;

    if (rule.parent_fd < 0)
        return fail(err, path);
    if (fstat(rule.parent_fd, &file) == 0 && !S_ISDIR(file.st_mode))
        rule.allowed_access = LANDLOCK_ACCESS_FS_WRITE_FILE;
    long status = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    int error = errno;
    (void)close(rule.parent_fd);
    errno = error;
    return status == 0 || fail(err, path);
}

static bool confine_files(const char *const *paths, struct err *err)
{
    struct landlock_ruleset_attr attributes = { .handled_access_fs = handled };
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);

    if (ruleset < 0)
        return errno == ENOSYS || errno == EOPNOTSUPP || fail(err, "Landlock");
    bool ok = true;
    for (size_t i = 0; ok && paths[i]; i++)
        ok = allow(ruleset, paths[i], err);
    if (ok && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
        ok = fail(err, "Landlock");
    (void)close(ruleset);
    return ok;
}

/* What a recorder, libpcap, libc and their threads call while packets come; all else is refused. */
static const int calls[] = {
    SCMP_SYS(access),
    SCMP_SYS(bind),
    SCMP_SYS(brk),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(clone),
    SCMP_SYS(clone3),
    SCMP_SYS(close),
    SCMP_SYS(connect),
    SCMP_SYS(dup),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(eventfd2),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(fchmod),
    SCMP_SYS(fcntl),
    SCMP_SYS(fdatasync),
    SCMP_SYS(flock),
    SCMP_SYS(fstat),
    SCMP_SYS(fstatfs),
    SCMP_SYS(fsync),
    SCMP_SYS(ftruncate),
    SCMP_SYS(futex),
    SCMP_SYS(getdents64),
    SCMP_SYS(getegid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getpid),
    SCMP_SYS(getrandom),
    SCMP_SYS(getsockname),
    SCMP_SYS(getsockopt),
    SCMP_SYS(gettid),
    SCMP_SYS(getuid),
    SCMP_SYS(ioctl),
    SCMP_SYS(lseek),
    SCMP_SYS(madvise),
    SCMP_SYS(membarrier),
    SCMP_SYS(mlock),
    SCMP_SYS(mmap),
    SCMP_SYS(mprotect),
    SCMP_SYS(mremap),
    SCMP_SYS(munlock),
    SCMP_SYS(munmap),
    SCMP_SYS(nanosleep),
    SCMP_SYS(newfstatat),
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(prctl),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(read),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(readv),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rseq),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(setpriority),
    SCMP_SYS(setsockopt),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(socket),
    SCMP_SYS(stat),
    SCMP_SYS(statx),
    SCMP_SYS(sysinfo),
    SCMP_SYS(tgkill),
    SCMP_SYS(time),
    SCMP_SYS(uname),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(write),
    SCMP_SYS(writev),
};

static bool confine_calls(struct err *err)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int status = filter ? 0 : -ENOMEM;

    for (size_t i = 0; status == 0 && i < sizeof calls / sizeof calls[0]; i++)
        if (calls[i] >= 0) /* not every architecture has each */
            status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
    if (status == 0)
        status = seccomp_load(filter);
    seccomp_release(filter);
    errno = -status;
    return status == 0 || status == -EINVAL || fail(err, "seccomp"); /* EINVAL: a kernel without it */
}

bool privileges_confine(const char *const *paths, struct err *err)
{
    return confine_files(paths, err) && confine_calls(err);
}
