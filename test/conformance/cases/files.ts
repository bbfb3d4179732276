import { entry } from '../../crash/archive.ts';
import type { Call, Case } from '../call.ts';

const END = Buffer.alloc(1024);
const tar = (...names: string[]): Buffer =>
  Buffer.concat([...names.map((name) => entry(name, Buffer.from(name))), END]);

/** An entry of another type than a file: 1 hard link, 5 directory, Z nothing known. */
function special(name: string, type: string, target = ''): Buffer {
  const head = entry(name, Buffer.alloc(0));
  head.write(type, 156, 'latin1');
  head.write(target, 157, 'latin1');
  head.fill(0x20, 148, 156);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8, 'latin1');
  return head;
}

const at = (container: string, path: string) =>
  `/v1.50/containers/${container}/archive?path=${encodeURIComponent(path)}`;
const stat = (path: string, container = 'files'): Call => ({ method: 'HEAD', path: at(container, path) });
const read = (path: string, container = 'files'): Call => ({ method: 'GET', path: at(container, path) });
const put = (path: string, body: Buffer, more = '', container = 'files'): Call => ({
  method: 'PUT',
  path: `${at(container, path)}${more}`,
  body,
  headers: { 'content-type': 'application/x-tar' },
});
const changes = (container: string): Call => ({ method: 'GET', path: `/v1.50/containers/${container}/changes` });

const create = (name: string, script: string, host: object = {}, config: object = {}): Call => ({
  method: 'POST',
  path: `/v1.50/containers/create?name=${name}`,
  body: { Image: 'conformance', Cmd: ['sh', '-c', script], ...config, HostConfig: { NetworkMode: 'none', ...host } },
  bodyDiffers: 'an id',
});
const start = (name: string): Call => ({ method: 'POST', path: `/v1.50/containers/${name}/start` });
const ended = (name: string): Call => ({ method: 'POST', path: `/v1.50/containers/${name}/wait` });
const untilMade = (path: string): Call => ({ ...stat(path), until: ({ status }) => status === 200 });

/** Modes as the engine makes them, whatever umask it has. */
const TREE = `umask 022; mkdir -p /a/b; echo hi >/a/f; chmod 4751 /a/f; ln -s /a /la; ln -s ../a/f /lf; ln -s nowhere /broken
  ln -s /loop /loop; mkfifo /pipe; mkdir /sticky; chmod 1777 /sticky; echo >/done`;

const PATHS = [
  ...['/a', '/a/', '/a/.', '/a/b', '/a/f', '/a/f/', '/a/f/x', '/la', '/la/', '/la/.', '/lf', '/broken', '/broken/'],
  ...['/loop', '/loop/x', '/nosuch', '/pipe', '/sticky', '/proc/1', '/dev/null', '/tmpfs/x', 'a/b', '../a', '/a/../lf'],
  ...['/vol', '/vol/.', ''],
];

export const files: Case[] = [
  {
    name: 'what is at a path of a running container',
    removes: ['files'],
    calls: [
      create('files', `${TREE}; sleep 1000`, { Tmpfs: { '/tmpfs': '' } }, { Volumes: { '/vol': {} } }),
      start('files'),
      untilMade('/done'),
      ...PATHS.map((path) => stat(path)),
      ...PATHS.map((path) => read(path)),
      { method: 'HEAD', path: '/v1.50/containers/files/archive' },
      { method: 'GET', path: '/v1.50/containers/files/archive' },
      stat('/', 'nosuch'),
      read('/', 'nosuch'),
      put('/', tar('x'), '', 'nosuch'),
      { method: 'PUT', path: '/v1.50/containers/files/archive' },
    ],
  },
  {
    name: 'copying into a running container',
    removes: ['files'],
    calls: [
      create('files', `${TREE}; sleep 1000`, { Binds: ['files-v:/vol', 'files-r:/ro:ro'] }),
      start('files'),
      untilMade('/done'),
      put('/a', tar('one', 'deep/er/two')),
      read('/a'),
      put('/la', tar('three')),
      put('/la/.', tar('four')),
      stat('/a/three'),
      stat('/a/four'),
      put('/vol', tar('v')),
      read('/vol'),
      ...['/ro', '/ro/sub', '/nosuch', '/a/f', '/a/f/', '/a/f/x', '/broken', '/loop', ''].map((path) =>
        put(path, tar('x')),
      ),
      put('/a', tar('../out')),
      put('/a', Buffer.concat([special('h', '1', '../etc/passwd'), END])),
      put('/a', Buffer.concat([special('h', '1', 'missing'), END])),
      put('/a', Buffer.concat([special('z', 'Z'), END])),
      put('/a', Buffer.from('this is no archive')),
      put('/a', Buffer.alloc(0)),
      put('/a', tar('b'), '&noOverwriteDirNonDir=1'),
      put('/a', Buffer.concat([special('f/', '5'), END]), '&noOverwriteDirNonDir=true'),
      put('/a', tar('b')),
      put('/a', Buffer.concat([special('f/', '5'), END])),
      read('/a'),
      { method: 'POST', path: '/v1.50/containers/files/pause' },
      put('/a', tar('paused')),
      stat('/a/paused'),
    ],
  },
  {
    name: 'copying with a container that does not run',
    removes: ['files'],
    calls: [
      create('files', 'cat /etc/new /vol/new', { Binds: ['files-c:/vol'] }),
      stat('/vol'),
      stat('/etc/new'),
      put('/etc', tar('new')),
      put('/vol', tar('new')),
      read('/etc/new'),
      start('files'),
      ended('files'),
      read('/vol/new'),
      put('/tmp', tar('late')),
      read('/tmp/late'),
      { method: 'GET', path: '/v1.50/containers/files/logs?stdout=1' },
    ],
  },
  {
    name: 'owners and read-only roots',
    removes: ['files', 'files-n', 'files-u'],
    calls: [
      create('files', 'sleep 1000', { ReadonlyRootfs: true, Binds: ['files-o:/vol'], Tmpfs: { '/tmpfs': '' } }),
      start('files'),
      put('/', tar('x')),
      put('/tmpfs', tar('x')),
      put('/vol', tar('x')),
      create('files-u', 'true', {}, { User: 'user' }),
      put('/tmp', tar('x'), '&copyUIDGID=1', 'files-u'),
      read('/tmp/x', 'files-u'),
      put('/tmp', tar('y'), '', 'files-u'),
      read('/tmp/y', 'files-u'),
      create('files-n', 'true', {}, { User: 'nosuch' }),
      put('/tmp', tar('x'), '&copyUIDGID=1', 'files-n'),
    ],
  },
  {
    name: 'the size of what a container wrote',
    removes: ['files'],
    calls: [
      create(
        'files',
        'mkdir /d; echo four >/d/a; ln /d/a /d/b; ln -s aaaaaaaaaa /d/l; rm /bin/zcat; truncate -s 5000 /d/s; mkfifo /d/p; echo >/vol/x; echo >/tmpfs/x',
        { Binds: ['files-s:/vol'], Tmpfs: { '/tmpfs': '' } },
      ),
      { method: 'GET', path: '/v1.50/containers/files/json?size=1', only: ['SizeRw'] },
      start('files'),
      ended('files'),
      { method: 'GET', path: '/v1.50/containers/files/json?size=1', only: ['SizeRw'] },
    ],
  },
  {
    name: 'the changes of a container',
    removes: ['files', 'files-idle'],
    calls: [
      create('files-idle', 'true'),
      changes('files-idle'),
      create(
        'files',
        'echo x >>/etc/passwd; rm /bin/zcat; mkdir -p /new/dir; ln -s x /new/link; rm -r /tmp; mkdir /tmp; chmod 700 /tmp; echo >/vol/x; echo >/tmpfs/x',
        { Binds: ['files-d:/vol'], Tmpfs: { '/tmpfs': '' } },
      ),
      start('files'),
      ended('files'),
      changes('files'),
      changes('nosuch'),
      { method: 'GET', path: '/v1.50/containers/files/export', bodyDiffers: 'the files that the engine makes differ' },
      { method: 'GET', path: '/v1.50/containers/nosuch/export' },
    ],
  },
];
