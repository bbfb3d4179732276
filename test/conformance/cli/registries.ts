import type { CliCase } from './command.ts';

/** Nobody listens there. */
const NOBODY = '127.0.0.1:1';

export const registryCases: readonly CliCase[] = [
  {
    name: 'pull and search',
    deletes: ['/images/{registry}/cli/pulled:one?force=1', '/images/{registry}/cli/other:latest?force=1'],
    removes: ['pulled'],
    steps: [
      { line: 'tag conformance {registry}/cli/pulled:one' },
      { line: 'tag conformance {registry}/cli/other' },
      { line: 'push -q {registry}/cli/pulled:one' },
      { line: 'push -q {registry}/cli/other' },
      { line: 'rmi {registry}/cli/pulled:one' },
      { line: 'pull {registry}/cli/pulled:one' },
      { line: 'pull {registry}/cli/pulled:one' },
      { line: 'pull -q {registry}/cli/pulled:one' },
      { line: 'pull --all-tags {registry}/cli/pulled' },
      { line: 'pull {registry}/cli/other' },
      { line: 'pull --platform linux/amd64 {registry}/cli/other' },
      { line: 'rmi {registry}/cli/pulled:one' },
      { line: 'run --rm {registry}/cli/pulled:one echo there' },
      { line: 'create --name pulled --pull always --quiet {registry}/cli/pulled:one true' },
      { line: 'rm pulled' },
      { line: 'search {registry}/cli' },
      { line: 'search --format json {registry}/cli' },
      { line: 'search --format {{.Name}} --filter is-official=true {registry}/cli' },
      { line: 'search --filter stars=1 --no-trunc --limit 5 {registry}/cli' },
      { line: 'login -u u -p p {registry}' },
      { line: 'login --username u --password-stdin {registry}', stdin: 'p' },
      { line: 'login {registry}' },
      { line: 'logout {registry}' },
    ],
  },
  {
    name: 'pulling what cannot be pulled',
    steps: [
      { line: `pull ${NOBODY}/x` },
      { line: `pull -q ${NOBODY}/x:1` },
      { line: `pull --platform linux/arm64 ${NOBODY}/x:1` },
      { line: `pull -a ${NOBODY}/x` },
      { line: `pull -a ${NOBODY}/x:1` },
      { line: `pull --disable-content-trust ${NOBODY}/x:1` },
      { line: 'pull UPPER' },
      { line: 'pull' },
      { line: `image pull ${NOBODY}/x@sha256:${'0'.repeat(64)}` },
      { line: `run --pull always ${NOBODY}/x` },
      { line: `run --pull never ${NOBODY}/x` },
      { line: `run --pull missing ${NOBODY}/x:1` },
      { line: `create --pull always ${NOBODY}/x` },
    ],
  },
  {
    name: 'logging in nowhere',
    steps: [
      { line: `login -u u -p p ${NOBODY}` },
      { line: `login --username u --password-stdin ${NOBODY}`, stdin: 'p' },
      { line: `login --password-stdin ${NOBODY}`, stdin: 'p' },
      { line: `login -u u -p p --password-stdin ${NOBODY}` },
      { line: `login -u u ${NOBODY}` },
      { line: `logout ${NOBODY}` },
      { line: 'logout' },
    ],
  },
  {
    name: 'searching nowhere',
    steps: [
      { line: `search ${NOBODY}/x` },
      { line: `search --limit 3 --no-trunc --format json ${NOBODY}/x` },
      { line: `search --filter name=x ${NOBODY}/x` },
      { line: `search --filter stars=many ${NOBODY}/x` },
      { line: 'search' },
    ],
  },
];
