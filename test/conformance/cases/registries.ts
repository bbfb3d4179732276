import type { Call, Case } from '../call.ts';

/** Nobody listens there. */
const NOBODY = '127.0.0.1:1';

const pull = (query: string): Call => ({ method: 'POST', path: `/images/create?${query}` });
const get = (path: string): Call => ({ method: 'GET', path });
const login = (config: object): Call => ({ method: 'POST', path: '/auth', body: config });

export const registries: readonly Case[] = [
  {
    name: 'pulling what cannot be pulled',
    calls: [
      pull('fromImage=scratch'),
      pull('fromImage=scratch&tag=latest'),
      pull('fromImage=UPPER'),
      pull(`fromImage=${NOBODY}/x&tag=latest`),
      pull(`fromImage=${NOBODY}/x`),
      pull(`fromImage=${NOBODY}/x:`),
      pull(`fromImage=${NOBODY}/x&tag=${encodeURIComponent('a@b')}`),
      pull(`fromImage=${NOBODY}/x&tag=${encodeURIComponent('sha256:zz')}`),
      pull(`fromImage=${NOBODY}/x&tag=latest&platform=a/b/c/d`),
    ],
  },
  {
    name: 'asking for what is not there',
    calls: [
      get('/distribution/UPPER/json'),
      get(`/distribution/${NOBODY}/x/json`),
      get(`/images/search?term=${NOBODY}/x&limit=101`),
      get(`/images/search?term=${NOBODY}/x&limit=-1`),
      get(`/images/search?term=${NOBODY}/x&limit=some`),
      get(`/images/search?term=${NOBODY}/x&filters=${encodeURIComponent('{"stars":["many"]}')}`),
      get(`/images/search?term=${NOBODY}/x&filters=${encodeURIComponent('{"is-official":["maybe"]}')}`),
      get(`/images/search?term=${NOBODY}/x&filters=${encodeURIComponent('{"name":["x"]}')}`),
      get(`/images/search?term=${NOBODY}/x`),
      get('/images/search?term=https://x/y'),
      login({ username: 'u', password: 'p', serveraddress: NOBODY }),
      login({ username: 'u', password: 'p', serveraddress: `http://${NOBODY}/v2/` }),
      { method: 'POST', path: '/auth', body: '' },
      { method: 'POST', path: '/auth', body: '[' },
    ],
  },
];
