import { DockerfileError } from '../dockerfile-error.ts';
import type { Findings } from '../lint/findings.ts';
import { parseDockerfile } from '../parse/parse.ts';
import { BuildPlan } from './build-plan.ts';
import type { PlanOptions } from './options.ts';

/** Reads a Dockerfile and arranges its stages; throws Docker's text. */
export function planBuild(bytes: Uint8Array, options: PlanOptions, findings: Findings): BuildPlan {
  if (bytes.length === 0) throw new DockerfileError('the Dockerfile cannot be empty');
  return new BuildPlan(parseDockerfile(bytes, findings.report), options, findings);
}
