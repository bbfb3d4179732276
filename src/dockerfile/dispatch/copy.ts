import { goQuote } from '#template/quote';
import type { InstructionOf } from '../ast.ts';
import { refuse } from '../dockerfile-error.ts';
import { lookupIn } from '../expand/lookup.ts';
import { parseFileMode } from '../file-mode.ts';
import { isHttpSource, parseGitSource } from '../git-source.ts';
import type { DispatchContext, PlannedInstruction } from './context.ts';
import { resolvePath } from './paths.ts';
import type { CopyEffect, CopySource, Origin } from './result.ts';
import type { StageState } from './stage-state.ts';
import type { StepTitles } from './title.ts';
import { titleText } from './title.ts';

type CopyLike = InstructionOf<'ADD'> | InstructionOf<'COPY'>;

const CONTEXT: Origin = { kind: 'context' };

export function addCopy(
  state: StageState,
  context: DispatchContext,
  { instruction, origins, isOnBuild }: PlannedInstruction & { readonly instruction: CopyLike },
  titles: StepTitles,
): void {
  const { kind, chown, chmod, exclude, link, lines, code, destination } = instruction;
  const mode = chmod === '' ? undefined : parseFileMode(chmod);
  if (instruction.kind === 'ADD') checkChecksum(instruction);
  const shown = titleText(code, lookupIn(state.env), { escape: context.escapeToken });
  const origin = origins[0] ?? CONTEXT;
  const sources = instruction.sources.map((source) => sourceOf(source, instruction));
  const files = instruction.files.map(({ path, data }): CopySource => ({ kind: 'inline', name: path, data }));
  if (origin.kind === 'context') checkIgnored(instruction, sources, context);
  const folder = destination === '.' || destination === '' ? './' : destination;
  const effect: CopyEffect = {
    ...{ kind: 'copy', origin, chown, exclude, link, sources: [...sources, ...files] },
    destination: resolvePath(state.workdir, folder, true),
    ...(mode && { chmod: mode }),
  };
  const title = titles.next(shown, isOnBuild);
  state.steps.push({ instruction, lines, effect, title });
  const flags = [
    ...(instruction.kind === 'COPY' && instruction.parents ? ['--parents'] : []),
    ...(chown === '' ? [] : [`--chown=${chown}`]),
    ...(chmod === '' ? [] : [`--chmod=${chmod}`]),
  ];
  const names = [...instruction.sources, ...instruction.files.map(({ path }) => `<<${path}`)];
  state.record(`${[kind, ...flags, ...names, destination].join(' ')} # buildkit`, true);
}

function checkChecksum({ checksum, sources }: InstructionOf<'ADD'>): void {
  if (checksum === '') return;
  if (sources.length !== 1) refuse("checksum can't be specified for multiple sources");
  if (!isHttpSource(sources[0]!) && !parseGitSource(sources[0]!)) refuse('checksum requires HTTP(S) or Git sources');
}

function sourceOf(source: string, instruction: CopyLike): CopySource {
  const git = parseGitSource(source);
  if (git && !git.looksLocal) return gitSource(git, instruction);
  return isHttpSource(source) ? httpSource(source, instruction) : fileSource(source, instruction);
}

function gitSource(git: NonNullable<ReturnType<typeof parseGitSource>>, instruction: CopyLike): CopySource {
  if (instruction.kind === 'COPY') return refuse("source can't be a git ref for COPY");
  const { keepGitDir, checksum } = instruction;
  if (keepGitDir !== undefined && git.keepGitDir !== undefined && keepGitDir !== git.keepGitDir) {
    refuse('inconsistent keep-git-dir configuration');
  }
  if (checksum !== '' && git.checksum !== '' && checksum !== git.checksum) {
    refuse(`checksum mismatch ${goQuote(checksum)} != ${goQuote(git.checksum)}`);
  }
  return {
    ...{ kind: 'git', ...git, checksum: git.checksum || checksum, submodules: git.submodules ?? true },
    keepGitDir: git.keepGitDir ?? keepGitDir ?? false,
  };
}

function httpSource(url: string, instruction: CopyLike): CopySource {
  if (instruction.kind === 'COPY') return refuse("source can't be a URL for COPY");
  const { checksum, unpack = false } = instruction;
  if (checksum !== '' && !/^[A-Za-z0-9_+.-]+:[0-9a-fA-F]+$/.test(checksum)) refuse('invalid checksum digest format');
  const path = URL.canParse(url) ? decoded(new URL(url).pathname) : '';
  const name = path.split('/').findLast((part) => part !== '') ?? '__unnamed__';
  return { kind: 'http', url, name, checksum, unpack };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function fileSource(source: string, instruction: CopyLike): CopySource {
  const unpack = instruction.kind === 'ADD' && (instruction.unpack ?? true);
  if (instruction.kind !== 'COPY' || !instruction.parents) {
    return { kind: 'files', path: resolvePath('/', source), unpack };
  }
  const pivot = source.indexOf('/./');
  const path = pivot < 0 ? '/' : resolvePath('/', source.slice(0, pivot));
  const pattern = resolvePath('/', pivot < 0 ? source : source.slice(pivot + 3));
  return { kind: 'files', path, include: pattern.replace(/^\//, ''), unpack };
}

function checkIgnored(
  { kind, lines, sources: written }: CopyLike,
  sources: readonly CopySource[],
  { ignored, report }: DispatchContext,
): void {
  for (const [i, source] of sources.entries()) {
    if (source.kind !== 'files' || !ignored?.matches(written[i]!)) continue;
    const verb = kind === 'ADD' ? 'Add' : 'Copy';
    const detail = `Attempting to ${verb} file ${goQuote(written[i]!)} that is excluded by .dockerignore`;
    report({ rule: 'CopyIgnoredFile', lines, detail });
  }
}
