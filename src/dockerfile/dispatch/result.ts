import type { HistoryEntry, ImageRunConfig, Platform } from '#oci';
import type { DeviceRequest, Instruction, NetworkMode, SecurityMode } from '../ast.ts';
import type { RunMount } from '../expand/mounts.ts';
import type { FileMode } from '../file-mode.ts';
import type { GitSource } from '../git-source.ts';
import type { Lines } from '../location.ts';

/** Where files come from: the build context, or a stage by its number in the plan. */
export type Origin = { readonly kind: 'context' } | { readonly kind: 'stage'; readonly index: number };

/** A mount of RUN with the stage that it names. */
export interface PlannedMount extends RunMount {
  /** Of bind, and of a cache that is seeded; the others come from nothing. */
  readonly origin?: Origin;
}

/** A command in the file system so far. */
export interface RunEffect {
  readonly kind: 'run';
  readonly args: readonly string[];
  /** A heredoc with a `#!` line, to be mounted read-only in this folder, mode 0755. */
  readonly script?: { readonly folder: string; readonly name: string; readonly data: string };
  /** `NAME=value`, build arguments included. */
  readonly env: readonly string[];
  readonly workdir: string;
  readonly user: string;
  readonly mounts: readonly PlannedMount[];
  readonly network: NetworkMode;
  readonly security: SecurityMode;
  readonly devices: readonly DeviceRequest[];
}

/** One source of COPY or ADD. */
export type CopySource =
  | {
      readonly kind: 'files';
      /** Absolute in its origin, wildcards included. */
      readonly path: string;
      /** With `--parents`: only what matches, with its path below `path`. */
      readonly include?: string;
      readonly unpack: boolean;
    }
  | {
      readonly kind: 'http';
      readonly url: string;
      readonly name: string;
      readonly checksum: string;
      readonly unpack: boolean;
    }
  | ({ readonly kind: 'git' } & Required<GitSource>)
  /** Mode 0644. */
  | { readonly kind: 'inline'; readonly name: string; readonly data: string };

/** Files put into the file system so far, or into a layer of their own with `--link`. */
export interface CopyEffect {
  readonly kind: 'copy';
  readonly origin: Origin;
  readonly sources: readonly CopySource[];
  /** Absolute; a slash at its end says that it is a folder. */
  readonly destination: string;
  readonly chown: string;
  readonly chmod?: FileMode;
  readonly exclude: readonly string[];
  readonly link: boolean;
}

/** A folder that has to be there, mode 0755, its owner the user of the moment. */
export interface WorkdirEffect {
  readonly kind: 'workdir';
  readonly path: string;
  readonly user: string;
}

/** What makes a layer. */
export interface Step {
  readonly instruction: Instruction;
  readonly lines: Lines;
  /** As progress shows it: `[build 2/5] RUN make`. */
  readonly title: string;
  readonly effect: RunEffect | CopyEffect | WorkdirEffect;
}

/** What an image says of itself, without its layers. `history` has one entry without `empty_layer` for each layer. */
export interface StageImage {
  readonly platform: Platform;
  readonly author: string;
  readonly config: ImageRunConfig;
  readonly history: readonly HistoryEntry[];
}
