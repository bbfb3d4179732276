import type { Dockerfile } from '../ast.ts';
import type { LocationDocument } from './documents.ts';
import { columns, locationDocument } from './documents.ts';

/** The answer to `--call=targets`, under BuildKit's names. */
export interface TargetsDocument {
  /** Docker: null when there are none. */
  readonly targets: readonly TargetDocument[] | null;
  readonly sources: readonly string[];
}

interface TargetDocument {
  readonly name?: string;
  readonly default?: true;
  readonly description?: string;
  readonly base?: string;
  readonly platform?: string;
  readonly location: LocationDocument;
}

export function targetsDocument({ stages, source }: Dockerfile): TargetsDocument {
  const targets = stages.map((stage, i) => ({
    ...(stage.name !== '' && { name: stage.name }),
    ...(i === stages.length - 1 && { default: true as const }),
    ...(stage.comment !== '' && { description: stage.comment }),
    base: stage.base,
    ...(stage.platform !== '' && { platform: stage.platform }),
    location: locationDocument([stage.lines]),
  }));
  return { targets: targets.length > 0 ? targets : null, sources: [Buffer.from(source).toString('base64')] };
}

export function targetsText({ targets }: TargetsDocument): string {
  const rows = (targets ?? []).map(({ name = '', description = '', default: isDefault }) => {
    const shown = isDefault ? (name === '' ? '(default)' : `${name} (default)`) : name;
    return [shown, description];
  });
  return columns([['TARGET', 'DESCRIPTION'], ...rows], 1);
}
