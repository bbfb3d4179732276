import type { BuildResult } from '#build';
import type { SolveRequest } from '#buildkit';
import { RpcStatus, timestamp } from '#buildkit';
import { CODES } from '#grpc';
import type { Message } from '#protobuf';
import { decode } from '#protobuf';
import { failureOf } from '../solve/failure.ts';
import type { Job } from '../solve/job.ts';
import { exportersOf } from '../solve/solve.ts';
import type { HistoryRecord } from './history.ts';

/** How a build came out. */
export interface Outcome {
  readonly began: number;
  readonly result?: BuildResult | undefined;
  readonly error?: unknown;
}

/** What is kept of a build. */
export function recordOf(job: Job, request: Message<typeof SolveRequest>, outcome: Outcome): HistoryRecord {
  const { began, result, error } = outcome;
  const { total, cached, completed, warnings } = job.report.steps;
  const manifest = result?.imageId && result.manifest;
  const descriptor = manifest && { ...manifest, annotations: new Map() };
  return {
    ref: job.ref,
    frontend: request.frontend,
    frontendAttrs: new Map(job.attributes),
    exporters: exportersOf(request).map(({ type, attrs }) => ({ type: type === 'moby' ? 'image' : type, attrs })),
    error: error === undefined ? undefined : statusOf(error),
    createdAt: timestamp(began),
    completedAt: timestamp(Date.now()),
    logs: undefined,
    exporterResponse: new Map(result?.response ?? []),
    result: { resultDeprecated: descriptor, attestations: [] },
    generation: 0,
    pinned: false,
    numCachedSteps: cached,
    numTotalSteps: total,
    numCompletedSteps: completed,
    externalError: undefined,
    numWarnings: warnings,
  };
}

function statusOf(error: unknown): Message<typeof RpcStatus> {
  const { code, message, details } = failureOf(error);
  return details ? decode(RpcStatus, details) : { code: CODES[code], message, details: [] };
}
