import type { CliCase } from './command.ts';

const LS = 'network ls --filter label=cli-net';

/** Networks. */
export const networkCases: CliCase[] = [
  {
    name: 'networks',
    removes: ['cli-member'],
    deletes: ['/networks/cli-a', '/networks/cli-b'],
    steps: [
      { line: 'network create --label cli-net=a --subnet 10.221.0.0/24 --gateway 10.221.0.9 cli-a' },
      { line: 'network create --label cli-net=b --internal --subnet 10.222.0.0/24 -o x=y --ipv6=false cli-b' },
      { line: 'network create cli-a' },
      { line: 'network create --subnet 10.223.0.0/24 --gateway 10.1.0.1 cli-c' },
      { line: 'network create --gateway 10.1.0.1 cli-c' },
      { line: 'network create --subnet 10.223.0.0/24 --subnet 10.223.0.0/25 cli-c' },
      { line: 'network create' },
      { line: LS },
      {
        line: `${LS} --no-trunc --format '{{.ID}} {{.Name}} {{.Driver}} {{.Scope}} {{.IPv4}} {{.IPv6}} {{.Internal}} {{.Labels}}'`,
      },
      { line: `${LS} --format raw` },
      { line: `${LS} -q` },
      { line: `${LS} --format '{{.NoSuch}}'` },
      { line: 'network ls --filter nosuch=x' },
      { line: `network inspect cli-b --format '{{json .IPAM.Config}} {{.Internal}} {{.Options}} {{.Labels}}'` },
      { line: 'network inspect nosuch' },
      { line: 'create --name cli-member --network cli-a --network-alias x --ip 10.221.0.77 conformance sleep 1000' },
      { line: 'start cli-member' },
      { line: 'network connect --alias y --ip 10.222.0.8 --gw-priority 3 cli-b cli-member' },
      {
        line: `inspect cli-member --format '{{range $n, $e := .NetworkSettings.Networks}}{{$n}} {{$e.IPAddress}} {{$e.Aliases}} {{$e.GwPriority}}
{{end}}'`,
      },
      { line: 'network connect cli-b cli-member' },
      { line: 'network disconnect cli-b cli-member' },
      { line: 'network disconnect cli-b cli-member' },
      { line: 'network disconnect -f cli-b nosuch' },
      { line: 'network rm cli-a nosuch' },
      { line: 'rm -f cli-member' },
      { line: 'network prune --filter label=cli-net=b', stdin: 'n\n' },
      { line: 'network prune -f --filter label=cli-net=b' },
      { line: 'network rm cli-a' },
      { line: 'network rm -f cli-a' },
      { line: 'network rm nosuch nosuch2' },
    ],
  },
];
