import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { RELEASE, unpack } from '../../conformance/clients/debian.ts';

const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  bookworm: ['libgpgme11', 'libassuan0', 'libsubid4'],
  trixie: ['libgpgme11t64', 'libassuan9', 'libsubid5'],
};
const PROGRAMS = ['skopeo', 'podman', 'conmon', 'crun', 'libyajl2', 'docker-registry'];
const SHARED = [
  'golang-github-containers-common',
  'golang-github-containers-image',
  'libdevmapper1.02.1',
  'libseccomp2',
];

/** Debian's skopeo, podman and registry, unpacked and not installed, with a folder for what they keep. */
export class Others implements AsyncDisposable {
  readonly folder = mkdtempSync('/var/tmp/gantry-test-others-');
  readonly #root = unpack('registry-peers', [...PROGRAMS, ...SHARED, ...LIBRARIES[RELEASE]!]);
  readonly #env: NodeJS.ProcessEnv;
  #registry: ChildProcess | undefined;

  constructor() {
    const at = (...path: string[]) => join(this.folder, ...path);
    const libraries = ['usr/lib', 'lib'].map((lib) => join(this.#root, lib, `${ARCH}-linux-gnu`));
    writeFileSync(at('policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}');
    writeFileSync(
      at('containers.conf'),
      [
        `[engine]\nconmon_path=["${join(this.#root, 'usr/bin/conmon')}"]\ncgroup_manager="cgroupfs"\nevents_logger="none"`,
        `[engine.runtimes]\ncrun=["${join(this.#root, 'usr/bin/crun')}"]\n`,
      ].join('\n'),
    );
    writeFileSync(at('registries.conf'), 'unqualified-search-registries = []\n');
    this.#env = {
      ...process.env,
      LD_LIBRARY_PATH: libraries.join(':'),
      CONTAINERS_CONF: at('containers.conf'),
      CONTAINERS_REGISTRIES_CONF: at('registries.conf'),
      HOME: this.folder,
      TMPDIR: this.folder,
      XDG_RUNTIME_DIR: this.folder,
    };
  }

  skopeo(...args: string[]): Promise<string> {
    return this.#run('skopeo', ['--policy', join(this.folder, 'policy.json'), '--tmpdir', this.folder, ...args]);
  }

  podman(...args: string[]): Promise<string> {
    const roots = ['--root', join(this.folder, 'podman'), '--runroot', join(this.folder, 'podman-run')];
    return this.#run('podman', [...roots, '--storage-driver', 'vfs', ...args]);
  }

  /** Starts Debian's registry; its address. */
  async registry(): Promise<string> {
    const address = `127.0.0.1:${await freePort()}`;
    const config = join(this.folder, 'registry.yml');
    const [data, log] = ['registry', 'registry.log'].map((name) => join(this.folder, name)) as [string, string];
    mkdirSync(data);
    writeFileSync(
      config,
      `version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: ${data}\nhttp:\n  addr: ${address}\n`,
    );
    this.#registry = spawn(join(this.#root, 'usr/bin/docker-registry'), ['serve', config], {
      // It calls every blob that is not there yet an error.
      stdio: ['ignore', 'ignore', openSync(log, 'a')],
    });
    while (!(await fetch(`http://${address}/v2/`).catch(() => undefined))?.ok) {
      if (this.#registry.exitCode !== null) throw new Error(`docker-registry ended: ${readFileSync(log, 'utf8')}`);
      await new Promise((wake) => setTimeout(wake, 50));
    }
    return address;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#registry && this.#registry.exitCode === null) {
      this.#registry.kill();
      await once(this.#registry, 'exit');
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #run(program: string, args: readonly string[]): Promise<string> {
    const options = { env: this.#env, cwd: this.folder, timeout: 120_000, maxBuffer: 1 << 26 };
    const { stdout } = await promisify(execFile)(join(this.#root, 'usr/bin', program), args, options);
    return stdout.trim();
  }
}

const ARCH = process.arch === 'arm64' ? 'aarch64' : 'x86_64';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
