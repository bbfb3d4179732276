import { constants } from 'node:os';
import type { WhyFinding } from '#api';
import { millisSince } from '../clock.ts';
import { hasProcess, isUp } from '../record.ts';
import type { Facts } from './facts.ts';
import { finding } from './finding.ts';

const SIGSYS = constants.signals.SIGSYS;
const SIGKILL = constants.signals.SIGKILL;
/** As often as this it is brought back before that is called a loop. */
const LOOP = 3;
const MIB = 1024 * 1024;

/** What the kernel and the record say, apart from words: the most telling first. */
export function stateClues(facts: Facts): WhyFinding[] {
  return [paused, outOfMemory, unhealthy, killed, restartLoop, fullDisk].flatMap((clue) => clue(facts) ?? []);
}

function paused({ container }: Facts): WhyFinding | undefined {
  if (container.status !== 'paused') return undefined;
  return finding('paused', 'all its processes are frozen: it is paused', {
    remedy: `gantry unpause ${container.name}`,
  });
}

function outOfMemory({ container, ends }: Facts): WhyFinding | undefined {
  const isNow = container.oomKilled;
  if (!isNow && !ends[0]?.oomKilled) return undefined;
  const { Memory } = container.spec.hostConfig;
  const limit = Memory > 0 ? `its limit is ${Math.round((Memory / MIB) * 10) / 10} MiB` : 'it has no limit of its own';
  const what = isUp(container) && isNow ? 'the kernel killed one of its processes' : 'the kernel killed it';
  const times = ends.filter(({ oomKilled }) => oomKilled).length;
  return finding('out-of-memory', `${what} for want of memory: ${limit}`, {
    evidence: [
      'the kernel counted an OOM kill in its cgroup',
      ...(times > 1 ? [`so ended ${times} of its last lives`] : []),
    ],
    remedy: Memory > 0 ? 'give it more with --memory, or let its program use less' : 'give the host more memory',
  });
}

function unhealthy({ container }: Facts): WhyFinding | undefined {
  const { health } = container;
  if (!isUp(container) || health?.Status !== 'unhealthy') return undefined;
  const last = health.Log?.at(-1);
  const probe = (container.spec.config.Healthcheck?.Test ?? []).slice(1).join(' ');
  return finding('unhealthy', `its healthcheck fails, ${health.FailingStreak} times in a row: ${probe}`, {
    evidence: last ? [`exit code ${last.ExitCode}: ${last.Output.trim()}`] : [],
  });
}

function killed({ container, ends: [end] }: Facts): WhyFinding | undefined {
  if (!end || hasProcess(container) || end.error !== '' || end.oomKilled) return undefined;
  if (end.stopped) {
    const hard = end.exitCode === 128 + SIGKILL ? '; it did not end by itself and was killed' : '';
    return finding('stopped', `a user had it stopped or killed${hard}`);
  }
  const name = signalName(end.exitCode - 128);
  if (name === undefined) return undefined;
  const evidence = [`exit code ${end.exitCode} = 128 + ${end.exitCode - 128}`];
  if (end.exitCode - 128 === SIGSYS) {
    const remedy = 'allow the call in a profile given with --security-opt seccomp=';
    return finding('seccomp', 'it was killed for a system call that its seccomp profile forbids', { evidence, remedy });
  }
  const who = /^SIG(SEGV|ABRT|BUS|ILL|FPE)$/.test(name)
    ? 'its program crashed'
    : 'somebody on the host or in it sent that';
  return finding('killed-by-signal', `it was killed by ${name}: ${who}`, { evidence });
}

function signalName(number: number): string | undefined {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
}

function restartLoop({ container, ends }: Facts): WhyFinding | undefined {
  const { status, restartCount, spec } = container;
  const { Name, MaximumRetryCount } = spec.hostConfig.RestartPolicy;
  const isYoung = status === 'running' && millisSince(container.startedAt) < 60_000;
  if (restartCount < Math.min(LOOP, MaximumRetryCount || LOOP)) return undefined;
  const codes = ends.map(({ exitCode }) => exitCode).join(', ');
  const evidence = [`its last lives ended with the codes ${codes}`];
  if (status === 'restarting' || isYoung) {
    const words = `it ends again and again: its policy "${Name}" has brought it back ${restartCount} times`;
    return finding('restart-loop', words, { evidence, remedy: 'see below why a life ends' });
  }
  if (status !== 'exited' || MaximumRetryCount === 0 || restartCount < MaximumRetryCount) return undefined;
  return finding('restart-loop', `its policy "${Name}" gave up after ${restartCount} restarts`, { evidence });
}

/** Hardly a thing works then, whatever the containers say. */
function fullDisk({ disk }: Facts): WhyFinding | undefined {
  if (disk.size === 0 || disk.free > MIB) return undefined;
  return finding('disk-full', `the disk of ${disk.path} is full`, {
    evidence: [`${disk.free} bytes are free of ${disk.size}`],
    remedy: 'make room: image prune, container prune and volume prune remove what is not used',
  });
}
