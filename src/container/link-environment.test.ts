import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkVariables } from './link-environment.ts';

test('a link as a real dockerd tells of it', () => {
  const variables = linkVariables({
    full: '/web/my-db',
    ip: '172.17.0.2',
    ports: ['53/udp', '443/tcp', '81/tcp', '80/tcp'],
    env: ['A=b', 'PATH=/bin', 'HOME=/', 'EMPTY=', 'NONE'],
  });
  assert.deepEqual(
    variables.filter((line) => !/_(ADDR|PROTO|[0-9]+_(TCP|UDP)_PORT)=/.test(line)),
    [
      'MY_DB_PORT=tcp://172.17.0.2:80',
      'MY_DB_PORT_80_TCP=tcp://172.17.0.2:80',
      'MY_DB_PORT_81_TCP=tcp://172.17.0.2:81',
      'MY_DB_PORT_443_TCP=tcp://172.17.0.2:443',
      'MY_DB_PORT_80_TCP_START=tcp://172.17.0.2:80',
      'MY_DB_PORT_80_TCP_PORT_START=80',
      'MY_DB_PORT_80_TCP_END=tcp://172.17.0.2:81',
      'MY_DB_PORT_80_TCP_PORT_END=81',
      'MY_DB_PORT_53_UDP=udp://172.17.0.2:53',
      'MY_DB_NAME=/web/my-db',
      'MY_DB_ENV_A=b',
      'MY_DB_ENV_EMPTY=',
    ],
  );
  assert.deepEqual(variables.slice(1, 5), [
    'MY_DB_PORT_80_TCP=tcp://172.17.0.2:80',
    'MY_DB_PORT_80_TCP_ADDR=172.17.0.2',
    'MY_DB_PORT_80_TCP_PORT=80',
    'MY_DB_PORT_80_TCP_PROTO=tcp',
  ]);
});

test('ports at the end are a range too, those of another protocol are not', () => {
  const variables = linkVariables({ full: '/a/b', ip: '10.0.0.2', ports: ['1/tcp', '2/udp', '3/udp'], env: [] });
  assert.deepEqual(
    variables.filter((line) => /START|END/.test(line)),
    [
      'B_PORT_2_UDP_START=udp://10.0.0.2:2',
      'B_PORT_2_UDP_PORT_START=2',
      'B_PORT_2_UDP_END=udp://10.0.0.2:3',
      'B_PORT_2_UDP_PORT_END=3',
    ],
  );
});
