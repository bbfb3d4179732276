import type { FailedStep } from '#build';
import { BuildError } from '#build';
import type { Any } from '#buildkit';
import { FAILED_STEP, RpcStatus } from '#buildkit';
import type { DockerfileError } from '#dockerfile';
import type { ErrorKind } from '#errdefs';
import { EngineError } from '#errdefs';
import type { Code } from '#grpc';
import { CODES, RpcError } from '#grpc';
import type { Message } from '#protobuf';
import { decode, encode } from '#protobuf';

const CODE_OF: Readonly<Record<ErrorKind, Code>> = {
  'invalid-argument': 'invalid-argument',
  'not-found': 'not-found',
  conflict: 'failed-precondition',
  'not-modified': 'failed-precondition',
  unauthorized: 'unauthenticated',
  forbidden: 'permission-denied',
  'too-many-requests': 'resource-exhausted',
  unavailable: 'unavailable',
  'not-implemented': 'unimplemented',
  'out-of-space': 'resource-exhausted',
  internal: 'internal',
};

const PREFIX = 'github.com/moby/buildkit/errdefs.';

/** An error as BuildKit's clients show it: with the lines of the Dockerfile that it is about. */
export function failureOf(error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  if (error instanceof BuildError) return withDetails(error, error.source, error.vertex);
  if (error instanceof EngineError) return new RpcError(CODE_OF[error.kind], error.message);
  if ((error as Error).name === 'AbortError') return new RpcError('cancelled', 'context canceled');
  return new RpcError('unknown', (error as Error).message);
}

/** The same for what is wrong with a Dockerfile itself, whose text is known. */
export function refusalOf(
  error: DockerfileError,
  file: { readonly filename: string; readonly data: Uint8Array },
): RpcError {
  const ranges = error.locations.map(({ first, last }) => ({
    start: { line: first },
    end: { line: last },
  }));
  return withDetails(error, ranges.length > 0 ? { ...file, ranges } : undefined);
}

/** The same with what Gantry's own client looks into. */
export function withFailedStep(error: unknown, failed: FailedStep): RpcError {
  const told = failureOf(error);
  const empty = { code: CODES[told.code], message: told.message, details: [] };
  const status = told.details ? decode(RpcStatus, told.details) : empty;
  const step = { typeUrl: FAILED_STEP, value: Buffer.from(JSON.stringify(failed)) };
  return new RpcError(told.code, told.message, encode(RpcStatus, { ...status, details: [...status.details, step] }));
}

interface Place {
  readonly filename: string;
  readonly data: Uint8Array;
  readonly ranges: readonly unknown[];
}

function withDetails(error: EngineError, source: Place | undefined, vertex?: string): RpcError {
  const details: Partial<Message<typeof Any>>[] = [];
  if (source) {
    const { filename, data, ranges } = source;
    const info = { filename, data: Buffer.from(data).toString('base64'), language: 'Dockerfile' };
    // Each place has an excerpt of its own; clients show the first detail first, which is the place that was found last.
    for (const range of ranges.toReversed()) details.push(json('Source', { info, ranges: [range] }));
  }
  if (vertex) details.push(json('Vertex', { digest: vertex }));
  // Docker: what a step did wrong is an unknown error.
  const code = error.kind === 'not-found' ? 'not-found' : 'unknown';
  const status = encode(RpcStatus, { code: CODES[code], message: error.message, details });
  return new RpcError(code, error.message, status);
}

const json = (name: string, value: unknown) => ({
  typeUrl: `${PREFIX}${name}+json`,
  value: Buffer.from(JSON.stringify(value)),
});
