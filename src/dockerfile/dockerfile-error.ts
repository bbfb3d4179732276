import { EngineError } from '#errdefs';
import type { Lines } from './location.ts';

/** A Dockerfile that is refused, with Docker's text and the lines that are to blame, those shown first last. */
export class DockerfileError extends EngineError {
  readonly locations: readonly Lines[];

  constructor(message: string, locations: readonly Lines[] = []) {
    super('invalid-argument', message);
    this.name = 'DockerfileError';
    this.locations = locations;
  }
}

/** Runs a piece of work; what it throws also blames these lines, and its text may be put into words around it. */
export function blaming<T>(lines: Lines, work: () => T, wording: (message: string) => string = (m) => m): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof DockerfileError)) throw error;
    throw new DockerfileError(wording(error.message), [...error.locations, lines]);
  }
}

/** Stops with Docker's text; who knows the lines adds them. */
export function refuse(message: string): never {
  throw new DockerfileError(message);
}
