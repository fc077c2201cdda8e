"""Prints one JSON line per path below each folder given: all that a file system keeps of it."""
import hashlib
import json
import os
import stat
import sys

KINDS = {stat.S_IFDIR: "folder", stat.S_IFREG: "file", stat.S_IFLNK: "link", stat.S_IFIFO: "fifo",
         stat.S_IFCHR: "char", stat.S_IFBLK: "block", stat.S_IFSOCK: "socket"}


def text(name):
    return name.decode("latin-1")


def xattrs(path):
    names = sorted(os.listxattr(path, follow_symlinks=False))
    return {name: os.getxattr(path, name, follow_symlinks=False).hex() for name in names}


def describe(root, path, linked):
    status = os.lstat(path)
    kind = KINDS[stat.S_IFMT(status.st_mode)]
    name = text(path[len(root) + 1:])
    entry = {"path": name, "kind": kind, "mode": oct(stat.S_IMODE(status.st_mode)),
             "owner": f"{status.st_uid}:{status.st_gid}", "time": str(status.st_mtime_ns), "xattrs": xattrs(path)}
    if kind != "folder":
        entry["links"] = status.st_nlink
        if status.st_nlink > 1:
            entry["same"] = linked.setdefault((status.st_dev, status.st_ino), name)
    if kind == "file":
        entry["size"] = status.st_size
        with open(path, "rb") as file:
            entry["hash"] = hashlib.sha256(file.read()).hexdigest()
    if kind == "link":
        entry["target"] = text(os.readlink(path))
    if kind in ("char", "block"):
        entry["device"] = f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
    print(json.dumps(entry))
    return kind


def walk(root, folder, linked):
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if describe(root, path, linked) == "folder":
            walk(root, path, linked)


sys.setrecursionlimit(10_000)
for given in sys.argv[1:]:
    folder = os.fsencode(given)
    walk(folder, folder, {})
