import { goQuote } from '#template/quote';
import type { Stage } from '../ast.ts';
import { refuse } from '../dockerfile-error.ts';
import { trim } from '../white-space.ts';
import { describedBy } from './comment.ts';
import { FLAGS } from './flag-table.ts';
import { parseFlags } from './flags.ts';
import type { Sentence } from './statement.ts';

const STAGE_NAME = /^[a-z][a-z0-9-_.]*$/;

/** The head of a stage. */
export function readFrom(sentence: Sentence): Stage {
  const { args, keyword, lines } = sentence;
  const name = stageName(args);
  const platform = parseFlags(sentence.flags, FLAGS.FROM).text('platform');
  return {
    kind: 'FROM',
    keyword,
    code: trim(sentence.code),
    lines,
    name,
    base: args[0]!,
    platform,
    comment: describedBy(sentence.comments, name),
    instructions: [],
  };
}

function stageName(args: readonly string[]): string {
  if (args.length === 3 && args[1]!.toLowerCase() === 'as') {
    const name = args[2]!.toLowerCase();
    if (STAGE_NAME.test(name)) return name;
    return refuse(
      `invalid name for build stage: ${goQuote(args[2]!)}, name can't start with a number or contain symbols`,
    );
  }
  return args.length === 1 ? '' : refuse('FROM requires either one or three arguments');
}
