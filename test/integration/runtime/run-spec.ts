import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ContainerConfig, HostConfig } from '#api';
import { zero } from '#schema';
import { ensureParents } from '../../../src/runtime/cgroup/parents.ts';
import { removeCgroup, removeTree } from '../../../src/runtime/cgroup/remove.ts';
import { runSetup } from '../../../src/runtime/cgroup/steps.ts';
import { SeccompCompiler } from '../../../src/runtime/seccomp/compile.ts';
import { buildSpec } from '../../../src/runtime/spec/build.ts';
import { detectSpecHost } from '../../../src/runtime/spec/detect-host.ts';
import { findDevices } from '../../../src/runtime/spec/find-devices.ts';
import type { SpecInput } from '../../../src/runtime/spec/input.ts';
import { DEFAULTS } from '../../../src/runtime/spec/testing.ts';
import { makeRootfs } from './rootfs.ts';

const MARK = '-t0spec';
const PASSWD = 'root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n';
const compiler = new SeccompCompiler((error) => {
  throw error;
});

export interface Run {
  readonly config?: Partial<ContainerConfig>;
  readonly hostConfig?: Partial<HostConfig>;
  readonly input?: Partial<SpecInput>;
}

/** A root file system of busybox and a way to run one command in it as Gantry would, with crun alone. */
export class Bench implements AsyncDisposable {
  readonly #directory = mkdtempSync(join(tmpdir(), 'gantry-spec-'));
  readonly #parents = new Set<string>();
  #count = 0;

  static async open(): Promise<Bench> {
    const bench = new Bench();
    makeRootfs(bench.rootfs, PASSWD);
    return bench;
  }

  get rootfs(): string {
    return join(this.#directory, 'rootfs');
  }

  input({ config, hostConfig, input }: Run, id: string): SpecInput {
    return {
      id,
      suffix: MARK,
      config: { ...zero(ContainerConfig), Hostname: 'box', ...config },
      hostConfig: { ...zero(HostConfig), ...hostConfig },
      accounts: {
        passwd: PASSWD,
        group: 'root:x:0:\napp:x:1000:\nwheel:x:10:app\n',
      },
      rootfs: this.rootfs,
      mounts: [],
      files: {},
      namespaces: { network: 'inherited' },
      devices: findDevices,
      cdi: () => undefined,
      compileSeccomp: (profile) => compiler.compile(profile),
      runtime: { name: 'crun', disablesCgroups: true },
      defaults: { ...DEFAULTS, initPath: '/usr/sbin/tini' },
      host: detectSpecHost(),
      ...input,
    };
  }

  /** Runs `command` with sh in a fresh container; throws with crun's words when it fails. */
  async sh(command: string, run: Run = {}): Promise<string> {
    const id = `spec${process.pid}n${this.#count++}`;
    const bundle = join(this.#directory, id);
    mkdirSync(bundle);
    const { spec, cgroup } = buildSpec(
      this.input({ ...run, config: { Cmd: ['sh', '-c', command], Env: ['PATH=/bin'], ...run.config } }, id),
    );
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec));
    // Only parents that carry the test's own mark are ours to remove.
    for (const { path } of cgroup.directories)
      if (dirname(path).endsWith(`/gantry${MARK}`)) this.#parents.add(dirname(path));
    ensureParents(cgroup);
    runSetup(cgroup.setup);
    try {
      const joins = cgroup.join.map((file) => `echo 0 > ${file}; `).join('');
      const start = `${joins}exec unshare -n -m crun --cgroup-manager=${cgroup.manager} run --bundle ${bundle} ${id}`;
      const { status, stdout, stderr } = spawnSync('sh', ['-c', start], { encoding: 'utf8' });
      if (status !== 0) throw new Error(`exit ${status}: ${stdout}${stderr}`);
      return stdout;
    } finally {
      await removeCgroup(cgroup);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const parent of this.#parents) await removeTree(parent);
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
