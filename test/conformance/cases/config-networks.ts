import type { Call, Case } from '../call.ts';

const create = (body: object, more: Partial<Call> = {}): Call => ({
  method: 'POST',
  path: '/v1.50/networks/create',
  body,
  ...more,
});
const remove = (name: string): Call => ({ method: 'DELETE', path: `/networks/${name}` });
const get = (path: string, differs: Record<string, string> = { Created: 'of the run' }): Call => ({
  method: 'GET',
  path: `/v1.50/${path}`,
  differs,
});
const list = (filters: object): Call => ({
  method: 'GET',
  path: `/v1.50/networks?filters=${encodeURIComponent(JSON.stringify(filters))}`,
  only: ['*.Name', '*.Driver'],
});
const config = (body: object = {}, more: Partial<Call> = {}): Call =>
  create({ Name: 'config', ConfigOnly: true, ...body }, more);
const from = (body: object = {}, more: Partial<Call> = {}): Call =>
  create({ Name: 'config-made', ConfigFrom: { Network: 'config' }, ...body }, more);
const place = (NetworkMode: string): Call => ({
  method: 'POST',
  path: '/v1.50/containers/create?name=config-live',
  body: { Image: 'conformance', Cmd: ['sleep', '1000'], HostConfig: { NetworkMode } },
});
const start: Call = { method: 'POST', path: '/containers/config-live/start' };
const join: Call = { method: 'POST', path: '/networks/config/connect', body: { Container: 'config-live' } };

/** Networks that only hold a configuration, and those that are made of one. */
export const configNetworks: Case[] = [
  {
    name: 'a configuration is kept, used and held',
    calls: [
      config({
        Driver: 'bridge',
        Labels: { made: 'of-config' },
        Options: { 'com.docker.network.driver.mtu': '1400' },
        IPAM: {
          Config: [
            {
              Subnet: '10.221.0.0/24',
              IPRange: '10.221.0.64/26',
              Gateway: '10.221.0.9',
              AuxiliaryAddresses: { x: '10.221.0.70' },
            },
          ],
        },
      }),
      config(),
      get('networks/config'),
      from({ Internal: true, Attachable: true }, { keep: { made: 'Id' } }),
      get('networks/config-made'),
      create({ Name: 'config-second', ConfigFrom: { Network: 'config' } }),
      list({ name: ['config'], type: ['custom'] }),
      list({ name: ['config'], driver: ['null'] }),
      remove('config'),
      { method: 'POST', path: '/networks/prune?filters=%7B%22label%22%3A%5B%22made%3Dof-config%22%5D%7D' },
      { method: 'POST', path: '/networks/prune?filters=%7B%22label%22%3A%5B%22made%3Dof-config%22%5D%7D' },
      get('networks/config'),
      remove('config'),
      get('networks/config'),
    ],
  },
  {
    name: 'what says too much or too little is refused',
    calls: [
      config({ Internal: true }),
      config({ Attachable: true }),
      config({ Ingress: true }),
      config({ Scope: 'local' }),
      config({ Name: 'bridge' }),
      config({ IPAM: { Config: [{ Subnet: '10.221.0.7/24' }] } }),
      config({ Driver: 'nosuch', EnableIPv4: false, EnableIPv6: true }),
      get('networks/config'),
      remove('config'),
      config(),
      from({ Labels: { a: 'b' } }),
      from({ EnableIPv6: true }),
      from({ IPAM: { Driver: 'nosuch' } }),
      from({ IPAM: { Config: [{ Subnet: '10.221.0.0/24' }] } }),
      from({ IPAM: { Options: { a: 'b' } } }),
      from({ Options: { a: 'b' } }),
      from({ ConfigOnly: true }),
      from({ Driver: 'nosuch', ConfigFrom: { Network: 'nosuch' } }),
      from({ ConfigFrom: { Network: 'nosuch' } }),
      from({ ConfigFrom: { Network: 'bridge' } }),
      remove('config'),
      config({ EnableIPv4: false }),
      from(),
      remove('config'),
    ],
  },
  {
    name: 'no container has a place in a configuration',
    removes: ['config-live'],
    calls: [
      config(),
      place('config'),
      start,
      { method: 'DELETE', path: '/containers/config-live' },
      place('bridge'),
      join,
      start,
      { method: 'POST', path: '/networks/config/disconnect', body: { Container: 'config-live' } },
      start,
      join,
      { method: 'DELETE', path: '/containers/config-live?force=1' },
      remove('config'),
    ],
  },
];
