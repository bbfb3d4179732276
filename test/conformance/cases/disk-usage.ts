import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { entry } from '../../crash/archive.ts';
import type { Call, Case } from '../call.ts';

const END = Buffer.alloc(1024);
const file = (name: string, size: number) => entry(name, Buffer.alloc(size, name));
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

const BASE = Buffer.concat([file('base', 10_000), END]);
const MIDDLE = Buffer.concat([file('middle', 20_001), END]);
/** It hides a file below, which counts all the same. */
const TOP = Buffer.concat([file('top', 30_003), file('.wh.base', 0), END]);

const WRITTEN = Buffer.concat([file('written', 12_345), END]);

/** An image of these layers, made on a day of its own: lists are in the order of that. */
function load(name: string, day: number, layers: readonly Buffer[]): Call {
  const created = `2024-01-0${day}T03:04:05Z`;
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      created,
      config: { Cmd: ['x'], Labels: { usage: name } },
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => `sha256:${sha256(layer)}`) },
      history: layers.map(() => ({ created, created_by: 'test' })),
    }),
  );
  const manifest = [{ Config: 'config.json', RepoTags: [name], Layers: layers.map((layer) => `${sha256(layer)}.tar`) }];
  const files = [
    ...layers.map((layer) => entry(`${sha256(layer)}.tar`, layer)),
    entry('config.json', config),
    entry('manifest.json', Buffer.from(JSON.stringify(manifest))),
  ];
  const headers = { 'content-type': 'application/x-tar' };
  return { method: 'POST', path: '/v1.50/images/load?quiet=1', body: Buffer.concat([...files, END]), headers };
}

const packed = (program: string, body: Buffer) => execFileSync(program, ['-c'], { input: body });
const put = (body: Buffer): Call => ({ method: 'PUT', path: '/v1.50/containers/usage-one/archive?path=/', body });
const create = (name: string, image: string, more = {}): Call => ({
  method: 'POST',
  path: `/v1.50/containers/create?name=${name}`,
  body: { Image: image, HostConfig: { NetworkMode: 'none', ...more } },
});
const list = (filters: object, more = ''): Call => ({
  method: 'GET',
  path: `/v1.50/images/json?filters=${encodeURIComponent(JSON.stringify(filters))}${more}`,
  mentions: 'usage-',
});

export const diskUsage: Case[] = [
  {
    name: 'what images share, containers wrote and volumes hold; lists of images by every filter',
    removes: ['usage-one', 'usage-two'],
    calls: [
      load('usage-a:1', 1, [BASE]),
      load('usage-b:1', 2, [BASE, MIDDLE]),
      load('usage-c:1', 3, [BASE, MIDDLE, TOP]),
      load('usage-d:1', 4, [TOP]),
      { method: 'POST', path: '/images/usage-a:1/tag?repo=usage-a&tag=2' },
      { method: 'POST', path: '/volumes/create', body: { Name: 'usage-none' } },
      create('usage-one', 'usage-b:1', { Binds: ['usage-one:/v'] }),
      create('usage-two', 'usage-c:1'),
      put(packed('bzip2', WRITTEN)),
      put(packed('gzip', Buffer.concat([file('base', 50), file('v/held', 777), END]))),
      { method: 'GET', path: '/v1.50/system/df', only: ['Images', 'Containers', 'Volumes'], mentions: 'usage-' },
      {
        method: 'GET',
        path: '/v1.50/system/df?type=image',
        only: ['Images', 'Containers', 'Volumes'],
        mentions: 'usage-',
      },
      { method: 'GET', path: '/v1.50/system/df?type=nosuch' },
      list({ label: ['usage'] }, '&shared-size=1'),
      list({ label: ['usage=usage-a:1'] }),
      list({ label: ['usage', 'nosuch'] }),
      list({ 'label!': ['usage'] }),
      list({ before: ['usage-c:1'] }),
      list({ since: ['usage-b:1'] }),
      list({ since: ['usage-a:2'], before: ['usage-d:1'] }),
      list({ before: ['nosuch'] }),
      list({ since: ['nosuch'] }),
      list({ until: ['2024-01-03'], label: ['usage'] }),
      list({ until: ['2024-01-02T03:04:05Z'], label: ['usage'] }),
      list({ until: ['1h'], label: ['usage'] }),
      list({ until: ['1h', '2h'], label: ['usage'] }),
      list({ until: ['x'] }),
      list({ reference: ['usage-*'] }),
      list({ reference: ['usage-a:*', 'usage-d'] }),
      list({ reference: ['docker.io/library/usage-a'] }),
      list({ reference: ['*:2'] }),
      list({ reference: ['['] }),
      list({ dangling: ['false'], label: ['usage'] }),
      list({ dangling: ['1'], label: ['usage'] }),
      list({ nosuch: ['x'] }),
      { method: 'DELETE', path: '/containers/usage-one' },
      { method: 'DELETE', path: '/containers/usage-two' },
      ...['usage-a:1', 'usage-a:2', 'usage-d:1', 'usage-c:1', 'usage-b:1'].map((name) => ({
        method: 'DELETE',
        path: `/images/${name}`,
      })),
      ...['usage-none', 'usage-one'].map((name) => ({ method: 'DELETE', path: `/volumes/${name}` })),
    ],
  },
];
