import type { CliCase } from './command.ts';

const FOLDER: readonly (readonly [RegExp, string])[] = [
  [/[^\s"]*\.docker\/contexts\/(meta|tls)\/[0-9a-f]{64}/g, 'the folder of the run'],
  [/unix:\/\/\/\S*(docker|gantry)\.sock/g, 'own socket'],
];

/** Contexts live in files of docker's own layout; DOCKER_HOST is set while these run. */
export const contextCases: CliCase[] = [
  {
    name: 'contexts',
    steps: [
      {
        line: 'context create conf-one --docker host=tcp://127.0.0.1:1,ca=ca.pem,cert=client.pem,key=client-key.pem --description First',
      },
      { line: 'context create conf-one --docker host=unix:///x' },
      { line: 'context create conf-two --docker host=unix:///nosuch' },
      { line: 'context create conf-three --from conf-one' },
      { line: `context create 'bad name' --docker host=unix:///x` },
      { line: 'context create default --docker host=unix:///x' },
      { line: 'context create conf-four --docker host=unix:///x,foo=bar' },
      { line: 'context create conf-four --docker ca=nosuch' },
      { line: 'context create conf-four --docker x' },
      { line: 'context create conf-four --docker host=tcp://127.0.0.1:1,ca=env' },
      { line: 'context ls', hide: [...FOLDER, [/^default.*$/gm, 'own socket']] },
      { line: 'context ls -q' },
      { line: `context ls --format '{{.Name}} {{.Current}} {{.Error}}'` },
      { line: 'context ls --format json', hide: FOLDER },
      { line: `context ls --format '{{.NoSuch}}'` },
      { line: 'context inspect conf-one', hide: FOLDER },
      { line: `context inspect --format '{{.Name}} {{.Endpoints.docker.Host}}' conf-three` },
      { line: 'context inspect conf-nosuch', hide: FOLDER },
      { line: 'context show' },
      { line: 'context use conf-two' },
      { line: 'context use conf-nosuch', hide: FOLDER },
      { line: 'context show' },
      { line: 'context update conf-two --description changed --docker host=unix:///other' },
      { line: `context inspect --format '{{.Name}} {{.Endpoints.docker.Host}}' conf-two` },
      { line: 'context update conf-nosuch --description x', hide: FOLDER },
      { line: 'context update default --description x' },
      { line: 'context export conf-one context.tar' },
      { line: 'context export conf-one context.tar' },
      { line: 'context import conf-five context.tar' },
      { line: 'context import conf-five context.tar' },
      { line: 'context import conf-six nosuch.tar' },
      { line: `context inspect --format '{{json .TLSMaterial}}' conf-five` },
      { line: 'context rm conf-nosuch' },
      { line: 'context rm default' },
      { line: 'context rm -f conf-nosuch' },
      { line: 'context rm -f conf-one conf-two conf-three conf-five' },
      { line: 'context use default' },
      { line: '-c conf-nosuch ps', hide: FOLDER },
      { line: '-c conf-one -H unix:///x ps' },
      { line: 'completion bash', hide: [[/.+/s, 'a script of its own']] },
      { line: 'completion zsh', hide: [[/.+/s, 'a script of its own']] },
      { line: 'completion fish', hide: [[/.+/s, 'a script of its own']] },
    ],
  },
];
