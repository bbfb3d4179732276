import type { CliCase } from './command.ts';

const LS = 'volume ls --filter label=cli-volumes';

/** Volumes, from their making to their end. */
export const volumeCases: CliCase[] = [
  {
    name: 'volume',
    removes: ['cli-vol-user'],
    deletes: ['/volumes/cli-vol', '/volumes/cli-vol-2', '/volumes/cli-vol-10'],
    steps: [
      { line: 'volume create --label cli-volumes=a --label b cli-vol' },
      { line: 'volume create --label cli-volumes -d local cli-vol-10' },
      { line: 'volume create --label cli-volumes --driver local --opt type=tmpfs --opt device=tmpfs cli-vol-2' },
      { line: 'volume create --driver nosuch cli-vol-3' },
      { line: 'volume create a' },
      { line: 'volume create a b', hide: [[/S?Run(?= ')/, "Docker's has a typing error"]] },
      { line: LS },
      { line: `${LS} -q` },
      { line: `${LS} --format '{{.Name}}: {{.Driver}} {{.Scope}} {{.Links}} {{.Label "cli-volumes"}}'` },
      { line: `${LS} --format 'table {{.Name}}\t{{.Size}}'` },
      { line: `${LS} --filter name=cli-vol-10 --format json`, hide: [[/\/[^"]*\/volumes\//g, 'own path']] },
      { line: 'volume list --filter nosuch=x' },
      { line: 'volume inspect cli-vol-2 --format {{.Options}}' },
      { line: 'volume inspect --format {{.Name}} cli-vol nosuch' },
      { line: 'run -d --name cli-vol-user --network none -v cli-vol:/data conformance sleep 1000' },
      { line: 'volume rm cli-vol nosuch cli-vol-10', hide: [[/[0-9a-f]{64}/g, 'id']] },
      { line: 'volume rm --force nosuch' },
      { line: 'volume prune', stdin: 'n\n' },
      { line: 'volume prune --all', stdin: 'n\n' },
      { line: 'volume prune -f -a --filter label=cli-volumes' },
      { line: 'rm -f cli-vol-user' },
      { line: 'volume remove cli-vol' },
    ],
  },
];
