import type { Platform } from '#oci';
import type { PathPatterns } from '../ignore/path-patterns.ts';

/** What a build was asked. */
export interface PlanOptions {
  /** Where commands run. */
  readonly buildPlatform: Platform;
  /** What is built for; absent when nobody said, which leaves it to the base image. */
  readonly targetPlatform?: Platform;
  readonly buildArgs?: ReadonlyMap<string, string>;
  /** A stage by name; absent for the last one. */
  readonly target?: string;
  /** Names of contexts, `name` or `name::platform`, that stand in for stages and images. */
  readonly contexts?: ReadonlySet<string>;
  /** Labels for the image, not expanded. */
  readonly labels?: ReadonlyMap<string, string>;
  /** Stages whose steps are to be run again. */
  readonly noCache?: 'all' | readonly string[];
  /** What the build context leaves out, for a check. */
  readonly ignored?: PathPatterns;
  /** Titles name the platform. */
  readonly forSeveralPlatforms?: boolean;
  /** Applies stages too that the target does not need, as checks do. */
  readonly allStages?: boolean;
}
