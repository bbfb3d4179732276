import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Where packages are kept unpacked, from run to run. */
const KEPT = resolve(import.meta.dirname, '../../build/emulator');
const HANDLERS = '/proc/sys/fs/binfmt_misc';
const HEADER = '\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\xb7\\x00';
const MASK = '\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff';

/** Unpacks a package of Debian without installing it; `options` may say of which architecture. */
function unpack(name: string, options: readonly string[]): string {
  const root = join(KEPT, name.replace(':', '-'));
  if (existsSync(root)) return root;
  const part = `${root}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  const run = (file: string, args: string[]) =>
    execFileSync(file, args, { cwd: part, stdio: ['ignore', 'ignore', 'inherit'] });
  run('apt-get', ['-qq', '-o', 'APT::Sandbox::User=root', ...options, 'download', name]);
  run('sh', ['-c', 'dpkg-deb -x ./*.deb . && rm ./*.deb']);
  renameSync(part, root);
  return root;
}

/** A static busybox for arm64, from Debian; this host's package lists stay as they are. */
export function arm64Busybox(): string {
  const lists = join(KEPT, 'apt');
  mkdirSync(join(lists, 'lists/partial'), { recursive: true });
  mkdirSync(join(lists, 'cache/archives/partial'), { recursive: true });
  writeFileSync(join(lists, 'status'), '');
  const options = [
    ...['-o', 'APT::Architecture=arm64', '-o', 'APT::Architectures::=arm64', '-o', `Dir::State::lists=${lists}/lists`],
    ...['-o', `Dir::State::status=${lists}/status`, '-o', `Dir::Cache=${lists}/cache`],
  ];
  if (!existsSync(join(KEPT, 'busybox-static-arm64'))) {
    execFileSync('apt-get', ['-qq', '-o', 'APT::Sandbox::User=root', ...options, 'update'], { stdio: 'inherit' });
  }
  return join(unpack('busybox-static:arm64', options), 'bin/busybox');
}

/** Has the kernel run programs for arm64 by QEMU, as Debian's packages do, until it is disposed of. */
export function emulateArm64(): Disposable {
  const root = unpack('qemu-user-static', []);
  const wasMounted = existsSync(join(HANDLERS, 'register'));
  if (!wasMounted) execFileSync('mount', ['-t', 'binfmt_misc', 'binfmt_misc', HANDLERS]);
  const name = `gantry-test-${process.pid}`;
  const interpreter = join(root, 'usr/libexec/qemu-binfmt/aarch64-binfmt-P');
  writeFileSync(join(HANDLERS, 'register'), `:${name}:M::${HEADER}:${MASK}:${interpreter}:PF`);
  return {
    [Symbol.dispose]: () => {
      writeFileSync(join(HANDLERS, name), '-1');
      if (!wasMounted) execFileSync('umount', [HANDLERS]);
    },
  };
}
