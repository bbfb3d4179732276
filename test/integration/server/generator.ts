import type { Route } from '#server';
import type { Dice } from './random.ts';

/** One request as it goes over the wire. */
export interface Wire {
  readonly bytes: Buffer;
  /** Whether the sending side is closed behind it: what is cut short cannot be told from what is slow otherwise. */
  readonly ends: boolean;
  readonly title: string;
}

const NAMES = [
  ...['victim', 'victim', 'running', 'nosuch', 'nosuch', '0', 'v', 'VICTIM', '-x', 'a b', 'ü', '%00', '%2e%2e', '%'],
  ...['%zz', '%c3%28', 'a%2fb', 'x'.repeat(4000), '{name}', 'spare', 'spare:nosuch', 'sha256:00', 'bridge'],
  ...['none', 'json', 'create', '..', 'a/b/c', "'; --", '<script>', '%0d%0aX: y', '9'.repeat(64), 'f'.repeat(64)],
];
const VALUES = [
  ...['', '0', '1', 'true', 'false', 'x', '-1', '1e9', '99999999999999999999', '1.5', 'NaN', 'null', '%00', '%zz', '%'],
  ...[
    '{}',
    '[]',
    '{"name":["x"]}',
    '{"status":["nosuch"]}',
    '{"name":{"x":true}}',
    '{"name":"x"}',
    '{"name":[1]}',
    '{',
  ],
  ...[
    '{"label":["a=b"]}',
    '{"until":["x"]}',
    '{"nosuch":["x"]}',
    '{"name":["("]}',
    '[1,2',
    '"x"',
    'a b',
    'ctrl-',
    '10',
  ],
  ...[
    'ctrl-a,b',
    'SIGKILL',
    'TERM',
    '999',
    'linux/amd64',
    'a/b/c/d',
    '../..',
    '1700000000.5',
    '2020-01-01',
    '-',
    'all',
  ],
  ...['A'.repeat(3000), 'next-exit', 'removed', 'ENV x', 'CMD [', 'USER a', 'conformance', 'UPPER', 'a@sha256:0', 'ü'],
];
const VERSIONS = ['', '', '/v1.50', '/v1.50', '/v1.50', '/v1.41', '/v1.24', '/v1.44'];
const BAD_VERSIONS = ['/v1.23', '/v9.9', '/v', '/v1.', '/vv1.50', '/v1.50/v1.50', '/v01.50', '/v1.50.'];
const TYPES = [
  ...Array<string>(12).fill('application/json'),
  ...['application/json; charset=utf-8', 'text/plain', '', 'application/x-tar', 'application/json;', ';', 'a/b/c'],
];

/** Bodies that would be fine, by route: what is wrong is put in afterwards. */
const BODIES: Readonly<Record<string, unknown>> = {
  'POST /containers/create': {
    Image: 'conformance',
    Cmd: ['true'],
    Entrypoint: ['sh', '-c'],
    Env: ['A=1'],
    Labels: { a: 'b' },
    User: '0',
    WorkingDir: '/',
    ExposedPorts: { '80/tcp': {} },
    Volumes: { '/v': {} },
    Healthcheck: { Test: ['CMD', 'true'], Interval: 1_000_000_000, Retries: 1 },
    StopSignal: 'TERM',
    StopTimeout: 1,
    HostConfig: {
      Binds: ['/tmp:/t:ro'],
      Memory: 67_108_864,
      NanoCpus: 500_000_000,
      CpusetCpus: '0',
      PidsLimit: 10,
      NetworkMode: 'none',
      PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '18300' }] },
      RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
      CapAdd: ['CHOWN'],
      SecurityOpt: ['no-new-privileges'],
      Ulimits: [{ Name: 'nofile', Soft: 10, Hard: 20 }],
      Sysctls: { 'net.core.somaxconn': '10' },
      Tmpfs: { '/tmp': 'size=1m' },
      Mounts: [{ Type: 'tmpfs', Target: '/m', TmpfsOptions: { SizeBytes: 4096 } }],
      Devices: [{ PathOnHost: '/dev/null', PathInContainer: '/dev/n', CgroupPermissions: 'r' }],
      LogConfig: { Type: 'json-file', Config: { 'max-size': '1m' } },
      ExtraHosts: ['a:1.2.3.4'],
      Dns: ['1.1.1.1'],
      GroupAdd: ['1'],
      ShmSize: 1_048_576,
      Init: false,
      IpcMode: 'private',
    },
    NetworkingConfig: { EndpointsConfig: { none: { IPAMConfig: null, Aliases: ['x'] } } },
  },
  'POST /containers/{name}/exec': { Cmd: ['true'], AttachStdout: true, Env: ['A=1'], User: '0', Tty: false },
  'POST /exec/{id}/start': { Detach: true, Tty: false },
  'POST /containers/{name}/update': { Memory: 67_108_864, RestartPolicy: { Name: 'no' } },
  'POST /volumes/create': { Name: 'fuzzed', Driver: 'local', DriverOpts: {}, Labels: { a: 'b' } },
  'POST /networks/create': { Name: 'fuzzed', Driver: 'bridge', IPAM: { Config: [{ Subnet: '10.9.0.0/24' }] } },
  'POST /networks/{id}/connect': { Container: 'victim', EndpointConfig: {} },
  'POST /networks/{id}/disconnect': { Container: 'victim', Force: true },
};

/** A request of a route with something wrong in it: names, arguments, body, or the very bytes. */
export function malformed(routes: readonly Route[], dice: Dice): Wire {
  const route = dice.pick(routes);
  const prefix = dice.chance(0.04) ? dice.pick(BAD_VERSIONS) : dice.pick(VERSIONS);
  const path = route.path.replaceAll(/\{\w+\}/g, () => encodeURI(dice.pick(NAMES)).replaceAll('%25', '%'));
  const method = dice.chance(0.02) ? dice.pick(['PATCH', 'TRACE', 'get', 'PUT', 'DELETE', '']) : route.method;
  const target = `${prefix}${path}${queryOf(route, dice)}`.replaceAll(' ', '%20');
  const body = bodyOf(route, dice);
  const title = `${method} ${target.slice(0, 200)}`;
  const whole = wire([`${method} ${target} HTTP/1.1`, 'Host: docker', ...headersOf(route, body, dice)], body);
  if (!dice.chance(0.25)) return { bytes: whole, ends: false, title };
  return { bytes: damage(whole, dice), ends: true, title: `damaged ${title}` };
}

function queryOf({ query = [] }: Route, dice: Dice): string {
  const parts: string[] = [];
  for (const name of [...query, ...(dice.chance(0.1) ? ['nosuch', '%zz', ''] : [])]) {
    while (dice.chance(0.5)) parts.push(`${name}=${encodeURI(dice.pick(VALUES)).replaceAll('%25', '%')}`);
  }
  return parts.length > 0 ? `?${parts.join(dice.chance(0.05) ? ';' : '&')}` : '';
}

function headersOf(route: Route, body: Buffer | undefined, dice: Dice): string[] {
  const type = route.body || dice.chance(0.2) ? `Content-Type: ${dice.pick(TYPES)}` : 'X-None: x';
  const upgrade = dice.chance(0.05) ? ['Connection: Upgrade', `Upgrade: ${dice.pick(['tcp', 'h2c', 'x', ''])}`] : [];
  const odd = dice.chance(0.05)
    ? [
        dice.pick([
          'Expect: 100-continue',
          'Expect: x',
          `Cookie: ${'x'.repeat(9000)}`,
          'X-Registry-Auth: %',
          'Range: x',
        ]),
      ]
    : [];
  return [type, ...upgrade, ...odd, ...(body ? [`Content-Length: ${body.length}`] : [])];
}

function bodyOf(route: Route, dice: Dice): Buffer | undefined {
  const fine = BODIES[`${route.method} ${route.path}`];
  if (fine === undefined && !dice.chance(0.1)) return route.method === 'POST' ? Buffer.alloc(0) : undefined;
  const text = JSON.stringify(spoil(fine ?? { a: 1 }, dice, dice.chance(0.2) ? 0.3 : 0.03));
  if (dice.chance(0.8)) return Buffer.from(text);
  const cut = dice.below(text.length);
  const junk = [
    text.slice(0, cut),
    `${text}${text}`,
    text.replaceAll('"', "'"),
    `${text.slice(0, cut)}\ud800${text.slice(cut)}`,
    `${'['.repeat(20_000)}`,
    `{"Image":${'{"a":'.repeat(3000)}1${'}'.repeat(3000)}}`,
    text.replace(/\d+/, '1e999'),
    text.replace(/:\s*"/, ':"\\u00'),
    `\ufeff${text}`,
    'null',
    '[]',
    '"x"',
    '',
    `{"Env":[${'"A=1",'.repeat(20_000)}"B=2"]}`,
    `{${'"Cmd":["a"],'.repeat(5000)}"Image":"conformance"}`,
  ];
  return dice.chance(0.1) ? dice.bytes(dice.below(2000)) : Buffer.from(dice.pick(junk));
}

const WRONG: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 1e30, -9e18, '', 'x', '\0', 'a\nb', 'ü', '../../..', '/', '//'],
  ...[
    [],
    [null],
    [[]],
    ['', ''],
    {},
    { '': '' },
    { a: null },
    { __proto__x: 1 },
    { constructor: 1 },
    'x'.repeat(70_000),
  ],
  ...[
    '-1',
    '%s%n',
    '$(id)',
    'a=b=c',
    'container:nosuch',
    'container:victim',
    'host',
    '0x10',
    '١',
    '80/xyz',
    ':::',
    '1:2:3:4',
  ],
];

/** Replaces values of a JSON tree by wrong ones. */
function spoil(value: unknown, dice: Dice, rate: number): unknown {
  if (dice.chance(rate)) return dice.pick(WRONG);
  if (Array.isArray(value)) return value.map((item) => spoil(item, dice, rate));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([key, item]) => {
    if (dice.chance(rate / 2)) return [];
    return [[dice.chance(rate / 2) ? String(dice.pick(WRONG)) : key, spoil(item, dice, rate)] as const];
  });
  return Object.fromEntries(entries);
}

function wire(lines: readonly string[], body: Buffer | undefined): Buffer {
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  return body ? Buffer.concat([head, body]) : head;
}

/** Changes bytes of a request: in its head mostly, where the parser is. */
function damage(bytes: Buffer, dice: Dice): Buffer {
  const head = Math.max(1, bytes.indexOf('\r\n\r\n') + 4);
  let out = Buffer.from(bytes);
  const times = 1 + dice.below(4);
  for (let i = 0; i < times; i++) {
    const at = dice.below(dice.chance(0.8) ? head : out.length || 1);
    const tail = out.subarray(at);
    const pieces = [
      () => Buffer.concat([out.subarray(0, at), dice.bytes(1 + dice.below(8)), tail]),
      () => Buffer.concat([out.subarray(0, at), tail.subarray(1 + dice.below(8))]),
      () => Buffer.concat([out.subarray(0, at), tail, out.subarray(0, dice.below(200))]),
      () => out.subarray(0, at),
      () => Buffer.concat([out.subarray(0, at), Buffer.from(dice.pick(TOKENS)), tail]),
    ];
    out = Buffer.from(dice.pick(pieces)());
  }
  return out;
}

const TOKENS = [
  ...['\r\n', '\n', '\r', '\0', ' ', '\t', ':', '\r\n\r\n', 'Content-Length: 5\r\n', 'Content-Length: -1\r\n'],
  ...[
    'Transfer-Encoding: chunked\r\n',
    'Transfer-Encoding: gzip, chunked\r\n',
    '5\r\nhello\r\n0\r\n\r\n',
    'ffffffffff\r\n',
  ],
  ...[
    'Content-Length: 99999999999999999999\r\n',
    ' folded: x\r\n',
    'HTTP/1.0',
    'HTTP/9.9',
    'Host: a\r\nHost: b\r\n',
    '\x80\xff',
  ],
  ...[
    'Connection: close\r\n',
    'Connection: Upgrade\r\nUpgrade: tcp\r\n',
    'Expect: 100-continue\r\n',
    'PRI * HTTP/2.0\r\n\r\n',
  ],
];
