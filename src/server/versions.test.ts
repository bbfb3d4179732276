import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerJSON, ImageInspect, ImageSummary, Info } from '#api';
import { CreateRequest } from '#api';
import { decode } from '#schema';
import { inspectFor as containerFor, createFrom, createWarnings } from './container-versions.ts';
import { inspectFor as imageFor, summaryFor } from './image-versions.ts';
import { infoFor } from './system-versions.ts';

const request = (text: string) => decode(CreateRequest, text);

test('what a client of an old version could not mean is taken out of its request', () => {
  const asked =
    request(`{"Image":"a","Healthcheck":{"StartInterval":5},"HostConfig":{"KernelMemory":1,"Annotations":{"a":"b"},
    "ConsoleSize":[3,4],"Mounts":[{"Type":"bind","ReadOnly":true,"BindOptions":{"CreateMountpoint":true,"NonRecursive":true}}]}}`);
  const now = createFrom('1.50', asked);
  assert.deepEqual(now.HostConfig?.Mounts, asked.HostConfig?.Mounts);
  assert.equal(now.HostConfig?.KernelMemory, undefined);
  assert.deepEqual(now.HostConfig?.ConsoleSize, [3, 4]);
  const old = createFrom('1.39', asked);
  assert.equal(old.Healthcheck?.StartInterval, undefined);
  assert.equal(old.HostConfig?.Annotations, undefined);
  assert.deepEqual(old.HostConfig?.ConsoleSize, [0, 0]);
  assert.equal(old.HostConfig?.IpcMode, 'shareable');
  assert.equal(
    JSON.stringify(old.HostConfig?.Mounts),
    '[{"Type":"bind","ReadOnly":true,"BindOptions":{"ReadOnlyNonRecursive":true}}]',
  );
  assert.deepEqual(asked.HostConfig?.ConsoleSize, [3, 4], 'the request itself is not changed');
});

test('what an old version cannot have is refused in the words of Docker', () => {
  const image = request('{"HostConfig":{"Mounts":[{"Type":"image"}]}}');
  assert.throws(() => createFrom('1.47', image), { message: 'Mount type "Image" needs API v1.48 or newer' });
  createFrom('1.48', image);
  const part = request('{"HostConfig":{"Mounts":[{"Type":"volume","VolumeOptions":{"Subpath":"a"}}]}}');
  assert.throws(() => createFrom('1.44', part), { message: 'VolumeOptions.Subpath needs API v1.45 or newer' });
  const two = request('{"NetworkingConfig":{"EndpointsConfig":{"a":{},"b":{}}}}');
  assert.throws(() => createFrom('1.43', two), {
    message: 'Container cannot be created with multiple network endpoints: a, b',
  });
  createFrom('1.44', two);
});

test('a container-wide MAC address is remarked upon since 1.44', () => {
  const asked = request('{"MacAddress":"02:42:ac:11:00:09"}');
  assert.equal(createWarnings('1.50', asked).length, 1);
  assert.deepEqual(createWarnings('1.43', asked), []);
  assert.deepEqual(createWarnings('1.50', request('{}')), []);
});

test('images had a virtual size before 1.44 and names for having none before 1.43', () => {
  const image = { RepoTags: [], RepoDigests: [], Size: 7 } as unknown as ImageSummary;
  assert.deepEqual(summaryFor('1.47', image), image);
  assert.equal(summaryFor('1.43', image).VirtualSize, 7);
  assert.deepEqual(summaryFor('1.43', image).RepoTags, []);
  assert.deepEqual(summaryFor('1.42', image).RepoTags, ['<none>:<none>']);
});

test('an inspected image had the config of a container before 1.50, and a second one before 1.45', () => {
  const image = { Size: 7, Config: { Cmd: ['sh'] } } as unknown as ImageInspect;
  const keys = (version: string) => Object.keys(imageFor(version, image) as object);
  const config = (version: string) => (imageFor(version, image) as { Config: object }).Config;
  assert.deepEqual(keys('1.50'), ['Size', 'Config']);
  assert.deepEqual(config('1.50'), { Cmd: ['sh'] });
  assert.equal('AttachStdin' in config('1.49'), true);
  assert.deepEqual(keys('1.45'), ['Size', 'Config']);
  assert.deepEqual(keys('1.43'), ['Size', 'Config', 'ContainerConfig', 'VirtualSize', 'Created']);
});

test('containers in named networks had their short id as an alias before 1.45', () => {
  const container = {
    Id: '0123456789abcdef',
    Config: { Hostname: 'host' },
    NetworkSettings: { Networks: { net: { Aliases: ['web'] }, bridge: { Aliases: null } } },
  } as unknown as ContainerJSON;
  const { net, bridge } = containerFor('1.44', container).NetworkSettings.Networks;
  assert.deepEqual(net?.Aliases, ['web', '0123456789ab', 'host']);
  assert.equal(bridge?.Aliases, null);
  assert.equal(containerFor('1.45', container), container);
});

test('info has what each version had', () => {
  const info = {
    SecurityOptions: ['name=seccomp,profile=builtin', 'name=cgroupns'],
    RegistryConfig: {},
    RuncCommit: { ID: 'abc' },
  } as unknown as Info;
  const shaped = (version: string) => infoFor(version, { ...info, FirewallBackend: { Driver: 'nft' } }) as Info;
  assert.equal(shaped('1.50').BridgeNfIptables, undefined);
  assert.equal(shaped('1.49').BridgeNfIptables, false);
  assert.equal(shaped('1.48').FirewallBackend, undefined);
  assert.deepEqual(shaped('1.48').RuncCommit, { ID: 'abc', Expected: 'abc' });
  assert.deepEqual(shaped('1.49').RuncCommit, { ID: 'abc' });
  assert.equal(shaped('1.41').KernelMemory, true);
  assert.deepEqual(shaped('1.24').SecurityOptions, ['seccomp']);
});
