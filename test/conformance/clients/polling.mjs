import Docker from 'dockerode';
import { step } from './transcript.mjs';

// Looks at an engine as monitors and dashboards do: again and again, everything at once.
const docker = new Docker({ socketPath: process.env.DOCKER_HOST.replace('unix://', '') });
const filters = { label: ['client=polling'] };
const names = ['polling-a', 'polling-b', 'polling-c'];
const Labels = { client: 'polling' };
const HostConfig = { NetworkMode: 'none' };
const make = (name) =>
  docker.createContainer({ name, Image: process.env.CLIENT_IMAGE, Cmd: ['sleep', '1000'], Labels, HostConfig });

/** The events of our containers, as they come. */
const seen = [];
const events = await docker.getEvents({ filters });
events.on('data', (chunk) => {
  for (const line of chunk.toString().trim().split('\n')) seen.push(JSON.parse(line).Action);
});

await step('start', async () => {
  for (const name of names) await (await make(name)).start();
});
await step('poll', async () => {
  const rounds = [];
  for (let round = 0; round < 5; round++) {
    const [info, containers] = await Promise.all([docker.info(), docker.listContainers({ all: true, filters })]);
    const stats = await Promise.all(containers.map(({ Id }) => docker.getContainer(Id).stats({ stream: false })));
    rounds.push({
      runs: info.ContainersRunning >= names.length,
      containers: containers.map(({ Names, State }) => `${Names[0]} ${State}`).sort(),
      cpu: stats.every(({ cpu_stats, precpu_stats }) => cpu_stats.system_cpu_usage > precpu_stats.system_cpu_usage),
      memory: stats.every(({ memory_stats }) => memory_stats.usage > 0 && memory_stats.limit > 0),
    });
  }
  return rounds;
});
await step('what an answer has', async () => {
  const stats = await docker.getContainer(names[0]).stats({ stream: false });
  return Object.fromEntries(Object.entries(stats).map(([name, value]) => [name, kind(value)]));
});
await step('a stream of each', async () => {
  const streams = await Promise.all(names.map((name) => docker.getContainer(name).stats({ stream: true })));
  const counts = await Promise.all(streams.map(threeOf));
  return counts;
});
await step('disk usage', async () => {
  const { Containers, Images, Volumes } = await docker.df();
  return [Containers, Images, Volumes].map((list) => Array.isArray(list));
});
await step('end', async () => {
  for (const name of names) await docker.getContainer(name).remove({ force: true });
  await new Promise((wake) => setTimeout(wake, 300));
  events.destroy();
  return Object.fromEntries([...new Set(seen)].sort().map((action) => [action, seen.filter((one) => one === action).length]));
});

/** Whether a field is a number, a text, a list, or what fields it has: not how many there are of it on this host. */
function kind(value) {
  if (Array.isArray(value)) return 'list';
  return value !== null && typeof value === 'object' ? 'object' : typeof value;
}

/** Reads three samples, then hangs up. */
async function threeOf(stream) {
  let text = '';
  for await (const chunk of stream) {
    text += chunk;
    const lines = text.split('\n').filter((line) => line.endsWith('}'));
    if (lines.length >= 3) break;
  }
  stream.destroy();
  return text.split('\n').filter((line) => line.endsWith('}')).length >= 3;
}
