import type { Call, Case } from '../call.ts';

const post = (query: string, more: Partial<Call> = {}): Call => ({
  method: 'POST',
  path: `/v1.50/commit${query}`,
  bodyDiffers: 'an id',
  ...more,
});
const refused = (query: string, more: Partial<Call> = {}): Call => ({
  method: 'POST',
  path: `/v1.50/commit${query}`,
  ...more,
});
const OWN = {
  Id: 'of the run',
  Parent: "made of the host's busybox",
  Created: 'of the run',
  Size: 'of the file system',
  'RootFS.Layers': 'made of the run',
  GraphDriver: 'the snapshotter keeps its own folders',
  Metadata: 'of the run',
  Descriptor: 'the image store is another',
  RepoDigests: 'the image store is another',
  DockerVersion: 'of the engine',
};
const inspect = (name: string): Call => ({ method: 'GET', path: `/v1.50/images/${name}/json`, differs: OWN });
const history = (name: string): Call => ({
  method: 'GET',
  path: `/v1.50/images/${name}/history`,
  differs: {
    '*.Id': 'of the run',
    '*.Size': 'of the file system',
    '*.Tags': 'other work may have names for the image below',
  },
});
const remove = (name: string): Call => ({ method: 'DELETE', path: `/v1.50/images/${name}`, bodyDiffers: 'ids' });
const create = (name: string, script: string, config: object = {}): Call => ({
  method: 'POST',
  path: `/v1.50/containers/create?name=${name}`,
  body: { Image: 'conformance', Cmd: ['sh', '-c', script], ...config, HostConfig: { NetworkMode: 'none' } },
  keep: { id: 'Id' },
  bodyDiffers: 'an id',
});
const start = (name: string): Call => ({ method: 'POST', path: `/v1.50/containers/${name}/start` });
const events = (event: readonly string[]): Call => ({
  method: 'GET',
  path: `/v1.50/events?since={begin}&until={now}&filters=${encodeURIComponent(JSON.stringify({ event }))}`,
  about: 'id',
});
const changes = (...lines: string[]) => lines.map((line) => `&changes=${encodeURIComponent(line)}`).join('');

const CONFIG = {
  Hostname: 'here',
  User: 'user',
  Env: ['A=1'],
  ExposedPorts: { '80/tcp': {} },
  Volumes: { '/kept': {} },
  Labels: { one: '1' },
  WorkingDir: '/tmp',
  StopSignal: 'SIGINT',
  Healthcheck: { Test: ['CMD', 'true'], Interval: 60_000_000_000 },
};

export const commit: Case[] = [
  {
    name: 'commit: what is refused',
    removes: ['commit-r'],
    calls: [
      create('commit-r', 'true'),
      refused(''),
      refused('?container=nosuch'),
      refused('?container=nosuch&repo=UPPER'),
      refused('?container=commit-r&repo=UPPER'),
      refused('?container=commit-r&repo=ok&tag=b%20d'),
      refused(`?container=commit-r&repo=ok@sha256:${'a'.repeat(64)}`),
      refused('?container=commit-r&repo=ok&changes=FOO%20x'),
      refused('?container=commit-r&repo=ok&changes=RUN%20x'),
      refused('?container=commit-r&repo=ok&changes=ENV'),
      refused('?container=commit-r', { headers: { 'content-type': 'text/plain' }, body: 'x' }),
      refused('?container=commit-r', { headers: { 'content-type': 'application/json' }, body: '{bad' }),
      refused('?container=commit-r', { body: { Cmd: 7 } }),
    ],
  },
  {
    name: 'commit: images and their configs',
    removes: ['commit-a', 'commit-b'],
    calls: [
      create('commit-a', 'echo hi >/new; rm /bin/zcat; sleep 1000', CONFIG),
      start('commit-a'),
      post('?container=commit-a&repo=committed&author=me%20%3Cx%3E&comment=why'),
      inspect('committed:latest'),
      history('committed:latest'),
      post(
        `?container=commit-a&repo=committed&tag=changed&pause=0${changes('ENV B=2 A=3', 'CMD ["z"]', 'LABEL two=2', 'EXPOSE 81', 'VOLUME /more', 'WORKDIR sub', 'USER 7', 'STOPSIGNAL 9', 'HEALTHCHECK NONE', 'ONBUILD RUN x')}`,
      ),
      inspect('committed:changed'),
      post(`?container=commit-a&repo=committed&tag=entry${changes('ENTRYPOINT ["e"]')}`),
      inspect('committed:entry'),
      post(`?container=commit-a&repo=committed&tag=both${changes('CMD ["c"]', 'ENTRYPOINT ["e"]')}`),
      inspect('committed:both'),
      post('?container=commit-a&repo=committed&tag=body', {
        body: { Env: ['Q=1'], Cmd: ['w'], Labels: { n: 'm' }, ExposedPorts: { '99/tcp': {} }, WorkingDir: '/w' },
      }),
      inspect('committed:body'),
      history('committed:body'),
      post(`?container=commit-a&repo=committed&tag=env${changes('ENV R=2')}`, { body: { Env: ['Q=1'] } }),
      inspect('committed:env'),
      post('?container=commit-a&tag=nameless', { keep: { nameless: 'Id' } }),
      post('?container=commit-a&repo=committed:own&tag=other'),
      inspect('committed:other'),
      events(['commit', 'pause', 'unpause']),
      create('commit-b', 'true'),
      post('?container=commit-b&repo=committed&tag=empty'),
      inspect('committed:empty'),
      history('committed:empty'),
      remove('{nameless}'),
      ...['latest', 'changed', 'entry', 'both', 'body', 'env', 'other', 'empty'].map((tag) =>
        remove(`committed:${tag}`),
      ),
    ],
  },
];
