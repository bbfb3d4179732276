import assert from 'node:assert/strict';
import { test } from 'node:test';
import { registryConfig } from './config.ts';

test("the configuration of Docker's registry, and REGISTRY_* before it", () => {
  const config = registryConfig(
    {
      version: 0.1,
      storage: { filesystem: { rootdirectory: '/a' }, delete: { enabled: false }, maxBlob: '10g' },
      http: { addr: 'localhost:5001', tls: { certificate: '/c', key: '/k' }, colour: 'red' },
      auth: 'none',
      notifications: {
        endpoints: [{ name: 'x', url: 'http://h', headers: { Authorization: ['Bearer y'] }, timeout: '2s' }],
      },
      access: [{ account: 'alice', repository: 'team/*', actions: ['pull'] }],
      proxy: { remoteurl: 'https://up', ttl: '1h30m' },
    },
    { REGISTRY_HTTP_ADDR: ':80', REGISTRY_AUTH: 'htpasswd', REGISTRY_AUTH_HTPASSWD_PATH: '/p', PATH: 'x' },
  );
  assert.deepEqual([config.host, config.port, config.folder], [undefined, 80, '/a']);
  const quota = { repository: 0, total: 0 };
  const headers = {};
  assert.deepEqual(config.settings, { readOnly: false, delete: false, blobBytes: 10 * 2 ** 30, quota, headers });
  assert.deepEqual(config.auth, { kind: 'basic', realm: undefined, path: '/p', service: 'registry' });
  assert.deepEqual(config.rules, [{ account: 'alice', repository: 'team/*', actions: ['pull'] }]);
  assert.deepEqual([config.endpoints[0]?.timeoutMs, config.upstream?.ttlMs], [2000, 5400_000]);
  assert.deepEqual(config.unknown, ['http.colour']);
});

test('sections and lists in the environment', () => {
  const { settings, endpoints } = registryConfig(
    { storage: { maintenance: { readonly: { enabled: false } } } },
    {
      REGISTRY_STORAGE_MAINTENANCE_READONLY: '{"Enabled": true}',
      REGISTRY_NOTIFICATIONS_ENDPOINTS: '[{"name": "hook", "url": "http://x/"}]',
    },
  );
  assert.equal(settings.readOnly, true);
  assert.deepEqual([endpoints[0]?.name, endpoints[0]?.url], ['hook', 'http://x/']);
  assert.throws(() => registryConfig({}, { REGISTRY_PROXY: '{' }), /REGISTRY_PROXY: /);
});

test('values that are none are refused by name', () => {
  const cases: [object, RegExp][] = [
    [{ http: { addr: 'nowhere' } }, /invalid address "nowhere"/],
    [{ http: { addr: ':99999' } }, /invalid address/],
    [{ storage: { delete: { enabled: 'maybe' } } }, /"storage.delete.enabled" must be true or false/],
    [{ access: [{ actions: ['burn'] }] }, /unknown action "burn"/],
    [{ auth: { htpasswd: {} } }, /needs the path/],
    [{ http: { tls: { key: '/k' } } }, /needs both/],
    [{ notifications: { endpoints: [{ url: 'ftp://x' }] } }, /no http\(s\) URL/],
  ];
  for (const [document, message] of cases) assert.throws(() => registryConfig(document), message);
});

test('names of the environment cannot reach what is not theirs', () => {
  registryConfig({}, { REGISTRY___PROTO___POLLUTED: 'yes', REGISTRY_CONSTRUCTOR_PROTOTYPE_POLLUTED: 'yes' });
  assert.equal(({} as { polluted?: string }).polluted, undefined);
});
