import type { Call, Case } from '../call.ts';
import { contextTar } from '../context.ts';

const build = (query: string, dockerfile: string, more: Partial<Call> = {}): Call => ({
  method: 'POST',
  path: `/v1.50/build?${query}`,
  body: contextTar({ Dockerfile: dockerfile, file: 'text\n' }),
  headers: { 'content-type': 'application/x-tar' },
  bodyDiffers: 'ids of images, and what the daemon says while it builds',
  ...more,
});

const SETTINGS = `FROM conformance
ENV A=1 B="two words"
ENV C $A
ARG D=4
LABEL made=by "two words"="x y"
EXPOSE 80 53/udp 8000-8002
VOLUME /data /more
WORKDIR /work
WORKDIR below
USER user:extra
SHELL ["/bin/sh", "-ec"]
STOPSIGNAL SIGUSR1
HEALTHCHECK --interval=5s --retries=2 CMD test -e /x
ONBUILD RUN true
ENTRYPOINT echo
CMD ["$A", "b"]
`;

export const builds: Case[] = [
  {
    name: 'what a Dockerfile says of an image',
    calls: [
      build('t=settings&labels=%7B%22more%22%3A%22labels%22%7D&rm=1', SETTINGS),
      {
        method: 'GET',
        path: '/v1.50/images/settings/json',
        only: ['Config', 'Os', 'Architecture', 'RepoTags'],
        differs: {
          'Config.Hostname': 'only the classic builder leaves its container',
          'Config.ArgsEscaped': 'what BuildKit says, and it alone',
          'Config.Image': 'only the classic builder leaves its image',
        },
      },
      { method: 'DELETE', path: '/images/settings?force=1', bodyDiffers: 'ids' },
    ],
  },
  {
    name: 'builds that are refused',
    calls: [
      build('', 'FROM conformance\nNOSUCH thing\n', { bodyDiffers: 'the words of the classic builder' }),
      build('dockerfile=nosuch', 'FROM conformance\n', { bodyDiffers: 'the words of the classic builder' }),
      build('buildargs=%7Bx', 'FROM conformance\n', { bodyDiffers: 'the words of a JSON parser' }),
      { method: 'POST', path: '/v1.50/build/cancel' },
      { method: 'POST', path: '/v1.50/build/cancel?id=nosuch' },
    ],
  },
];
