import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BUILD } from './client.ts';

/** The system's Python, for which Debian's packages are made. */
export const PYTHON = '/usr/bin/python3';

/** Debian's name of this release (`bookworm`): versions of its packages are pinned by it. */
export const RELEASE = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? '';

/** Unpacks packages of this release below build/, without installing them; returns where. Done once. */
export function unpack(name: string, packages: readonly string[]): string {
  const root = join(BUILD, `${RELEASE}-${name}`);
  if (mkdirSync(root, { recursive: true }) === undefined) return root;
  const part = `${root}.part`;
  rmSync(root, { recursive: true });
  rmSync(part, { recursive: true, force: true });
  mkdirSync(join(part, 'debs'), { recursive: true });
  const options = ['-qq', '-o', 'APT::Sandbox::User=root', 'download'];
  execFileSync('apt-get', [...options, ...packages], {
    cwd: join(part, 'debs'),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  execFileSync('sh', ['-c', 'for deb in debs/*.deb; do dpkg-deb -x "$deb" .; done'], { cwd: part });
  rmSync(join(part, 'debs'), { recursive: true });
  renameSync(part, root);
  return root;
}
