import assert from 'node:assert/strict';
import {
  ContainerConfig,
  CreateRequest,
  ExecConfig,
  encodeFrame,
  FrameDecoder,
  matchesPattern,
  parseFilters,
} from '#api';
import { Packet, SolveRequest, StatusResponse } from '#buildkit';
import { ConfigError, parseConfig, toConfig } from '#daemon';
import { decodeAuthHeader, decodeConfigHeader, decodeHostsFile, nextPage, parseChallenges } from '#distribution';
import { EngineError, invalid } from '#errdefs';
import { FrameReader, frame, RpcError } from '#grpc';
import {
  canonicalString,
  chainOf,
  decodeArchiveItems,
  decodeCacheConfig,
  decodeImageConfig,
  decodeIndex,
  decodeInlineCache,
  decodeManifest,
  parseReference,
} from '#oci';
import { decode as decodeMessage, encode as encodeMessage } from '#protobuf';
import { decode } from '#schema';
import { TarReader } from '#tar';
import { dockerArchive } from '../crash/archive.ts';
import { DIFF_COPY } from './diff-copy.ts';
import { DOCKERFILE_TARGETS } from './dockerfiles.ts';
import { DOOR_TARGETS } from './doors.ts';
import { REGISTRY_TARGETS } from './registry.ts';

/** One thing that reads hostile bytes: it may refuse them with our own errors, nothing else, and not hang. */
export interface Target {
  readonly seeds: readonly Buffer[];
  readonly words: readonly string[];
  /** Throws when an invariant does not hold. */
  run(input: Buffer): void | Promise<void>;
}

const text = (...seeds: string[]) => seeds.map((seed) => Buffer.from(seed));
const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

async function readArchive(input: Buffer): Promise<void> {
  const reader = new TarReader(pieces(input));
  let bytes = 0;
  for await (const entry of reader) {
    assert.ok(entry.name.length <= 4096);
    for (let piece = await reader.read(); piece; piece = await reader.read()) bytes += piece.length;
  }
  assert.ok(bytes <= input.length, 'more content than there was input');
}

/** In pieces of odd sizes, as sockets give them. */
async function* pieces(input: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < input.length; at += 711) yield input.subarray(at, at + 711);
}

function frames(input: Buffer): void {
  const whole = encodeFrame('stderr', input.subarray(0, 100));
  const seen = [...new FrameDecoder().push(whole)];
  assert.deepEqual(Buffer.concat(seen.map(({ data }) => Buffer.from(data))), Buffer.from(input.subarray(0, 100)));
  const decoder = new FrameDecoder();
  for (let at = 0; at < input.length; at += 5) Array.from(decoder.push(input.subarray(at, at + 5)));
}

export const TARGETS: Readonly<Record<string, Target>> = {
  tar: {
    seeds: [dockerArchive(Buffer.from('layer'), 'fuzz:1')],
    words: ['ustar\0', '30 mtime=1.5\n', 'GNU.sparse.map=0,1'],
    run: readArchive,
  },
  reference: {
    seeds: text('busybox', 'docker.io/library/busybox:latest', `localhost:5000/a/b@${DIGEST}`, 'a.b:80/c_d/e-f:V1'),
    words: [':', '@', '/', 'sha256:', '[::1]'],
    run: (input) => {
      const canonical = canonicalString(parseReference(input.toString('utf8')));
      assert.equal(canonicalString(parseReference(canonical)), canonical);
    },
  },
  'cache config': {
    seeds: text(
      `{"layers":[{"blob":"${DIGEST}","parent":1},{"blob":"${DIGEST}","parent":-1}],"records":[{"digest":"${DIGEST}","layers":[{"layer":0}]}]}`,
      `{"records":[{"digest":"${DIGEST}","chains":[{"layers":[1,0]}],"inputs":[[{"link":0}]],"diffIds":["${DIGEST}"]}]}`,
      '{"moby.buildkit.cache.v0":"W3siZGlnZXN0IjoieCJ9XQ=="}',
    ),
    words: ['"parent":0', '"layer":-1', '"chains"', '"diffIds"', '"moby.buildkit.cache.v0"', '1e9'],
    run: (input) => {
      decodeInlineCache(input);
      const { layers, records } = decodeCacheConfig(input);
      for (const { tops } of records) for (const top of tops) assert.ok(chainOf(layers, top).length <= 512);
    },
  },
  'go decoder': {
    seeds: text(
      '{"Image":"x","Cmd":["a"],"HostConfig":{"Memory":1,"PortBindings":{"80/tcp":[{"HostPort":"1"}]}}}',
      '{"cmd":"x","ENV":null}',
    ),
    words: ['"Memory":', '"NetworkingConfig":{"EndpointsConfig":{', '1.5', 'null', 'true', '{"a":', '[[['],
    run: (input) => {
      for (const schema of [CreateRequest, ContainerConfig, ExecConfig]) {
        const value = decode(schema, input.toString('utf8'));
        assert.deepEqual(decode(schema, JSON.stringify(value)), value);
      }
    },
  },
  filters: {
    seeds: text('{"label":{"a=b":true}}', '{"label":["a=b"],"name":["^x.*"]}'),
    words: ['__proto__', 'constructor', '(((((', 'a*a*a*a*a*b', '{}'],
    run: (input) => {
      const filters = parseFilters(input.toString('utf8'));
      for (const values of Object.values(filters)) matchesPattern(values, 'a'.repeat(20));
    },
  },
  'stream framing': {
    seeds: [encodeFrame('stdout', Buffer.from('hello')), Buffer.alloc(64)],
    words: ['\x01\0\0\0\0\0\0\x05'],
    run: frames,
  },
  'image config': {
    seeds: text(
      `{"architecture":"amd64","os":"linux","config":{"Env":["A=1"],"Cmd":["sh"]},"rootfs":{"type":"layers","diff_ids":["${DIGEST}"]},"history":[{"created":"2020-01-01T00:00:00Z"}]}`,
    ),
    words: ['"Healthcheck":{"Test":["NONE"]}', '"Volumes":{"/x":{}}', 'null', '"OnBuild"'],
    run: (input) => void decodeImageConfig(input),
  },
  'oci index': {
    seeds: text(
      `{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"${DIGEST}","size":7,"platform":{"os":"linux","architecture":"amd64"}}]}`,
      `{"schemaVersion":2,"config":{"mediaType":"x","digest":"${DIGEST}","size":1},"layers":[]}`,
      '[{"Config":"a.json","RepoTags":["a:b"],"Layers":["x/layer.tar"]}]',
    ),
    words: ['-1', '1e99', 'sha512:', '"layers":', '"manifests":'],
    run: (input) => {
      const outcomes = [decodeIndex, decodeManifest, decodeArchiveItems].map((read) => thrown(() => read(input)));
      const failures = outcomes.filter((error) => error !== undefined);
      const unexpected = failures.find((error) => !isRefusal(error));
      if (unexpected || failures.length === outcomes.length) throw unexpected ?? failures[0];
    },
  },
  'daemon.json': {
    seeds: text(
      '{"debug":true,\n"hosts":["unix:///a"],"log-opts":{"a":"b"},"default-ulimits":{"nofile":{"Name":"nofile","Soft":1,"Hard":2}},"default-shm-size":"64M"}',
    ),
    words: ['"bip":', '"mtu":', '__proto__', '"runtimes":{"a":{"path":"b"}}', '1e400'],
    run: (input) => void toConfig(parseConfig(input.toString('utf8'), 'daemon.json'), false),
  },
  'registry headers': {
    seeds: text(
      'Bearer realm="https://auth.example/token",service="s",scope="repository:a/b:pull,push",error="insufficient_scope"',
      '</v2/a/tags/list?n=10&last=x>; rel="next", <https://other/y>; rel=prev',
      Buffer.from('{"username":"u","password":"p","auth":"dTpw"}').toString('base64url'),
    ),
    words: ['Basic realm=', 'rel="next"', '\\"', ',,,', '<', '>;', '="', 'identitytoken'],
    run: (input) => {
      const header = input.toString('latin1');
      for (const { scheme, parameters } of parseChallenges(header)) {
        assert.equal(scheme, scheme.toLowerCase());
        assert.ok([...parameters.values()].every((value) => value.length <= header.length));
      }
      const from = new URL('https://registry.example/v2/a/tags/list');
      const next = nextPage(header, from);
      assert.ok(next === undefined || next.origin === from.origin, 'a page on another server');
      const isRead = [decodeAuthHeader(header), Object.fromEntries(decodeConfigHeader(header))].some((one) => {
        return Object.keys(one).length > 0;
      });
      if (!isRead && next === undefined && parseChallenges(header).length === 0) throw invalid('nothing to be read');
    },
  },
  'hosts.toml': {
    seeds: text(
      'server = "https://r"\nrealms = ["a"]\n[host."https://m:5000/x"]\ncapabilities = ["pull"]\nca = "ca.crt"\nclient = [["a.cert","a.key"]]\nskip_verify = true\nrewrite = {"library/" = "hub/"}\n[host."https://m:5000/x".header]\nx = ["y"]\n',
    ),
    words: ['[[host]]', 'server = ""', '__proto__', 'nan', '"\\uD800"', '= {', 'override_path = true'],
    run: (input) => {
      const { hosts } = decodeHostsFile(input.toString('utf8'), 'hosts.toml');
      for (const { rewrite, can } of hosts)
        assert.equal(typeof rewrite('library/a') === 'string' && can('pull'), can('pull'));
    },
  },
  protobuf: {
    seeds: [
      encodeMessage(SolveRequest, { ref: 'a', frontendAttrs: new Map([['filename', 'Dockerfile']]), exporters: [{}] }),
      encodeMessage(StatusResponse, { vertexes: [{ digest: 'sha256:1', started: { seconds: 1 } }], logs: [{}] }),
      encodeMessage(Packet, { type: 0, stat: { path: Buffer.from('a/b'), mode: 0o644, modTime: 2n ** 60n } }),
    ],
    words: ['\x0a\xff\xff\xff\xff\x0f', '\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01', '\x3a\x04\x0a\x00\x12\x00'],
    run: (input) => {
      for (const type of [SolveRequest, StatusResponse, Packet]) {
        const bytes = encodeMessage(type, decodeMessage(type, input) as object);
        assert.deepEqual(encodeMessage(type, decodeMessage(type, bytes) as object), bytes);
      }
    },
  },
  'grpc framing': {
    seeds: [frame(Buffer.from('hello')), Buffer.concat([frame(Buffer.alloc(0)), frame(Buffer.alloc(300, 1))])],
    words: ['\0\x7f\xff\xff\xff', '\0\0\0\0\0', '\x01\0\0\0\x01'],
    run: (input) => {
      const reader = new FrameReader();
      let bytes = 0;
      try {
        for (let at = 0; at < input.length; at += 7) {
          for (const message of reader.push(input.subarray(at, at + 7))) bytes += message.length;
        }
        reader.finish();
      } catch (error) {
        if (error instanceof RpcError) throw invalid(error.message);
        throw error;
      }
      assert.ok(bytes <= input.length);
    },
  },
  ...DOCKERFILE_TARGETS,
  'transfer of files': DIFF_COPY,
  ...DOOR_TARGETS,
  ...REGISTRY_TARGETS,
};

function thrown(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Whether this is one of our own errors that say what is wrong with the input. */
export function isRefusal(error: unknown): boolean {
  if (error instanceof EngineError) return error.kind === 'invalid-argument';
  // The frame decoder runs in clients too and knows no kinds of errors.
  return (
    error instanceof ConfigError || (error instanceof RangeError && error.message.startsWith('unrecognized stream'))
  );
}
