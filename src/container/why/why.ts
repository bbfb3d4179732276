import { statfs } from 'node:fs/promises';
import type { WhyEnd, WhyReport } from '#api';
import { formatTime, parseNano, ZERO_TIME } from '#api';
import { deadline } from '#async';
import { readLog } from '#logging';
import type { Context } from '../context.ts';
import { containerFiles } from '../folder.ts';

import type { Container } from '../record.ts';
import { hasProcess } from '../record.ts';
import { denials } from './denials.ts';
import { diagnose } from './diagnose.ts';
import type { End, Facts } from './facts.ts';
import { heldPorts } from './held-ports.ts';
import { waitsFor } from './waits-for.ts';

const LOG_LINES = 40;
const LINE_CHARACTERS = 1024;
const READ_MS = 3_000;

/** Explains a container: what it suffers from, how it ended, what it waits for. Reads only, and waits for nothing long. */
export async function why(context: Context, container: Container): Promise<WhyReport> {
  const facts = await gather(context, container);
  const { health, spec, id } = container;
  const { Name, MaximumRetryCount } = spec.hostConfig.RestartPolicy;
  return {
    Id: id,
    Name: container.name,
    Image: spec.config.Image,
    Status: container.status,
    StartedAt: container.startedAt,
    FinishedAt: container.finishedAt,
    ExitCode: container.exitCode,
    Findings: diagnose(facts),
    Ends: facts.ends.map(endOf),
    Health: health
      ? { Status: health.Status, FailingStreak: health.FailingStreak, Last: health.Log?.at(-1) ?? null }
      : null,
    Restart: {
      Policy: MaximumRetryCount > 0 ? `${Name}:${MaximumRetryCount}` : Name,
      Count: container.restartCount,
      NextAt: facts.restartAt === undefined ? null : formatTime(BigInt(facts.restartAt) * 1_000_000n),
    },
    WaitsFor: waitsFor(context, container),
    Log: facts.log.slice(-5),
  };
}

async function gather(context: Context, container: Container): Promise<Facts> {
  const ends = endsOf(context, container);
  const [log, ports, disk] = await Promise.all([
    lastLines(context, container, ends).catch(() => []),
    heldPorts(context, container),
    room(context.settings.folder),
  ]);
  return {
    container,
    ends,
    log,
    ports,
    disk,
    restartAt: context.restarts.dueAt(container.id),
    denies: denials(context, container),
  };
}

/** The kept ends, and the one that is still on the container's own row. */
function endsOf({ rows }: Context, container: Container): End[] {
  const kept = rows.ends(container.id);
  const { startedAt, finishedAt, exitCode, oomKilled, manuallyStopped, error } = container;
  const isKept = kept.some((end) => end.finishedAt === finishedAt);
  if (hasProcess(container) || finishedAt === ZERO_TIME || error !== '' || isKept) return kept;
  return [{ startedAt, finishedAt, exitCode, oomKilled, stopped: manuallyStopped, error: '' }, ...kept];
}

/** What was written since the life before the last one ended. A start that failed wrote nothing. */
async function lastLines({ settings }: Context, container: Container, ends: readonly End[]): Promise<string[]> {
  const { id, spec, error, finishedAt } = container;
  if (error !== '' || spec.hostConfig.LogConfig.Type === 'none') return [];
  const before = ends.find((end) => hasProcess(container) || end.finishedAt !== finishedAt);
  const begin = (before && parseNano(before.finishedAt)) ?? 0n;
  const options = { tail: LOG_LINES, follow: undefined, signal: AbortSignal.timeout(READ_MS) };
  const lines: string[] = [];
  for await (const batch of readLog(containerFiles(settings, id).log, options)) {
    for (const { time, text } of batch) if (time > begin) lines.push(text.slice(0, LINE_CHARACTERS).trimEnd());
  }
  return lines.slice(-LOG_LINES);
}

async function room(folder: string): Promise<Facts['disk']> {
  const none = { path: folder, free: 0, size: 0 };
  const asked = statfs(folder).then(({ bavail, blocks, bsize }) => ({
    path: folder,
    free: bavail * bsize,
    size: blocks * bsize,
  }));
  return await deadline(asked, READ_MS, 'the file system does not answer').catch(() => none);
}

function endOf({ startedAt, finishedAt, exitCode, oomKilled, stopped, error }: End): WhyEnd {
  return {
    StartedAt: startedAt,
    FinishedAt: finishedAt,
    ExitCode: exitCode,
    OOMKilled: oomKilled,
    Stopped: stopped,
    Error: error,
  };
}
