import type { Lines } from './location.ts';

/** What every node carries. */
export interface Node {
  /** The instruction's name as it is written, which checks and messages quote. */
  readonly keyword: string;
  /** The logical line, continuations joined, without the bodies of its heredocs. */
  readonly code: string;
  readonly lines: Lines;
}

/** A parser directive such as `# syntax=docker/dockerfile:1`. */
export interface Directive {
  readonly name: 'syntax' | 'escape' | 'check';
  readonly value: string;
  readonly lines: Lines;
}

export type Escape = '\\' | '`';

export interface Heredoc {
  readonly name: string;
  readonly fileDescriptor: number;
  /** False when any part of its word is quoted. */
  readonly expand: boolean;
  /** `<<-`: leading tabs do not count. The content still has them. */
  readonly chomp: boolean;
  readonly content: string;
}

export interface KeyValue {
  readonly key: string;
  readonly value: string;
  /** Written `KEY value`, the old form. */
  readonly legacy: boolean;
}

export interface ArgDefinition {
  readonly key: string;
  readonly value?: string;
  /** The description in a comment above. */
  readonly comment: string;
}

/** The words of a command: a JSON array, or one word for a shell. */
export interface CommandLine {
  readonly words: readonly string[];
  readonly inShell: boolean;
  readonly heredocs: readonly Heredoc[];
}

/** A file whose content stands in the Dockerfile. `expand` once: the content has its variables already if false. */
export interface InlineFile {
  readonly path: string;
  readonly data: string;
  readonly expand: boolean;
}

export interface SourcesAndDestination {
  readonly sources: readonly string[];
  readonly files: readonly InlineFile[];
  readonly destination: string;
}

/** `--mount` as written; its variables are known only where it runs: `resolveMounts`. */
export interface MountFlag {
  readonly text: string;
  /** Stage, context or image, when one is named: it may hold no variable. */
  readonly from: string;
}

export interface DeviceRequest {
  readonly name: string;
  readonly required: boolean;
}

/** In ns, as the API has them; Test is NONE, CMD or CMD-SHELL with its arguments. */
export interface HealthSettings {
  readonly Test: readonly string[];
  readonly Interval: number;
  readonly Timeout: number;
  readonly StartPeriod: number;
  readonly StartInterval: number;
  readonly Retries: number;
}

export type NetworkMode = 'default' | 'none' | 'host';
export type SecurityMode = 'sandbox' | 'insecure';

export interface AddInstruction extends Node, SourcesAndDestination {
  readonly kind: 'ADD';
  readonly chown: string;
  readonly chmod: string;
  readonly link: boolean;
  readonly exclude: readonly string[];
  readonly checksum: string;
  readonly keepGitDir?: boolean;
  readonly unpack?: boolean;
}

export interface CopyInstruction extends Node, SourcesAndDestination {
  readonly kind: 'COPY';
  /** Stage by name or number, context or image; empty is the build context. */
  readonly from: string;
  readonly chown: string;
  readonly chmod: string;
  readonly link: boolean;
  readonly parents: boolean;
  readonly exclude: readonly string[];
}

export interface RunInstruction extends Node, CommandLine {
  readonly kind: 'RUN';
  readonly mounts: readonly MountFlag[];
  readonly network: NetworkMode;
  readonly security: SecurityMode;
  readonly devices: readonly DeviceRequest[];
}

export interface ArgInstruction extends Node {
  readonly kind: 'ARG';
  readonly args: readonly ArgDefinition[];
}

export type Instruction =
  | AddInstruction
  | CopyInstruction
  | RunInstruction
  | ArgInstruction
  | (Node & CommandLine & { readonly kind: 'CMD' })
  | (Node & CommandLine & { readonly kind: 'ENTRYPOINT' })
  | (Node & { readonly kind: 'ENV'; readonly pairs: readonly KeyValue[] })
  | (Node & { readonly kind: 'LABEL'; readonly pairs: readonly KeyValue[] })
  /** Words that expand to ports, in the order of their bytes. */
  | (Node & { readonly kind: 'EXPOSE'; readonly ports: readonly string[] })
  | (Node & { readonly kind: 'HEALTHCHECK'; readonly health: HealthSettings })
  | (Node & { readonly kind: 'MAINTAINER'; readonly maintainer: string })
  /** The trigger as it will be parsed, heredocs included. */
  | (Node & { readonly kind: 'ONBUILD'; readonly trigger: string })
  | (Node & { readonly kind: 'SHELL'; readonly shell: readonly string[] })
  | (Node & { readonly kind: 'STOPSIGNAL'; readonly signal: string })
  | (Node & { readonly kind: 'USER'; readonly user: string })
  | (Node & { readonly kind: 'VOLUME'; readonly volumes: readonly string[] })
  | (Node & { readonly kind: 'WORKDIR'; readonly path: string });

export type InstructionKind = Instruction['kind'];
export type InstructionOf<K extends InstructionKind> = Extract<Instruction, { readonly kind: K }>;

/** A `FROM` and what follows it. */
export interface Stage extends Node {
  readonly kind: 'FROM';
  /** Lower case, empty when it has none. */
  readonly name: string;
  /** As written, variables and all. */
  readonly base: string;
  readonly platform: string;
  /** The description in a comment above. */
  readonly comment: string;
  readonly instructions: readonly Instruction[];
}

export interface Dockerfile {
  /** The whole text, for excerpts. */
  readonly source: string;
  /** The character that escapes and continues lines. */
  readonly escapeToken: Escape;
  readonly directives: readonly Directive[];
  /** The ARG instructions before the first FROM. */
  readonly globalArgs: readonly ArgInstruction[];
  readonly stages: readonly Stage[];
}
