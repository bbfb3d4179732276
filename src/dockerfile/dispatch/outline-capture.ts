import type { Lines } from '../location.ts';

/** An argument that a Dockerfile defines. */
export interface ArgInfo {
  readonly name: string;
  readonly value: string;
  readonly comment: string;
  readonly lines: Lines;
  /** Arguments that its value is made of. */
  readonly uses: ReadonlySet<string>;
}

export interface SecretInfo {
  readonly required: boolean;
  readonly lines: Lines;
}

/** What a stage asks its caller for; a stage begins with what its base knows. */
export class OutlineCapture {
  readonly args: Map<string, ArgInfo>;
  readonly usedArgs: Set<string>;
  readonly secrets: Map<string, SecretInfo>;
  readonly ssh: Map<string, SecretInfo>;

  constructor(from?: Partial<Pick<OutlineCapture, 'args' | 'usedArgs' | 'secrets' | 'ssh'>>) {
    this.args = new Map(from?.args);
    this.usedArgs = new Set(from?.usedArgs);
    this.secrets = new Map(from?.secrets);
    this.ssh = new Map(from?.ssh);
  }

  /** The names of used arguments, with those that their values are made of. */
  allUsedArgs(): ReadonlySet<string> {
    const used = new Set(this.usedArgs);
    for (const name of used) for (const other of this.args.get(name)?.uses ?? []) used.add(other);
    return used;
  }
}
