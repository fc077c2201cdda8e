/* Names of files. */

#include "questions.h"

#include <errno.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

static int rename2(const char *from, const char *to, unsigned flags) {
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

static void no_replace(void) {
    close(make("one", "1"));
    close(make("two", "2"));
    tell("over another", rename2("one", "two", RENAME_NOREPLACE));
    tell("to nothing", rename2("one", "three", RENAME_NOREPLACE));
    tell_content("three");
    tell_content("one");
    tell("unknown flag", rename2("two", "four", 0x80));
}

static void exchange(void) {
    close(make("one", "1"));
    mkdir("folder", 0755);
    close(make("folder/in", "in"));
    tell("exchange", rename2("one", "folder", RENAME_EXCHANGE));
    tell_content("folder");
    tell_content("one/in");
    tell("with nothing", rename2("one", "nothing", RENAME_EXCHANGE));
    tell("both flags", rename2("one", "folder", RENAME_EXCHANGE | RENAME_NOREPLACE));
}

static void whiteout(void) {
    close(make("one", "1"));
    tell("rename", rename2("one", "two", RENAME_WHITEOUT));
    struct stat status = {0};
    tell("stat", lstat("one", &status));
    say("%o device %lu; ", status.st_mode & S_IFMT, (unsigned long)status.st_rdev);
    tell_content("two");
}

static void wrong_renames(void) {
    mkdir("folder", 0755);
    mkdir("full", 0755);
    mkdir("empty", 0755);
    close(make("full/x", ""));
    close(make("file", ""));
    tell("into itself", rename("folder", "folder/in"));
    tell("over a full one", rename("folder", "full"));
    tell("over an empty one", rename("folder", "empty"));
    tell("file over folder", rename("file", "empty"));
    tell("folder over file", rename("empty", "file"));
    tell("nothing", rename("nothing", "x"));
    tell("to itself", rename("file", "file"));
    tell("to nowhere", rename("file", "no/where"));
    tell("dots", rename("full/.", "x"));
    tell("above", rename("full", "full/.."));
}

static void long_names(void) {
    char name[300];
    memset(name, 'n', sizeof name);
    name[255] = 0;
    tell("255", open(name, O_CREAT | O_RDWR, 0644) < 0 ? -1 : 0);
    tell("remove", unlink(name));
    tell("folder", mkdir(name, 0755));
    name[255] = 'n';
    name[256] = 0;
    tell("256", open(name, O_CREAT | O_RDWR, 0644));
    tell("stat", access(name, F_OK));
    tell("mkdir", mkdir(name, 0755));
    tell("symlink", symlink("x", name));
    tell("link", link(".", name));
    tell("rename", rename("nothing", name));
}

static void strange_names(void) {
    const char *names[] = {"...",  " ",      "a\nb",        "-rf", "\xff\xfe",
                           "a\\b", "\"'`$",  "caf\xc3\xa9", "*?[", "..x",
                           "x\r",  "%2e%2e", "\x01\x7f",    "a:b", "CON"};
    for (size_t index = 0; index < sizeof names / sizeof *names; index++) {
        put(names[index], names[index]);
        struct stat status;
        tell("stat", stat(at_host(names[index]), &status));
        tell("unlink", unlink(names[index]));
    }
}

static void hard_links(void) {
    close(make("one", "content"));
    struct stat one, two;
    tell("link", link("one", "two"));
    stat("one", &one);
    stat("two", &two);
    say("%s links %lu; ", one.st_ino == two.st_ino ? "same" : "other", (unsigned long)two.st_nlink);
    put("two", "changed by its second name");
    tell_content("one");
    tell("unlink", unlink("one"));
    stat("two", &two);
    say("links %lu; ", (unsigned long)two.st_nlink);
    tell_content("two");
    tell("over", link("two", "two"));
    mkdir("folder", 0755);
    tell("folder", link("folder", "second"));
    tell("nothing", link("nothing", "second"));
}

static void same_file_renamed(void) {
    close(make("one", "content"));
    link("one", "two");
    tell("rename", rename("one", "two"));
    tell_content("one");
    tell_content("two");
}

static void wrong_removals(void) {
    mkdir("folder", 0755);
    mkdir("folder/in", 0755);
    close(make("file", ""));
    tell("unlink folder", unlink("folder"));
    tell("rmdir file", rmdir("file"));
    tell("rmdir full", rmdir("folder"));
    tell("rmdir dot", rmdir("folder/."));
    tell("rmdir dots", rmdir("folder/in/.."));
    tell("nothing", unlink("nothing"));
    tell("slash", unlink("file/"));
    tell("mkdir there", mkdir("file", 0755));
    tell("mkdir nowhere", mkdir("no/where", 0755));
    tell("mkdir in a file", mkdir("file/x", 0755));
}

static void deep(void) {
    int levels = 0;
    for (; levels < 300; levels++) {
        if (mkdir("d234567890", 0755) < 0 || chdir("d234567890") < 0)
            break;
    }
    say("%d levels; ", levels);
    close(make("bottom", "deep"));
    tell_content("bottom");
    static char here[16384];
    long length = syscall(SYS_getcwd, here, sizeof here);
    say("%s; ", length > 3300 ? "its path is known" : "its path is lost");
    char up[1000] = "";
    for (int index = 0; index < 300; index++)
        strcat(up, "../");
    tell("up", chdir(up));
    tell_mode("d234567890/d234567890");
}

static void too_deep(void) {
    static char path[5000];
    while (strlen(path) < 4200)
        strcat(path, "./");
    tell("open", open(path, O_RDONLY));
    path[4094] = 0;
    tell("open", open(path, O_RDONLY) < 0 ? -1 : 0);
}

static void handles(void) {
    union {
        struct file_handle handle;
        char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
    } found = {.handle.handle_bytes = MAX_HANDLE_SZ};
    int mount_id, here = open(".", O_RDONLY);
    close(make("file", "content"));
    tell("handle", name_to_handle_at(AT_FDCWD, "file", &found.handle, &mount_id, 0));
    int fd = open_by_handle_at(here, &found.handle, O_RDONLY);
    tell("open", fd < 0 ? -1 : 0);
    tell_fd(fd);
}

static void folder_moves(void) {
    mkdir("a", 0755);
    mkdir("b", 0755);
    mkdir("a/in", 0755);
    close(make("a/in/file", "content"));
    int inside = open("a/in", O_RDONLY | O_DIRECTORY);
    tell("rename", rename("a/in", "b/moved"));
    int fd = openat(inside, "file", O_RDONLY);
    tell_fd(fd);
    struct stat above, b;
    fstatat(inside, "..", &above, 0);
    stat("b", &b);
    say("%s; ", above.st_ino == b.st_ino ? "above is b" : "above is another");
    stat("a", &above);
    say("links %lu %lu; ", (unsigned long)above.st_nlink, (unsigned long)b.st_nlink);
}

static void by_the_other(void) {
    mkdir("folder", 0755);
    close(make("folder/file", "content"));
    int fd = open("folder", O_RDONLY | O_DIRECTORY);
    tell("rename", rename(at_other("folder"), at_other("moved")));
    tell_content("folder/file");
    tell_content("moved/file");
    int file = openat(fd, "file", O_RDONLY);
    tell_fd(file);
    tell("create", openat(fd, "new", O_CREAT | O_RDWR, 0644) < 0 ? -1 : 0);
    tell_mode("moved/new");
}

const struct question about_names[] = {
    {"renaming replaces nothing when told so", no_replace},
    {"names are exchanged", exchange},
    {"renaming leaves a whiteout", whiteout},
    {"renames that can't be", wrong_renames},
    {"names of 255 bytes and of more", long_names},
    {"strange names", strange_names},
    {"hard links", hard_links},
    {"renaming to another name of the same file", same_file_renamed},
    {"removals that can't be", wrong_removals},
    {"three hundred folders deep", deep},
    {"paths that are too long", too_deep},
    {"a file is opened by its handle", handles},
    {"a folder moves while it is open", folder_moves},
    {"a folder is moved by another machine while it is open", by_the_other},
    {NULL, NULL},
};
