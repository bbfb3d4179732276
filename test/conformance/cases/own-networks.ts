import type { Call, Case } from '../call.ts';

const create = (body: object, more: Partial<Call> = {}): Call => ({
  method: 'POST',
  path: '/v1.50/networks/create',
  body,
  ...more,
});
const remove = (name: string): Call => ({ method: 'DELETE', path: `/networks/${name}` });
const get = (path: string, more: Partial<Call> = {}): Call => ({ method: 'GET', path: `/v1.50/${path}`, ...more });
const list = (filters: object, more: Partial<Call> = {}): Call =>
  get(`networks?filters=${encodeURIComponent(JSON.stringify(filters))}`, more);
const CREATED = { Created: 'of the run' };
const AUTO = { ...CREATED, 'IPAM.Config': 'chosen by the host' };
const IN_LIST = { '*.Created': 'of the run', '*.IPAM': 'chosen by the host' };
const refused = (body: object, differs: Record<string, string> = {}): Call =>
  create({ Name: 'own-refused', ...body }, { differs });
const ipam = (...Config: object[]): object => ({ IPAM: { Config } });
const option = (key: string, value: string): object => ({ Options: { [`com.docker.network.${key}`]: value } });

/** Networks of the user's own. */
export const ownNetworks: Case[] = [
  {
    name: 'a network is made, shown and removed',
    calls: [
      create({ Name: 'own-plain' }, { keep: { net: 'Id' } }),
      get('networks/own-plain', { differs: AUTO }),
      get('networks/{net}?verbose=true', { differs: AUTO }),
      get('networks/own-plain?scope=local', { differs: AUTO }),
      create({ Name: 'own-plain' }),
      create({ Name: 'own-plain', CheckDuplicate: false }),
      list({ name: ['own-pl'] }, { differs: IN_LIST }),
      list({ name: ['^own-pl.*n$'], type: ['custom'] }, { differs: IN_LIST }),
      get('networks?filters=%7B%22id%22%3A%5B%22{net}%22%5D%2C%22dangling%22%3A%5B%22true%22%5D%7D', {
        only: ['*.Name'],
      }),
      list({ name: ['own-plain'], dangling: ['false'] }),
      list({ name: ['own-plain'], type: ['builtin'] }),
      list({ name: ['own-plain'], driver: ['host'] }),
      remove('own-plain'),
      remove('own-plain'),
      get('networks/own-plain'),
    ],
  },
  {
    name: 'what is asked for is shown again',
    calls: [
      create({
        Name: 'own-full',
        Driver: 'bridge',
        EnableIPv6: true,
        Attachable: true,
        Internal: true,
        Labels: { a: 'b' },
        Options: { 'com.docker.network.enable_ipv6': 'true', unknown: 'kept', 'com.docker.network.driver.mtu': '1400' },
        IPAM: {
          Driver: 'default',
          Options: { x: 'y' },
          Config: [
            { Subnet: '10.211.0.0/16', IPRange: '10.211.5.0/24', AuxiliaryAddresses: { host: '10.211.5.9' } },
            { Subnet: 'fd00:211::/64', Gateway: 'fd00:211::9' },
          ],
        },
      }),
      get('networks/own-full', { differs: CREATED }),
      list({ label: ['a'] }, { differs: { '*.Created': 'of the run' } }),
      list({ label: ['a=c'] }),
      create({ Name: 'own-overlap', ...ipam({ Subnet: '10.211.9.0/24' }) }),
      create({ Name: 'own-overlap', EnableIPv6: true, ...ipam({ Subnet: 'fd00:211::/80' }) }),
      remove('own-full'),
    ],
  },
  {
    name: 'networks that are refused',
    calls: [
      refused({ Name: 'default' }),
      refused({ Driver: 'nosuch' }),
      refused({ Driver: 'overlay' }),
      refused({ Driver: 'host' }),
      refused({ Driver: 'null' }),
      refused({ Ingress: true }),
      refused({ ConfigFrom: { Network: 'nosuch' } }),
      refused({ EnableIPv4: false }),
      refused({ IPAM: { Driver: 'nosuch' } }),
      refused({ IPAM: { Driver: 'null' } }),
      refused(ipam({})),
      refused(ipam({ Subnet: '10.0.0.0/33' })),
      refused(ipam({ Subnet: '10.0.0.1/8' })),
      refused(ipam({ Gateway: '10.212.0.1' })),
      refused(ipam({ Subnet: '10.212.0.0/24', Gateway: '10.8.0.1' })),
      refused(ipam({ Subnet: '10.212.0.0/24', Gateway: 'fd00::1' })),
      refused(ipam({ Subnet: '10.212.0.0/24', Gateway: '10.212.0.0' })),
      refused(ipam({ Subnet: '10.212.0.0/24', Gateway: '10.212.0.255' })),
      refused(ipam({ Subnet: '10.212.0.0/24', Gateway: 'foo', IPRange: 'bar' })),
      refused(ipam({ Subnet: '10.212.0.0/24', IPRange: '10.8.0.0/25' })),
      refused(ipam({ Subnet: '10.212.0.0/24', IPRange: '10.0.0.0/8' })),
      refused(ipam({ Subnet: '10.212.0.0/24', IPRange: '10.212.0.1/25' })),
      refused(ipam({ Subnet: '10.212.0.0/24', AuxiliaryAddresses: { a: '10.8.0.1' } })),
      refused(ipam({ Subnet: '10.212.0.0/24', AuxiliaryAddresses: { a: 'foo' } })),
      refused(ipam({ Subnet: '10.212.0.0/24', AuxiliaryAddresses: { a: '10.212.0.1' } })),
      refused(ipam({ Subnet: '10.212.0.0/24' }, { Subnet: '10.213.0.0/24' })),
      refused({ EnableIPv6: true, ...ipam({ Subnet: 'fd00:212::/80', Gateway: 'fd00:213::1' }) }),
      refused({ EnableIPv6: true, ...ipam({ Subnet: 'fd00:212::1/80' }) }),
      refused(option('driver.mtu', 'foo')),
      refused(option('driver.mtu', '-5')),
      refused(option('bridge.enable_icc', 'foo')),
      refused(option('bridge.enable_ip_masquerade', '')),
      refused(option('bridge.host_binding_ipv4', 'foo')),
      refused(option('bridge.gateway_mode_ipv4', 'foo')),
      refused(option('bridge.inhibit_ipv4', 'foo')),
      refused(option('bridge.name', 'lo')),
      refused(option('bridge.name', 'a-very-very-long-name')),
      refused(option('bridge.name', 'a/b')),
      get('networks/own-refused'),
    ],
  },
  {
    name: 'unused networks are pruned by label',
    calls: [
      create({ Name: 'own-prune-a', Labels: { prune: 'a' } }),
      create({ Name: 'own-prune-b', Labels: { prune: 'b' } }),
      { method: 'POST', path: '/networks/prune?filters={"label":["prune=a"]}' },
      get('networks/own-prune-a'),
      { method: 'POST', path: '/networks/prune?filters={"label":["prune"],"label!":["prune=b"]}' },
      { method: 'POST', path: '/networks/prune?filters={"label":["prune"],"until":["2001-01-01T00:00:00Z"]}' },
      { method: 'POST', path: '/networks/prune?filters={"label":["prune"],"until":["1h","2h"]}' },
      { method: 'POST', path: '/networks/prune?filters={"label":["prune"]}' },
      get('networks/own-prune-b'),
      { method: 'POST', path: '/networks/prune?filters={"nosuch":["x"]}' },
    ],
  },
];
