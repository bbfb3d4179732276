import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostCpu, parseInterfaces } from './sample.ts';
import { sampleV1 } from './sample-v1.ts';
import { sampleV2 } from './sample-v2.ts';

/** Files of a cgroup; what is not named is not there. */
const files = (given: Record<string, string>) => (path: string) => given[path.slice(path.lastIndexOf('/') + 1)] ?? '';

test('the files of v2', () => {
  const read = files({
    'cpu.stat': 'usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_periods 4\nnr_throttled 2\nthrottled_usec 7\n',
    'memory.current': '5000\n',
    'memory.max': 'max\n',
    'memory.stat': 'anon 100\nfile 200\ninactive_file 50\nzswap 9\n',
    'memory.events': 'low 0\nhigh 0\nmax 3\noom 2\noom_kill 1\n',
    'pids.current': '3\n',
    'pids.max': 'max\n',
    'io.stat': '254:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n',
  });
  const { cpu, memory, pids, blkio } = sampleV2([{ controller: 'unified', path: '/c' }], read);
  assert.deepEqual(cpu, {
    cpu_usage: { total_usage: 30_000, usage_in_kernelmode: 10_000, usage_in_usermode: 20_000 },
    throttling_data: { periods: 4, throttled_periods: 2, throttled_time: 7000 },
  });
  assert.equal(memory.usage, 5000);
  assert.equal(memory.failcnt, 2);
  assert.equal(memory.stats?.['inactive_file'], 50);
  assert.equal(memory.stats?.['shmem'], 0);
  assert.equal(memory.stats?.['zswap'], undefined);
  assert.deepEqual(pids, { current: 3, limit: 'max' });
  assert.deepEqual(blkio.bytes, [
    { major: 254, minor: 0, op: 'read', value: 4096 },
    { major: 254, minor: 0, op: 'write', value: 8192 },
  ]);
});

test('the files of v1, each in its hierarchy', () => {
  const read = files({
    'cpuacct.usage': '30\n',
    'cpuacct.usage_percpu': '10 20 \n',
    'cpuacct.stat': 'user 2\nsystem 1\n',
    'cpu.stat': 'nr_periods 4\nnr_throttled 2\nthrottled_time 7\n',
    'memory.usage_in_bytes': '5000\n',
    'memory.max_usage_in_bytes': '6000\n',
    'memory.limit_in_bytes': '7000\n',
    'memory.failcnt': '1\n',
    'memory.stat': 'rss 1\nshmem 2\ntotal_rss 3\nhierarchical_memory_limit 7000\n',
    'pids.current': '3\n',
    'pids.max': '9\n',
    'blkio.throttle.io_service_bytes_recursive': '254:0 Read 4096\n254:0 Total 4096\nTotal 4096\n',
  });
  const directories = ['cpu,cpuacct', 'memory', 'pids', 'blkio'].map((controller) => ({
    controller,
    path: `/${controller}`,
  }));
  const { cpu, memory, pids, blkio } = sampleV1(directories, read);
  assert.deepEqual(cpu.cpu_usage, {
    total_usage: 30,
    percpu_usage: [10, 20],
    usage_in_kernelmode: 10_000_000,
    usage_in_usermode: 20_000_000,
  });
  assert.deepEqual(memory, {
    usage: 5000,
    max_usage: 6000,
    stats: { hierarchical_memory_limit: 7000, rss: 1, total_rss: 3 },
    failcnt: 1,
    limit: 7000,
  });
  assert.deepEqual(pids, { current: 3, limit: 9 });
  assert.deepEqual(blkio, {
    bytes: [
      { major: 254, minor: 0, op: 'Read', value: 4096 },
      { major: 254, minor: 0, op: 'Total', value: 4096 },
    ],
    operations: [],
  });
});

test('the time of the host, without what was stolen from it', () => {
  const stat = 'cpu  1 2 3 4 5 6 7 1000 0 0\ncpu0 1 2 3 4 5 6 7 0 0 0\ncpu1 0 0 0 0 0 0 0 0 0 0\nintr 5\n';
  assert.deepEqual(hostCpu(stat), { system: 280_000_000, online: 2 });
});

test('the interfaces that the engine gave, and no others', () => {
  const text = [
    'Inter-|   Receive                                                |  Transmit',
    ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed',
    '    lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0',
    '  eth0:    1056      13    1    2    0     0          0         0      126       3    4    5    0     0       0          0',
    '  tun0:       9       9    0    0    0     0          0         0        9       9    0    0    0     0       0          0',
  ].join('\n');
  assert.deepEqual(parseInterfaces(text), {
    eth0: {
      rx_bytes: 1056,
      rx_packets: 13,
      rx_errors: 1,
      rx_dropped: 2,
      tx_bytes: 126,
      tx_packets: 3,
      tx_errors: 4,
      tx_dropped: 5,
    },
  });
});
