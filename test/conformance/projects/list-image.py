"""Lists what an image's layers make of its base, one line for each file that differs, read from a `docker save` archive.

usage: list-image.py saved.tar [base.json]        -> the lines as JSON
       list-image.py --base saved.tar base.json   writes what a base holds, for the above
"""

import hashlib
import json
import sys
import tarfile
import time

# Times of layers later than this are the builder's, which differ; earlier ones came with the files.
OURS = time.mktime((2020, 1, 1, 0, 0, 0, 0, 0, 0))
KINDS = {tarfile.DIRTYPE: "d", tarfile.SYMTYPE: "l", tarfile.CHRTYPE: "c", tarfile.BLKTYPE: "b", tarfile.FIFOTYPE: "p"}


def shown(text):
    """Bytes that are no UTF-8, and control characters, as escapes."""
    known = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in known)


def xattrs(member):
    prefix = "SCHILY.xattr."
    for key, value in sorted(member.pax_headers.items()):
        if key.startswith(prefix):
            yield "%s=%s" % (key[len(prefix) :], value.encode("utf-8", "surrogateescape").hex())


def facts(layer, member):
    """All that is compared of an entry besides its name and its other names."""
    kind = KINDS.get(member.type, "f")
    parts = [kind, "%o" % member.mode, "%d:%d" % (member.uid, member.gid)]
    if kind == "f":
        digest = hashlib.file_digest(layer.extractfile(member), "sha256").hexdigest()
        parts += [str(member.size), digest[:16]]
    elif kind == "l":
        parts.append("-> " + shown(member.linkname))
    elif kind in "cb":
        parts.append("%d,%d" % (member.devmajor, member.devminor))
    # When a folder was changed last is an engine's own affair: its places for mounts come and go.
    if kind != "d" and member.mtime < OURS:
        parts.append(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(member.mtime)))
    return " ".join(parts + list(xattrs(member)))


def forget(tree, path, itself=True):
    for known in [known for known in tree if known.startswith(path + "/") or (itself and known == path)]:
        del tree[known]


def apply(tree, layer):
    """`tree`: [facts, inode] by path; files with one inode are one file."""
    members = [(member.name.rstrip("/").removeprefix("./"), member) for member in layer]
    fresh = {name for name, _ in members}
    for name, member in members:
        parent, _, last = name.rpartition("/")
        if last == ".wh..wh..opq":
            for known in [k for k in tree if k.startswith(parent + "/") and k not in fresh]:
                del tree[known]
        elif last.startswith(".wh."):
            forget(tree, (parent + "/" if parent else "") + last[4:])
    for name, member in members:
        if name in ("", ".") or name.rpartition("/")[2].startswith(".wh."):
            continue
        if not member.isdir():
            forget(tree, name, itself=False)
        if member.islnk():
            tree[name] = tree[member.linkname.removeprefix("./")]
        else:
            tree[name] = [facts(layer, member), object()]


def layers(path):
    archive = tarfile.open(path)
    for name in json.load(archive.extractfile("manifest.json"))[0]["Layers"]:
        yield name, tarfile.open(fileobj=archive.extractfile(name), errors="surrogateescape")


def lines(tree):
    names = {}
    for path, (_, inode) in tree.items():
        names.setdefault(id(inode), []).append(path)
    same = {path: sorted(group)[0] for group in names.values() if len(group) > 1 for path in group}
    return {
        shown("/" + path): text + (" same as " + shown("/" + same[path]) if path in same else "")
        for path, (text, _) in tree.items()
    }


def main(arguments):
    if arguments[0] == "--base":
        tree, names = {}, []
        for name, layer in layers(arguments[1]):
            names.append(name)
            apply(tree, layer)
        inodes = {}
        rows = {path: [text, inodes.setdefault(id(inode), len(inodes))] for path, (text, inode) in tree.items()}
        json.dump({"layers": names, "tree": rows}, open(arguments[2], "w"))
        return
    base = json.load(open(arguments[1])) if len(arguments) > 1 else {"layers": [], "tree": {}}
    inodes = {}
    tree = {path: [text, inodes.setdefault(inode, object())] for path, (text, inode) in base["tree"].items()}
    before = lines(tree)
    for name, layer in layers(arguments[0]):
        if name not in base["layers"]:
            apply(tree, layer)
    after = lines(tree)
    changed = ["%s %s" % (path, text) for path, text in after.items() if before.get(path) != text]
    removed = ["%s gone" % path for path in before if path not in after]
    json.dump(sorted(changed + removed), sys.stdout, indent=1)


main(sys.argv[1:])
