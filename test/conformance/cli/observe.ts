import type { CliCase } from './command.ts';

const PIDS = [/\b\d{1,7}\b|\b\d\d:\d\d\b/g, 'pids and times'] as const;

const SUMS = [
  /(?<=^(Images|Containers|Local Volumes|Build Cache) +)\S.*|"(Active|TotalCount)":"\d+"/gm,
  'of this host',
] as const;
const USED = [/\d[\d.]*[KM]iB(?= \/)|\d\.\d\d%/g, 'what is used is chance'] as const;

/** Looking into containers, and changing them while they run. */
export const observeCases: CliCase[] = [
  {
    name: 'top',
    removes: ['cli-top'],
    steps: [
      { line: 'run -d --name cli-top --network none conformance sleep 1000' },
      { line: 'top cli-top', hide: [[/^root.*?(?=\d\d:\d\d:\d\d)/gm, 'pids and times']] },
      { line: 'top cli-top -o pid,cmd', hide: [PIDS] },
      { line: 'container top cli-top -eo pid,user,args', hide: [PIDS] },
      { line: 'top cli-top -o cmd' },
      { line: 'top cli-top --nosuch' },
      { line: 'top nosuch' },
      { line: 'top' },
      { line: 'stop -t 0 cli-top' },
      { line: 'top cli-top' },
    ],
  },
  {
    name: 'port',
    removes: ['cli-port'],
    steps: [
      {
        line: 'run -d --name cli-port -p 127.0.0.1:18123:9/udp -p 18124:80 -p 18125:8080 -p 18126:9 conformance sleep 1000',
      },
      { line: 'port cli-port' },
      { line: 'port cli-port 9' },
      { line: 'container port cli-port 9/udp' },
      { line: 'port cli-port 80/' },
      { line: 'port cli-port 81' },
      { line: 'port cli-port x' },
      { line: 'port cli-port 99999' },
      { line: 'port nosuch' },
      { line: 'port' },
      { line: 'stop -t 0 cli-port' },
      { line: 'port cli-port' },
    ],
  },
  {
    name: 'update',
    removes: ['cli-update', 'cli-update-2'],
    steps: [
      { line: 'run -d --name cli-update --network none conformance sleep 1000' },
      { line: 'create --name cli-update-2 --network none conformance' },
      { line: 'update cli-update' },
      { line: 'update --memory 4 cli-update' },
      { line: 'update --memory 50m --memory-swap 100m --memory-reservation 20m cli-update cli-update-2' },
      { line: 'update --cpus 0.5 cli-update nosuch' },
      { line: 'update --cpu-shares 512 --cpuset-cpus 0 --cpuset-mems 0 --pids-limit 60 cli-update' },
      { line: 'container update --cpu-period 50000 --cpu-quota 20000 cli-update-2' },
      { line: 'update --blkio-weight 300 cli-update cli-update-2' },
      { line: 'update --restart x:y cli-update' },
      { line: 'update --restart on-failure:3 cli-update' },
      { line: 'update --memory-swap -1 nosuch' },
      {
        line: `inspect cli-update --format '{{with .HostConfig}}{{.Memory}} {{.MemorySwap}} {{.MemoryReservation}} {{.NanoCpus}} {{.CpuShares}} {{.CpusetCpus}} {{.CpusetMems}} {{.PidsLimit}} {{.RestartPolicy}}{{end}}'`,
      },
      {
        line: `inspect cli-update-2 --format '{{with .HostConfig}}{{.CpuPeriod}} {{.CpuQuota}} {{.BlkioWeight}}{{end}}'`,
      },
    ],
  },
  {
    name: 'stats',
    removes: ['cli-stats', 'cli-stats-2'],
    steps: [
      { line: 'run -d --name cli-stats --network none -m 64m conformance sleep 1000' },
      { line: 'create --name cli-stats-2 --network none conformance' },
      { line: 'stats --no-stream cli-stats cli-stats-2', hide: [USED] },
      { line: 'container stats --no-stream --no-trunc cli-stats', hide: [USED] },
      { line: `stats --no-stream --format '{{.Container}} {{.Name}} {{.ID}} {{.PIDs}} {{.NetIO}}' cli-stats` },
      { line: `stats --no-stream --format 'table {{.Name}}\t{{.BlockIO}}' cli-stats-2` },
      { line: 'stats --no-stream --format json cli-stats', hide: [USED] },
      { line: `stats --all --no-stream --format '{{.Name}}'`, hide: [[/.+/s, 'others may share the engine']] },
      { line: `stats --no-stream --format '{{.NoSuch}}' cli-stats` },
      { line: 'stats --no-stream nosuch' },
    ],
  },
  {
    name: 'system df',
    removes: ['cli-df'],
    steps: [
      { line: 'create --name cli-df --network none -v /data conformance sleep 1000' },
      { line: 'system df', hide: [SUMS] },
      { line: 'system df --format json', hide: [SUMS, [/"Size":"[^"]*"|"Reclaimable":"[^"]*"/g, 'of this host']] },
      { line: `system df --format 'table {{.Type}}'` },
      {
        line: `system df -v --format '{{range .Containers}}{{if eq .Names "cli-df"}}{{.Names}}: {{.Size}} {{.LocalVolumes}} {{.Command}}{{end}}{{end}}'`,
      },
      {
        line: `system df --verbose --format '{{range .Images}}{{if eq .Repository "conformance"}}{{.Tag}} {{.Size}}{{end}}{{end}}'`,
      },
      { line: 'system df -v', hide: [[/(?<=[A-Z]\n)[^\n]+(\n[^\n]+)*/g, 'of this host']] },
      { line: `system df --format '{{.NoSuch}}'` },
      { line: `system df -v --format '{{.NoSuch}}'` },
      { line: 'system df x' },
    ],
  },
  {
    name: 'system prune',
    removes: ['cli-prune-a', 'cli-prune-b'],
    steps: [
      { line: 'create --name cli-prune-a --network none --label cli-system-prune conformance' },
      { line: 'run -d --name cli-prune-b --network none --label cli-system-prune conformance sleep 1000' },
      { line: 'system prune', stdin: 'n\n' },
      { line: 'system prune --all --volumes --filter label=cli-system-prune', stdin: 'n\n' },
      { line: 'system prune --force --filter until=1h --volumes' },
      { line: 'system prune --force --filter label=cli-system-prune' },
      { line: 'system prune -f --volumes --filter label=cli-system-prune' },
      { line: 'system prune -f --filter nosuch=x' },
      { line: 'system prune x' },
    ],
  },
];
