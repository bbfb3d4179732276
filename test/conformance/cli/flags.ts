import type { CliCase } from './command.ts';

/** What a flag of `create` and `run` does to the container's settings. */
const FLAGS: readonly (readonly [string, string])[] = [
  ['--annotation a=b', '.HostConfig.Annotations'],
  ['--blkio-weight 300', '.HostConfig.BlkioWeight'],
  ['--cap-add SYS_TIME --cap-drop net_raw', '.HostConfig.CapAdd'],
  ['--cgroup-parent /cli', '.HostConfig.CgroupParent'],
  ['--cgroupns private', '.HostConfig.CgroupnsMode'],
  ['--cpu-period 50000 --cpu-quota 25000', '.HostConfig.CpuQuota'],
  ['-c 512', '.HostConfig.CpuShares'],
  ['--cpu-shares 256', '.HostConfig.CpuShares'],
  ['--cpus 0.5', '.HostConfig.NanoCpus'],
  ['--cpuset-cpus 0', '.HostConfig.CpusetCpus'],
  ['--cpuset-mems 0', '.HostConfig.CpusetMems'],
  ['--device /dev/null:/dev/x:r', '.HostConfig.Devices'],
  [`--device-cgroup-rule 'c 1:3 rw'`, '.HostConfig.DeviceCgroupRules'],
  ['--device-read-bps /dev/null:1mb', '.HostConfig.BlkioDeviceReadBps'],
  ['--device-read-iops /dev/null:100', '.HostConfig.BlkioDeviceReadIOps'],
  ['--device-write-bps /dev/null:1mb', '.HostConfig.BlkioDeviceWriteBps'],
  ['--device-write-iops /dev/null:100', '.HostConfig.BlkioDeviceWriteIOps'],
  ['--disable-content-trust', '.Path'],
  ['--dns 1.1.1.1 --dns-search a.b --dns-option ndots:2', '.HostConfig.DnsOptions'],
  ['--domainname example.com', '.Config.Domainname'],
  ['--entrypoint /bin/echo', '.Config.Entrypoint'],
  ['--env A=1', '.Config.Env'],
  ['--expose 80-82/udp', '.Config.ExposedPorts'],
  ['--group-add 5', '.HostConfig.GroupAdd'],
  ['--health-cmd x --health-retries 3 --health-interval 5s', '.Config.Healthcheck'],
  ['--no-healthcheck', '.Config.Healthcheck'],
  ['--hostname web', '.Config.Hostname'],
  ['--init', '.HostConfig.Init'],
  ['-i -t', '.Config.OpenStdin'],
  ['--interactive --attach stdin', '.Config.AttachStdin'],
  ['--tty', '.Config.Tty'],
  ['--ipc private', '.HostConfig.IpcMode'],
  ['--isolation default', '.HostConfig.Isolation'],
  ['-l a=b --label c', '.Config.Labels'],
  ['--label-file labels', '.Config.Labels'],
  ['--link-local-ip 169.254.1.1', '.HostConfig.NetworkMode'],
  ['--log-driver json-file --log-opt max-size=1m', '.HostConfig.LogConfig'],
  ['--mac-address 02:42:ac:11:00:09', '.Config.MacAddress'],
  ['--memory 64m --memory-swap 128m --memory-reservation 32m', '.HostConfig.MemorySwap'],
  ['--memory-swappiness 10', '.HostConfig.MemorySwappiness'],
  ['--kernel-memory 50m', '.HostConfig.KernelMemory'],
  ['--mount type=volume,source=cli-mount,target=/m,volume-nocopy', '.HostConfig.Mounts'],
  ['--mount type=bind,source=/tmp,target=/m,bind-propagation=rslave,readonly', '.HostConfig.Mounts'],
  ['--name cli-other-name', '.Name'],
  ['--network none', '.HostConfig.NetworkMode'],
  ['--net host', '.HostConfig.NetworkMode'],
  ['--network-alias web', '.HostConfig.NetworkMode'],
  ['--oom-kill-disable -m 64m', '.HostConfig.OomKillDisable'],
  ['--oom-score-adj 100', '.HostConfig.OomScoreAdj'],
  ['--pid host', '.HostConfig.PidMode'],
  ['--pids-limit 50', '.HostConfig.PidsLimit'],
  ['--platform linux/amd64', '.Platform'],
  ['--privileged', '.HostConfig.Privileged'],
  ['--publish 18250:80 --publish 127.0.0.1::81/udp', '.HostConfig.PortBindings'],
  ['-P', '.HostConfig.PublishAllPorts'],
  ['--publish-all', '.HostConfig.PublishAllPorts'],
  ['--quiet', '.Path'],
  ['--read-only', '.HostConfig.ReadonlyRootfs'],
  ['--restart unless-stopped', '.HostConfig.RestartPolicy'],
  ['--rm', '.HostConfig.AutoRemove'],
  ['--security-opt apparmor=unconfined --security-opt seccomp=unconfined', '.HostConfig.SecurityOpt'],
  ['--shm-size 128m', '.HostConfig.ShmSize'],
  ['--stop-signal USR1', '.Config.StopSignal'],
  ['--stop-timeout 3', '.Config.StopTimeout'],
  ['--sysctl net.core.somaxconn=5', '.HostConfig.Sysctls'],
  ['--tmpfs /t --tmpfs /u:ro,size=1m', '.HostConfig.Tmpfs'],
  ['--ulimit nofile=10:20 --ulimit core=-1', '.HostConfig.Ulimits'],
  ['--user 5:6', '.Config.User'],
  ['--userns host', '.HostConfig.UsernsMode'],
  ['--uts host', '.HostConfig.UTSMode'],
  ['-v /tmp:/t:ro -v /anonymous', '.HostConfig.Binds'],
  ['--volume /tmp:/t', '.HostConfig.Binds'],
  ['--volume-driver local', '.HostConfig.VolumeDriver'],
  ['--workdir /tmp', '.Config.WorkingDir'],
];

/** Each flag of create, read back. */
export const flagCases: CliCase[] = FLAGS.map(([flag, field]) => {
  const name = flag.startsWith('--name') ? '' : '--name cli-flag';
  const shown = flag.startsWith('--name') ? 'cli-other-name' : 'cli-flag';
  return {
    name: `create ${flag}`,
    removes: [shown],
    deletes: ['/volumes/cli-mount?force=1'],
    steps: [{ line: `create ${name} ${flag} conformance echo a` }, { line: `inspect -f '{{json ${field}}}' ${shown}` }],
  };
});

const COMMANDS = [
  ...['run', 'create', 'start', 'stop', 'restart', 'kill', 'rm', 'ps', 'logs', 'exec', 'attach', 'wait', 'inspect'],
  ...['pause', 'unpause', 'rename', 'events', 'images', 'load', 'import', 'tag', 'rmi', 'history', 'version', 'info'],
  ...['container prune', 'image prune', 'container inspect', 'image inspect'],
];

/** Help says what a command accepts: ours is Docker's, word for word. */
export const helpCases: CliCase[] = COMMANDS.map((command) => ({
  name: `${command} --help`,
  steps: [{ line: `${command} --help` }],
}));
