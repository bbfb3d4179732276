import { cPath } from './at.ts';
import { call, declare } from './libc.ts';
import { isErrno } from './system-error.ts';

const lset = declare('int lsetxattr(const void *path, const void *name, const void *value, size_t size, int flags)');
const fset = declare('int fsetxattr(int fd, const void *name, const void *value, size_t size, int flags)');
const lget = declare('int64_t lgetxattr(const void *path, const void *name, void *value, size_t size)');
const fget = declare('int64_t fgetxattr(int fd, const void *name, void *value, size_t size)');
const llist = declare('int64_t llistxattr(const void *path, void *list, size_t size)');
const lremove = declare('int lremovexattr(const void *path, const void *name)');

/** An extended attribute of a file, or of a symbolic link itself where a path is given: names and values are bytes. */
export interface FileXattr {
  readonly name: Buffer;
  readonly value: Buffer;
}

/** Sets an attribute of a path without following a link at its end (lsetxattr(2)), or of an open file (fsetxattr(2)). */
export function setXattr(file: Buffer | number, { name, value }: FileXattr): void {
  if (typeof file === 'number') call('fsetxattr', fset, [file, cPath(name), value, value.length, 0]);
  else call('lsetxattr', lset, [cPath(file), cPath(name), value, value.length, 0], file.toString());
}

/** Removes an attribute of a path without following a link at its end (lremovexattr(2)). */
export function removeXattr(path: Buffer, name: Buffer): void {
  call('lremovexattr', lremove, [cPath(path), cPath(name)], path.toString());
}

const VALUE_LIMIT = 65_536;

/** The value of an attribute, or undefined when the file has none or its file system knows none. */
export function getXattr(file: Buffer | number, name: Buffer): Buffer | undefined {
  const value = Buffer.allocUnsafe(VALUE_LIMIT);
  try {
    const length =
      typeof file === 'number'
        ? call('fgetxattr', fget, [file, cPath(name), value, value.length])
        : call('lgetxattr', lget, [cPath(file), cPath(name), value, value.length], file.toString());
    return Buffer.from(value.subarray(0, length));
  } catch (error) {
    if (isErrno(error, 'ENODATA', 'EOPNOTSUPP', 'ENOTSUP')) return undefined;
    throw error;
  }
}

/** All attributes of a path without following a link at its end that this process may see. */
export function listXattrs(path: Buffer): FileXattr[] {
  const names = Buffer.allocUnsafe(VALUE_LIMIT);
  let length: number;
  try {
    length = call('llistxattr', llist, [cPath(path), names, names.length], path.toString());
  } catch (error) {
    if (isErrno(error, 'EOPNOTSUPP', 'ENOTSUP')) return [];
    throw error;
  }
  const found: FileXattr[] = [];
  for (let at = 0; at < length; ) {
    const end = names.indexOf(0, at);
    const name = Buffer.from(names.subarray(at, end));
    const value = getXattr(path, name);
    if (value) found.push({ name, value });
    at = end + 1;
  }
  return found;
}
