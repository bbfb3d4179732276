import type { Call, Case } from '../call.ts';
import { dockerArchive } from '../image.ts';

const OWN = {
  Id: "made of the host's busybox",
  Created: 'of the run',
  Size: 'of the file system',
  GraphDriver: 'the snapshotter keeps its own folders',
  Metadata: 'of the run',
  Descriptor: 'the image store is another',
  RepoDigests: 'the image store is another',
  DockerVersion: 'of the engine',
};
const inList = Object.fromEntries(Object.entries(OWN).map(([key, why]) => [`*.${key}`, why]));
const get = (path: string, more: Partial<Call> = {}): Call => ({ method: 'GET', path: `/v1.50/${path}`, ...more });
const list = (filters: object): Call =>
  get(`images/json?filters=${encodeURIComponent(JSON.stringify({ label: ['made-by=conformance'], ...filters }))}`, {
    differs: inList,
  });

const load = (tags: readonly string[]): Call => ({
  method: 'POST',
  path: '/v1.50/images/load?quiet=1',
  body: dockerArchive(tags),
  headers: { 'content-type': 'application/x-tar' },
});

const push = (name: string, query = ''): Call => ({
  method: 'POST',
  path: `/v1.50/images/${name}/push${query}`,
  headers: { 'x-registry-auth': 'e30=' },
});

const FOREIGN = encodeURIComponent('{"os":"linux","architecture":"s390x"}');

export const images: Case[] = [
  {
    name: 'an image that is not there',
    calls: [
      get('images/nosuch/json'),
      get('images/nosuch:tag/json'),
      get('images/sha256:0000/json'),
      get(`images/${'0'.repeat(64)}/json`),
      get('images/UPPER/json'),
      get('images/nosuch/history'),
      { method: 'DELETE', path: '/images/nosuch' },
      { method: 'POST', path: '/images/nosuch/tag?repo=x&tag=y' },
      get('images/a%20b/json'),
    ],
  },
  {
    name: 'inspect, list and history',
    calls: [
      get('images/conformance/json', { differs: OWN }),
      get('images/conformance:latest/json', { differs: OWN }),
      get('images/docker.io/library/conformance/json', { differs: OWN }),
      list({}),
      list({ reference: ['conf*'] }),
      list({ reference: ['conformance:nosuch'] }),
      list({ dangling: ['true'] }),
      list({ dangling: ['x'] }),
      list({ label: ['nosuch'] }),
      list({ before: ['nosuch'] }),
      list({ since: ['conformance'] }),
      list({ nosuch: ['x'] }),
      get('images/conformance/history', { differs: { '*.Id': 'of the host', '*.Size': 'of the file system' } }),
    ],
  },
  {
    name: 'tag and remove',
    calls: [
      { method: 'POST', path: '/images/conformance/tag?repo=tagged&tag=one' },
      { method: 'POST', path: '/images/conformance/tag?repo=tagged' },
      { method: 'POST', path: '/images/conformance/tag?repo=UPPER&tag=x' },
      { method: 'POST', path: '/images/conformance/tag?repo=ok&tag=a%20b' },
      { method: 'POST', path: '/images/conformance/tag' },
      { method: 'POST', path: '/images/conformance/tag?repo=a@sha256:00' },
      get('images/tagged:one/json', { bodyDiffers: 'compared above' }),
      { method: 'DELETE', path: '/images/tagged:one' },
      { method: 'DELETE', path: '/images/tagged' },
      { method: 'DELETE', path: '/images/tagged' },
    ],
  },
  {
    name: 'an image that a container uses',
    removes: ['uses-image'],
    calls: [
      { method: 'POST', path: '/images/conformance/tag?repo=in-use' },
      {
        method: 'POST',
        path: '/containers/create?name=uses-image',
        body: { Image: 'in-use', Cmd: ['sleep', '1000'] },
        keep: { id: 'Id' },
      },
      { method: 'DELETE', path: '/images/in-use' },
    ],
  },
  {
    name: 'junk to load and import',
    calls: [
      {
        method: 'POST',
        path: '/images/load?quiet=1',
        body: 'this is no archive',
        headers: { 'content-type': 'application/x-tar' },
        bodyDiffers: 'names a folder of the engine',
      },
      {
        method: 'POST',
        path: '/images/load?quiet=1',
        body: '',
        headers: { 'content-type': 'application/x-tar' },
        bodyDiffers: 'names a folder of the engine',
      },
      { method: 'POST', path: '/images/create' },
      { method: 'POST', path: '/images/create?fromSrc=-&repo=UPPER', body: '' },
      { method: 'POST', path: '/images/create?fromSrc=-&repo=ok&changes=NOSUCH%20x', body: '' },
      { method: 'POST', path: '/images/create?fromSrc=-', body: '' },
      { method: 'POST', path: '/images/create?fromSrc=-', body: 'this is no archive' },
      { method: 'POST', path: '/images/create?fromImage=scratch' },
    ],
  },
  {
    name: 'push answers',
    calls: [
      push('nosuch'),
      push('nosuch', '?tag=x'),
      push('localhost:1/nosuch', '?tag=x'),
      push('UPPER', '?tag=x'),
      push('conformance', '?tag=a%20b'),
      push('conformance', `?tag=latest&platform=${encodeURIComponent('{"os":"linux","architecture":"s390x"}')}`),
      push('conformance', '?tag=latest&platform=linux/amd64'),
    ],
  },
  {
    name: 'an image of another platform',
    calls: [
      get(`images/conformance/json?platform=${FOREIGN}`),
      get(`images/conformance:latest/json?platform=${FOREIGN}`),
      get('images/conformance/json?platform=x'),
      get(`images/conformance/json?manifests=1&platform=${FOREIGN}`),
      get(`images/conformance/history?platform=${FOREIGN}`),
      get(`images/nosuch/json?platform=${FOREIGN}`),
      { method: 'DELETE', path: `/v1.50/images/conformance:latest?platforms=${FOREIGN}` },
      { method: 'DELETE', path: '/v1.50/images/conformance:latest?platforms=x' },
    ],
  },
  {
    name: 'save answers',
    calls: [
      get('images/get?names=conformance', { bodyDiffers: 'Docker adds documents of its old format' }),
      get('images/conformance:latest/get', { bodyDiffers: 'Docker adds documents of its old format' }),
      get('images/get?names='),
      get('images/get?names=nosuch'),
      get('images/get?names=nosuch:1'),
      get('images/get?names=UPPER'),
      get('images/get?names=conformance&names=nosuch'),
      get('images/nosuch/get'),
      get(`images/conformance@sha256:${'0'.repeat(64)}/get`),
      get(`images/get?names=conformance&platform=${encodeURIComponent('{"os":"linux","architecture":"s390x"}')}`),
      get('images/get?names=conformance&platform=linux/arm64'),
      get(`images/get?names=conformance&platform=%7B%7D&platform=%7B%7D`),
      get('images/get?names=conformance&platform=%7B%7D'),
      get(`images/get?names=conformance&platform=${encodeURIComponent('{"os":"linux"}')}`),
    ],
  },
  {
    name: 'load answers',
    calls: [
      load(['loaded:one', 'loaded:two']),
      load(['loaded:one', 'loaded:two']),
      get('images/loaded:one/json', { only: ['RepoTags', 'Architecture', 'Os'] }),
      { method: 'DELETE', path: '/images/loaded:one' },
      { method: 'DELETE', path: '/images/loaded:two' },
      load([]),
      load(['UPPER:x']),
      load(['a b']),
      { method: 'POST', path: '/v1.50/images/prune?filters={"label":["nosuch"]}' },
      { method: 'POST', path: '/v1.50/images/prune?filters={"dangling":["x"]}' },
      { method: 'POST', path: '/v1.50/images/prune?filters={"nosuch":["x"]}' },
    ],
  },
];
