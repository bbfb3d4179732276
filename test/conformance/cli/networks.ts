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
  {
    name: 'network settings',
    removes: ['cli-six', 'cli-db', 'cli-web'],
    deletes: ['/networks/cli-d', '/networks/cli-e'],
    steps: [
      {
        line: 'network create --attachable --subnet 10.224.0.0/24 --ip-range 10.224.0.128/25 --aux-address x=10.224.0.200 --driver bridge --ipam-driver default --ipam-opt a=b --scope local --ipv4 cli-d',
      },
      {
        line: `network inspect --verbose --format '{{.IPAM.Driver}} {{.IPAM.Options}} {{range .IPAM.Config}}{{.IPRange}} {{.AuxiliaryAddresses}}{{end}} {{.Attachable}} {{.Scope}} {{.EnableIPv4}}' cli-d`,
      },
      { line: 'network create --ipv6 --subnet fd5b:1::/64 --subnet 10.225.0.0/24 cli-e' },
      { line: 'run -d --name cli-db --network cli-d conformance sleep 1000' },
      { line: 'create --name cli-six --network cli-e --ip6 fd5b:1::78 conformance true' },
      { line: `inspect --format '{{json (index .NetworkSettings.Networks "cli-e").IPAMConfig}}' cli-six` },
      {
        line: 'network connect --ip6 fd5b:1::77 --link cli-six:other --link-local-ip 169.254.3.3 --driver-opt com.docker.network.endpoint.sysctls=net.ipv4.conf.IFNAME.log_martians=1 cli-e cli-db',
      },
      {
        line: `inspect --format '{{with index .NetworkSettings.Networks "cli-e"}}{{json .IPAMConfig}} {{.Links}} {{.GlobalIPv6Address}} {{.DriverOpts}}{{end}}' cli-db`,
      },
      { line: 'exec cli-db cat /proc/sys/net/ipv4/conf/eth1/log_martians' },
      { line: 'network disconnect --force cli-e cli-db' },
      { line: `run --rm --network cli-d --link cli-db:db conformance sh -c 'ping -c 1 db >/dev/null && echo reached'` },
    ],
  },
  {
    name: 'links',
    removes: ['cli-db', 'cli-web'],
    steps: [
      { line: 'run -d --name cli-db --expose 80 -e A=b conformance sleep 1000' },
      { line: `run --rm --name cli-web --link cli-db:data-base conformance sh -c 'env | grep ^DATA_BASE | sort'` },
      { line: 'create --name cli-web --link cli-db:data-base conformance true' },
      { line: `inspect --format '{{json .HostConfig.Links}}' cli-web` },
      { line: 'run --rm --link nosuch conformance true' },
      { line: 'run --rm --link a:b:c conformance true' },
      { line: 'stop -t 0 cli-db' },
      { line: 'start cli-web' },
    ],
  },
  {
    name: 'sizes and limits',
    removes: ['cli-size', 'cli-cpus'],
    steps: [
      {
        line: 'create --name cli-size --network none --storage-opt size=10m conformance true',
        ours: { why: 'it needs no file system with project quotas', code: 0, stdout: '<hex64>\n', stderr: '' },
      },
      { line: 'run --rm --storage-opt nosuch=1 conformance true' },
      { line: 'create --name cli-cpus --network none conformance true' },
      { line: 'update --cpus 0.5 cli-cpus' },
      { line: `inspect --format '{{.HostConfig.NanoCpus}}' cli-cpus` },
      { line: 'cp --quiet --archive env cli-cpus:/tmp/env' },
      { line: 'cp --quiet cli-cpus:/tmp/env -', hide: [[/[\s\S]+/, 'an archive']] },
    ],
  },
];
