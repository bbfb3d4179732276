import { execFileSync } from 'node:child_process';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BUILD } from '../clients/client.ts';
import { RELEASE, unpack } from '../clients/debian.ts';
import { busyboxTar } from '../image.ts';

/** An image made of Debian's packages. */
interface Base {
  readonly name: string;
  /** Names; those of the release where the host has another version; patterns of a name that changes with releases. */
  readonly packages: readonly string[];
  /** Beginnings of names of packages that these depend on, and that no project needs. */
  readonly without: readonly string[];
  readonly changes: readonly string[];
}

const words = (text: string) => text.split(/\s+/).filter((word) => word !== '');
const PATH = 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const BASES: readonly Base[] = [
  {
    name: 'projects/debian',
    packages: words(`bash coreutils dash sed grep findutils tar gzip bzip2 xz-utils diffutils dpkg passwd libcap2-bin
      attr acl make tcc libc-bin libc6-dev linux-libc-dev perl-base python3-minimal libpython3-stdlib lua5.4 mawk`),
    without:
      words(`perl5 perl-modules perl: mailcap mime-support install-info gawk original-awk base-files gcc- cdebconf
      debconf openssl ca-certificates readline-common media-types util-linux libperl5 libgdbm libdb5 libk5 libkrb libgss
      libkeyu libnewt libslang libtirpc libnsl libsystemd libudev libelogind libsqlite libssl libcom-err libcom-err2
      libtextwrap libdebian-inst libgcrypt libgpg libncurses libffi libmpfr libgmp libsigsegv libuuid libblkid libmount
      libsmart liblz4 rpcsvc-proto login libc-dev-bin`),
    changes: [PATH, 'CMD ["bash"]'],
  },
  {
    name: 'projects/node',
    packages: words(`nodejs/${RELEASE} ^libnode[0-9]+$ dash coreutils`),
    without:
      words(`perl libperl5 cdebconf debconf dpkg openssl ca-certificates gcc- install-info libcom libdb5 libdebian
      libexpat libffi libgdbm libgss libk5 libkey libkrb libmd libncurses libnewt libnsl libpython libreadline libslang
      libsqlite libtextwrap libtinfo libtirpc libuuid nodejs mailcap media-types mime-support python readline-common tar`),
    changes: [PATH, 'ENV NODE_VERSION=debian', 'CMD ["node"]'],
  },
];

/** All packages that these need, by the lists of this release. */
function closure({ packages, without }: Base): string[] {
  const named = packages.map((name) => (name.startsWith('^') ? newest(name) : name));
  const fields = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'].map(
    (name) => `--no-${name}`,
  );
  const text = execFileSync('apt-cache', ['depends', '--recurse', ...fields, ...named.filter(isName)], {
    encoding: 'utf8',
  });
  const names = text.split('\n').filter((line) => /^[a-z0-9]/.test(line) && !line.includes(':'));
  const isLeft = (name: string) => !without.some((start) => `${name}:`.startsWith(start));
  return [...new Set([...named, ...names.filter(isLeft)])].sort();
}

const isName = (name: string) => !name.includes('/');

function newest(pattern: string): string {
  const text = execFileSync('apt-cache', ['--names-only', 'search', pattern], { encoding: 'utf8' });
  const [name] = text.trim().split('\n').sort().reverse()[0]!.split(' ');
  return name!;
}

/** What packages' scripts would do, and folders that every system has. */
const FINISH = `
for folder in bin sbin lib lib64; do
  [ -L $folder ] && continue
  mkdir -p usr/$folder
  [ -d $folder ] && cp -a $folder/. usr/$folder/ && rm -r $folder
  ln -s usr/$folder $folder
done
rm -rf usr/share/doc usr/share/man usr/share/locale usr/share/info usr/share/zoneinfo usr/share/lintian
mkdir -p dev proc sys run root home opt srv mnt usr/local/bin usr/local/lib var/log var/cache var/lib/dpkg/info
mkdir -p -m 1777 tmp var/tmp
[ -e usr/bin/sh ] || ln -s dash usr/bin/sh
[ ! -e usr/bin/mawk ] || ln -sf mawk usr/bin/awk
touch var/lib/dpkg/status var/lib/dpkg/available etc/ld.so.cache
echo 'root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
node:x:1000:1000::/home/node:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin' > etc/passwd
echo 'root:x:0:
daemon:x:1:
staff:x:50:
www-data:x:33:
node:x:1000:
nogroup:x:65534:' > etc/group
sed 's/:.*/:*:19000:0:99999:7:::/' etc/passwd > etc/shadow
sed 's/:.*/:*::/' etc/group > etc/gshadow
chmod 640 etc/shadow etc/gshadow
install -d -o 1000 -g 1000 home/node
ldconfig -r . 2>/dev/null || true
rm -rf var/cache/ldconfig
`;

/** The base as an archive, made once. */
function archive(base: Base): string {
  const name = base.name.replace('/', '-');
  const path = join(BUILD, `${RELEASE}-${name}.tar`);
  if (existsSync(path)) return path;
  const root = unpack(name, closure(base));
  execFileSync('bash', ['--norc', '-euc', FINISH], { cwd: root });
  pack(root, path);
  rmSync(root, { recursive: true });
  return path;
}

/** The host's static busybox, and the places that every runtime wants: steps have nothing to make there. */
function busyboxArchive(): string {
  const path = join(BUILD, `${RELEASE}-projects-busybox.tar`);
  if (existsSync(path)) return path;
  const root = mkdtempSync(join(tmpdir(), 'gantry-base-'));
  try {
    execFileSync('tar', ['-C', root, '-x'], { input: busyboxTar() });
    for (const folder of ['dev', 'proc', 'sys']) mkdirSync(join(root, folder), { mode: 0o755 });
    for (const file of ['hosts', 'resolv.conf']) writeFileSync(join(root, 'etc', file), '');
    return pack(root, path);
  } finally {
    rmSync(root, { recursive: true });
  }
}

function pack(root: string, path: string): string {
  mkdirSync(BUILD, { recursive: true });
  const options = ['--sort=name', '--numeric-owner', '--mtime=@0', '--xattrs'];
  execFileSync('tar', ['-C', root, ...options, '-cf', `${path}.part`, ...readdirSync(root)]);
  renameSync(`${path}.part`, path);
  return path;
}

/** Imports all bases, so that every engine under test has the same. */
export async function importBases(socket: string): Promise<void> {
  const busybox = { name: 'projects/busybox', changes: ['CMD ["sh"]', 'ENV PATH=/bin', 'LABEL made-by=projects'] };
  await importArchive(socket, busybox, busyboxArchive());
  for (const base of BASES) await importArchive(socket, base, archive(base));
}

function importArchive(
  socketPath: string,
  { name, changes }: Pick<Base, 'name' | 'changes'>,
  file: string,
): Promise<void> {
  const words = changes.map((change) => `&changes=${encodeURIComponent(change)}`).join('');
  const path = `/images/create?fromSrc=-&repo=${name}&tag=latest${words}`;
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method: 'POST', path, agent: false, timeout: 120_000 });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (response.statusCode === 200 && !text.includes('"error"')) resolve();
        else reject(new Error(`the import of ${name} failed: ${text}`));
      });
    });
    pipeline(createReadStream(file), outgoing).catch(reject);
  });
}

/** The names of all bases. */
export const BASE_NAMES = ['projects/busybox', ...BASES.map(({ name }) => name)];
