import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { BuildEngine } from './engine.ts';

/** Steps that try to reach the host, or to stay on it. */
const CANARY = 'of the host, nobody else';
let engine: BuildEngine;
/** A folder of the host that nothing of a build may see or change. */
let host: string;
before(async () => {
  engine = await BuildEngine.open();
  host = mkdtempSync('/var/tmp/gantry-test-canary-');
  writeFileSync(join(host, 'canary'), CANARY);
});
after(async () => {
  await engine[Symbol.asyncDispose]();
  rmSync(host, { recursive: true });
});

const untouched = () => {
  assert.deepEqual(readdirSync(host), ['canary']);
  assert.equal(readFileSync(join(host, 'canary'), 'utf8'), CANARY);
};

/** Builds, well or not: what its steps and its error say must not be the host's. */
async function attempt(lines: string): Promise<string> {
  const said = await engine.build(lines).then(
    ({ heard }) => heard.log,
    (error: Error) => error.message,
  );
  assert.ok(!said.includes(CANARY), said);
  assert.doesNotMatch(said, /parse error|unknown (flag|instruction)/);
  untouched();
  return said;
}

/** Processes anywhere on this host whose command has these words. */
const processesOf = (words: string) =>
  readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name) || name === String(process.pid)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ').includes(words);
    } catch {
      return false;
    }
  });

const nothingRuns = () => {
  assert.deepEqual(readdirSync(join(engine.folder, 'data/build/steps')), []);
  assert.deepEqual(readdirSync(join(engine.folder, 'run/monitors')), []);
};

test('what a step leaves running ends with it, however many and however deaf', async () => {
  const seconds = `98765${process.pid}`;
  const { heard } = await engine.build(`FROM conformance
RUN for i in $(seq 400); do setsid sleep ${seconds} & done; \\
  setsid sh -c 'trap "" TERM HUP INT; while :; do sleep ${seconds}; done' >/dev/null 2>&1 </dev/null & \\
  echo begun
RUN ps | grep -c [s]leep; true
`);
  assert.equal(heard.log, 'begun\n0\n');
  assert.deepEqual(processesOf(seconds), []);
  nothingRuns();
});

test('a step that is aborted amid its forks leaves none', async () => {
  const seconds = `87654${process.pid}`;
  const left = new AbortController();
  const building = engine.build(`FROM conformance\nRUN while :; do setsid sleep ${seconds} & usleep 5000; done\n`, {
    signal: left.signal,
  });
  const failed = assert.rejects(building, /enough/);
  for (let n = 0; n < 200 && processesOf(seconds).length < 50; n++) await new Promise((wake) => setTimeout(wake, 50));
  left.abort(new Error('enough'));
  await failed;
  for (let n = 0; n < 40 && processesOf(seconds).length > 0; n++) await new Promise((wake) => setTimeout(wake, 50));
  assert.deepEqual(processesOf(seconds), []);
  nothingRuns();
});

test('a stage whose links lead to the host gives nothing of it', async () => {
  for (const target of [host, `/proc/1/root${host}`]) {
    const stage = `FROM conformance AS a\nRUN ln -s ${target} /link && ln -s ${target}/canary /file\nFROM conformance\n`;
    const lines = [
      'COPY --from=a /link/canary /x\nRUN cat /x',
      'COPY --from=a /link/ /x\nRUN cat /x/canary',
      'COPY --from=a /link/* /x/\nRUN cat /x/*',
      'COPY --from=a /file /x\nRUN cat /x',
      'RUN --mount=type=bind,from=a,source=/link,target=/m cat /m/canary',
      'RUN --mount=type=bind,from=a,source=/file,target=/m cat /m',
      'RUN --mount=type=bind,from=a,source=/link/canary,target=/m cat /m',
      'RUN --mount=type=bind,from=a,source=/,target=/m,rw cat /m/file; echo x > /m/file; echo x > /m/link/new',
      'RUN --mount=type=cache,from=a,source=/link,target=/m cat /m/canary',
      'RUN --mount=type=cache,from=a,source=/,target=/m cat /m/file /m/link/canary; echo x > /m/file',
    ];
    await Promise.all(lines.map((line) => attempt(`${stage}${line}\n`)));
  }
});

test('places of mounts and copies that are links to the host stay inside', async () => {
  const stage = `FROM conformance\nRUN ln -s ${host} /t && ln -s ${host}/new /n && ln -s ${host}/canary /c\n`;
  const lines = [
    'RUN --mount=type=cache,target=/t/new echo x > /t/new/x',
    'RUN --mount=type=cache,target=/n echo x > /n/x',
    'RUN --mount=type=tmpfs,target=/t/new echo x > /t/new/x',
    'RUN --mount=type=bind,from=conformance,target=/t ls /t',
    'RUN --mount=type=bind,from=conformance,source=/etc/passwd,target=/c cat /c',
    'WORKDIR /t/new\nRUN echo x > x',
    'WORKDIR /n',
    'COPY <<EOF /t/new\nx\nEOF',
    'COPY <<EOF /c\nx\nEOF',
    'COPY --from=conformance /etc /t/',
    'COPY --link --from=conformance /etc /t/new',
    'ADD --chown=7:7 --chmod=777 <<EOF /n/x\nx\nEOF',
  ];
  await Promise.all(lines.map((line) => attempt(`${stage}${line}\n`)));
});

test('a cache whose folder another step swaps for a link meanwhile leads nowhere', async () => {
  const left = new AbortController();
  const swap = `rm -rf /c/d; mkdir /c/d; rm -rf /c/d; ln -s ${host} /c/d`;
  const swapping = engine.build(
    `FROM conformance\nRUN --mount=type=cache,id=swap,target=/c while :; do ${swap}; done\n`,
    { signal: left.signal },
  );
  const failed = assert.rejects(swapping, /enough/);
  try {
    for (let n = 0; n < 10; n++) {
      const inner = n % 2 === 0 ? 'type=tmpfs,target=/c/d/new' : 'type=cache,id=other,target=/c/d';
      await attempt(`FROM conformance
RUN --mount=type=cache,id=swap,target=/c --mount=${inner} cat /c/d/canary /c/d/*; echo ${n} > /c/d/new/x
`);
    }
  } finally {
    left.abort(new Error('enough'));
    await failed;
  }
  // What removes caches passes over links.
  const filters = new Map([['type', ['exec.cachemount']]]);
  await engine.engine.builder.prune({ all: true, reservedSpace: 0, maxUsedSpace: 0, minFreeSpace: 0, filters });
  untouched();
  nothingRuns();
});
