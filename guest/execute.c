#include "execute.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "capability.h"
#include "find_program.h"
#include "inside.h"
#include "read_ahead.h"
#include "seccomp.h"
#include "user.h"

static const char *environment_value(char **environment, const char *name) {
    size_t length = strlen(name);
    for (; *environment != NULL; environment++)
        if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
            return *environment + length + 1;
    return NULL;
}

/* `environment` with HOME, when it has none. */
static char **with_home(char **environment, const struct user *user) {
    static char home[sizeof user->home + 8];
    const char *given = environment_value(environment, "HOME");
    if (given != NULL && given[0] != 0)
        return environment;
    size_t count = 0;
    while (environment[count] != NULL)
        count++;
    char **result = calloc(count + 2, sizeof *result);
    if (result == NULL)
        return environment;
    snprintf(home, sizeof home, "HOME=%s", user->home);
    size_t used = 0;
    for (size_t index = 0; index < count; index++)
        if (strncmp(environment[index], "HOME=", 5) != 0)
            result[used++] = environment[index];
    result[used] = home;
    return result;
}

static int set_limits(const struct process_spec *spec, struct failure *failure) {
    for (size_t index = 0; index < spec->limit_count; index++) {
        const struct resource_limit *limit = &spec->limits[index];
        struct rlimit value = {.rlim_cur = limit->soft, .rlim_max = limit->hard};
        if (setrlimit((int)limit->resource, &value) < 0)
            return fail_errno(failure, "cannot set resource limit %u", limit->resource);
    }
    return 0;
}

/* Before the identity is taken: lowering it is root's. */
static int set_oom_score(const struct process_spec *spec, struct failure *failure) {
    char value[16];
    snprintf(value, sizeof value, "%d", spec->oom_score);
    if (spec->oom_score != 0 && write_file("/proc/self/oom_score_adj", value) < 0)
        return fail_errno(failure, "cannot set oom_score_adj to %s", value);
    return 0;
}

int execute_make_folder(const struct process_spec *spec, struct failure *failure) {
    if (spec->folder[0] != '/')
        return fail(failure, STATUS_INVALID,
                    "the working directory '%.800s' is invalid, it needs to be an absolute path",
                    spec->folder);
    cleanup_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup_close int made = make_folder_in(root, spec->folder, failure);
    struct stat information;
    if (made < 0 && stat(spec->folder, &information) == 0 && !S_ISDIR(information.st_mode))
        return fail(failure, STATUS_INVALID, "Cannot mkdir: %.800s is not a directory",
                    spec->folder);
    return made < 0 ? -1 : 0;
}

/* 1: root may not enter it; perhaps the user may. */
static int enter_folder(const char *folder, bool is_last_chance, struct failure *failure) {
    if (folder[0] != '/')
        return fail(failure, STATUS_INVALID, "Cwd must be an absolute path");
    if (chdir(folder) == 0)
        return 0;
    if (!is_last_chance && (errno == EACCES || errno == EPERM))
        return 1;
    return fail(failure, STATUS_INVALID, "chdir to cwd (\"%.800s\") set in config.json failed: %s",
                folder, error_text(errno));
}

/* A program that opens /dev/stdout again must be allowed to. */
static void give_stdio(const struct user *user) {
    struct stat null, information;
    if (stat("/dev/null", &null) < 0)
        return;
    for (int target = 0; target < 3; target++) {
        if (fstat(target, &information) < 0 || information.st_rdev == null.st_rdev)
            continue;
        if (fchown(target, user->uid, (gid_t)-1) < 0)
            continue; /* it stays root's: the descriptor itself works all the same */
    }
}

static int take_identity(const struct process_spec *spec, const struct user *user,
                         struct failure *failure) {
    uint64_t mask = (spec->privileged ? ~0ull : spec->capabilities) & capabilities_known();
    if (capabilities_bound(mask, failure) < 0)
        return -1;
    if (setgroups(user->group_count, user->groups) < 0 || setgid(user->gid) < 0 ||
        prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setuid(user->uid) < 0)
        return fail_errno(failure, "unable to setup user");
    return 0;
}

static int limit_rights(const struct process_spec *spec, const struct user *user,
                        struct failure *failure) {
    uint64_t mask = (spec->privileged ? ~0ull : spec->capabilities) & capabilities_known();
    if (capabilities_set(user->uid == 0 ? mask : 0, failure) < 0)
        return -1;
    if (spec->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return fail_errno(failure, "cannot forbid new privileges");
    return 0;
}

/* Of a rehearsal the program is only read; another one, which is the agent's own, runs. */
static void rehearse_program(const char *path, char **environment) {
    char *arguments[] = {"agent", "rehearsal", NULL};
    read_program_ahead(path);
    execve("/proc/self/exe", arguments, environment);
}

/*
 * What can't be run although it is there and executable has been started all the same: runc notices
 * it too late to refuse it, and so the process says why, and ends.
 */
static void end_unrun(const char *path, int number) __attribute__((noreturn));
static void end_unrun(const char *path, int number) {
    dprintf(STDERR_FILENO, "exec %s: %s\n", path, error_text(number));
    _exit(1);
}

static int run_program(const struct process_spec *spec, bool is_rehearsal, char **environment,
                       struct failure *failure) {
    char path[PATH_MAX];
    if (find_program(spec->arguments[0], environment_value(environment, "PATH"), path, failure) < 0)
        return -1;
    if (is_rehearsal) {
        rehearse_program(path, environment);
        return fail_errno(failure, "cannot rehearse");
    }
    execve(path, spec->arguments, environment);
    end_unrun(path, errno);
}

int execute(const struct process_spec *spec, const struct system_call_filter *filter,
            bool is_rehearsal, struct failure *failure) {
    struct user user;
    if (user_look_up(spec->user, spec->groups, spec->group_count, &user, failure) < 0)
        return -1;
    give_stdio(&user);
    if (set_limits(spec, failure) < 0 || set_oom_score(spec, failure) < 0)
        return -1;
    /* first as root, without regard to the user's rights, as runc does */
    int entered = is_rehearsal ? 0 : enter_folder(spec->folder, false, failure);
    /* with new privileges possible it takes root's, else it is the last thing, as with runc */
    if (entered < 0 || (!spec->no_new_privileges && seccomp_enter(filter, failure) < 0) ||
        take_identity(spec, &user, failure) < 0)
        return -1;
    if (limit_rights(spec, &user, failure) < 0)
        return -1;
    if (entered > 0 && enter_folder(spec->folder, true, failure) < 0)
        return -1;
    umask(022);
    if (spec->no_new_privileges && seccomp_enter(filter, failure) < 0)
        return -1;
    return run_program(spec, is_rehearsal, with_home(spec->environment, &user), failure);
}
