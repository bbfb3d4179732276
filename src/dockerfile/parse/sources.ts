import type { AddInstruction, CopyInstruction, SourcesAndDestination } from '../ast.ts';
import { refuse } from '../dockerfile-error.ts';
import { FLAGS } from './flag-table.ts';
import { parseFlags } from './flags.ts';
import { asHeredoc, chomped } from './heredoc.ts';
import type { Sentence } from './statement.ts';

type Own<T> = Omit<T, 'keyword' | 'code' | 'lines'>;

export function addInstruction(sentence: Sentence): Own<AddInstruction> {
  needDestination('ADD', sentence);
  const flags = parseFlags(sentence.flags, FLAGS.ADD);
  const keepGitDir = flags.bool('keep-git-dir');
  const unpack = flags.bool('unpack');
  return {
    kind: 'ADD',
    ...sourcesAndDestination('ADD', sentence),
    chown: flags.text('chown'),
    chmod: flags.text('chmod'),
    link: flags.bool('link') ?? false,
    exclude: flags.all('exclude'),
    checksum: flags.text('checksum'),
    ...(keepGitDir !== undefined && { keepGitDir }),
    ...(unpack !== undefined && { unpack }),
  };
}

export function copyInstruction(sentence: Sentence): Own<CopyInstruction> {
  needDestination('COPY', sentence);
  const flags = parseFlags(sentence.flags, FLAGS.COPY);
  return {
    kind: 'COPY',
    ...sourcesAndDestination('COPY', sentence),
    from: flags.text('from'),
    chown: flags.text('chown'),
    chmod: flags.text('chmod'),
    link: flags.bool('link') ?? false,
    parents: flags.bool('parents') ?? false,
    exclude: flags.all('exclude'),
  };
}

function needDestination(name: string, { args }: Sentence): void {
  if (args.length >= 2) return;
  refuse(`${name} requires at least two arguments, but only one was provided. Destination could not be determined`);
}

function sourcesAndDestination(name: string, { args, heredocs }: Sentence): SourcesAndDestination {
  const destination = args.at(-1)!;
  if (asHeredoc(destination)) refuse(`${name} cannot accept a heredoc as a destination`);
  const sources: string[] = [];
  const files: SourcesAndDestination['files'][number][] = [];
  for (const word of args.slice(0, -1)) {
    const head = asHeredoc(word);
    if (!head) sources.push(word);
    else {
      // Docker: of several heredocs with one name the last gives the content.
      const body = heredocs.findLast((heredoc) => heredoc.name === head.name);
      const data = chomped({ chomp: head.chomp, content: body?.content ?? '' });
      files.push({ path: head.name, data, expand: head.expand });
    }
  }
  return { sources, files, destination };
}
