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
#include "mount.h"
#include "read_ahead.h"
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

/* Makes the working folder as Docker does: as root, before the user is taken. */
static int make_folder(const char *folder, struct failure *failure) {
    if (folder[0] != '/')
        return fail(failure, STATUS_INVALID,
                    "the working directory '%s' is invalid, it needs to be an absolute path",
                    folder);
    cleanup_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup_close int made = make_folder_in(root, folder, failure);
    return made < 0 ? -1 : 0;
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
    if (setgroups(user->group_count, user->groups) < 0 || setgid(user->gid) < 0)
        return fail_errno(failure, "cannot take group %u", user->gid);
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setuid(user->uid) < 0)
        return fail_errno(failure, "cannot take user %u", user->uid);
    return 0;
}

/* After chdir: CAP_DAC_OVERRIDE may still be needed there. */
static int limit_rights(const struct process_spec *spec, const struct user *user,
                        struct failure *failure) {
    uint64_t mask = (spec->privileged ? ~0ull : spec->capabilities) & capabilities_known();
    if (capabilities_set(user->uid == 0 ? mask : 0, failure) < 0)
        return -1;
    if (spec->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return fail_errno(failure, "cannot forbid new privileges");
    return 0;
}

/* 0 when `path` can be run, else the reason. */
static int check_program(const char *path) {
    struct stat information;
    if (stat(path, &information) < 0)
        return errno;
    if (S_ISDIR(information.st_mode))
        return EISDIR;
    return access(path, X_OK) < 0 ? errno : 0;
}

/* Go's exec.LookPath, in the environment that the program will have. */
static int find_program(const char *name, char **environment, char *path, struct failure *failure) {
    if (strchr(name, '/') != NULL) {
        snprintf(path, PATH_MAX, "%s", name);
        int reason = strlen(name) >= PATH_MAX ? ENAMETOOLONG : check_program(name);
        if (reason == 0)
            return 0;
        if (reason == ENOENT || reason == ENOTDIR)
            return fail(failure, STATUS_COMMAND_NOT_FOUND, "exec: \"%s\": stat %s: %s", name, name,
                        error_text(reason));
        return fail(failure, STATUS_COMMAND_NOT_EXECUTABLE, "exec: \"%s\": %s", name,
                    error_text(reason));
    }
    const char *rest = environment_value(environment, "PATH");
    while (rest != NULL) {
        size_t length = strcspn(rest, ":");
        int used = snprintf(path, PATH_MAX, "%.*s/%s", length == 0 ? 1 : (int)length,
                            length == 0 ? "." : rest, name);
        if (used < PATH_MAX && name[0] != 0 && check_program(path) == 0)
            return 0;
        rest = rest[length] == ':' ? rest + length + 1 : NULL;
    }
    return fail(failure, STATUS_COMMAND_NOT_FOUND,
                "exec: \"%s\": executable file not found in $PATH", name);
}

/* Of a rehearsal the program is only read; another one, which is the agent's own, runs. */
static void rehearse_program(const char *path, char **environment) {
    char *arguments[] = {"agent", "rehearsal", NULL};
    read_program_ahead(path);
    execve("/proc/self/exe", arguments, environment);
}

static int run_program(const struct process_spec *spec, bool is_rehearsal, char **environment,
                       struct failure *failure) {
    char path[PATH_MAX];
    if (find_program(spec->arguments[0], environment, path, failure) < 0)
        return -1;
    if (is_rehearsal)
        rehearse_program(path, environment);
    else
        execve(path, spec->arguments, environment);
    bool missing = errno == ENOENT || errno == ENOTDIR;
    return fail(failure, missing ? STATUS_COMMAND_NOT_FOUND : STATUS_COMMAND_NOT_EXECUTABLE,
                "exec %s: %s", path, error_text(errno));
}

int execute(const struct process_spec *spec, bool is_rehearsal, struct failure *failure) {
    struct user user;
    if (user_look_up(spec->user, spec->groups, spec->group_count, &user, failure) < 0)
        return -1;
    if (!is_rehearsal && make_folder(spec->folder, failure) < 0)
        return -1;
    give_stdio(&user);
    if (set_limits(spec, failure) < 0)
        return -1;
    if (take_identity(spec, &user, failure) < 0)
        return -1;
    if (chdir(spec->folder) < 0 && !is_rehearsal)
        return fail(failure, STATUS_INVALID, "chdir to cwd (\"%s\") failed: %s", spec->folder,
                    error_text(errno));
    if (limit_rights(spec, &user, failure) < 0)
        return -1;
    umask(022);
    return run_program(spec, is_rehearsal, with_home(spec->environment, &user), failure);
}
