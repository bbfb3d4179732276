import { goQuote } from '#template/quote';
import type { ArgDefinition, CommandLine, Instruction, InstructionKind, InstructionOf, KeyValue } from '../ast.ts';
import { refuse } from '../dockerfile-error.ts';
import { withSuggestion } from '../suggest.ts';
import { trim } from '../white-space.ts';
import { describedBy } from './comment.ts';
import { FLAGS } from './flag-table.ts';
import { parseFlags } from './flags.ts';
import { healthSettings } from './health.ts';
import { deviceRequest, mountFlag } from './mount-flag.ts';
import { addInstruction, copyInstruction } from './sources.ts';
import type { Sentence } from './statement.ts';
import { INSTRUCTION_NAMES } from './statement.ts';

type Own<T> = T extends unknown ? Omit<T, 'keyword' | 'code' | 'lines'> : never;
type Readers = { readonly [K in InstructionKind]: (sentence: Sentence) => Own<InstructionOf<K>> };

const READERS: Readers = {
  ADD: addInstruction,
  ARG: (sentence) => ({ kind: 'ARG', args: argDefinitions(sentence) }),
  CMD: (sentence) => {
    parseFlags(sentence.flags);
    return { kind: 'CMD', ...commandLine(sentence) };
  },
  COPY: copyInstruction,
  ENTRYPOINT: (sentence) => {
    parseFlags(sentence.flags);
    return { kind: 'ENTRYPOINT', ...commandLine(sentence) };
  },
  ENV: (sentence) => ({ kind: 'ENV', pairs: pairs('ENV', sentence) }),
  EXPOSE: (sentence) => {
    const ports = atLeastOne('EXPOSE', sentence);
    parseFlags(sentence.flags);
    return { kind: 'EXPOSE', ports: [...ports].sort(byBytes) };
  },
  HEALTHCHECK: (sentence) => ({ kind: 'HEALTHCHECK', health: healthSettings(sentence) }),
  LABEL: (sentence) => ({ kind: 'LABEL', pairs: pairs('LABEL', sentence) }),
  MAINTAINER: (sentence) => {
    const maintainer = exactlyOne('MAINTAINER', sentence);
    parseFlags(sentence.flags);
    return { kind: 'MAINTAINER', maintainer };
  },
  ONBUILD: onbuildInstruction,
  RUN: runInstruction,
  SHELL: (sentence) => {
    parseFlags(sentence.flags);
    if (sentence.args.length === 0) refuse('SHELL requires at least one argument');
    if (!sentence.isJson) refuse('SHELL requires the arguments to be in JSON form');
    return { kind: 'SHELL', shell: sentence.args };
  },
  // Docker: flags of STOPSIGNAL and ARG are not looked at.
  STOPSIGNAL: (sentence) => ({ kind: 'STOPSIGNAL', signal: exactlyOne('STOPSIGNAL', sentence) }),
  USER: (sentence) => {
    const user = exactlyOne('USER', sentence);
    parseFlags(sentence.flags);
    return { kind: 'USER', user };
  },
  VOLUME: (sentence) => {
    const paths = atLeastOne('VOLUME', sentence);
    parseFlags(sentence.flags);
    const volumes = paths.map(trim);
    if (volumes.includes('')) refuse('VOLUME specified can not be an empty string');
    return { kind: 'VOLUME', volumes };
  },
  WORKDIR: (sentence) => {
    const path = exactlyOne('WORKDIR', sentence);
    parseFlags(sentence.flags);
    return { kind: 'WORKDIR', path };
  },
};

/** What a sentence means, FROM excepted. Docker's messages. */
export function readInstruction(sentence: Sentence): Instruction {
  const name = sentence.keyword.toUpperCase();
  if (!Object.hasOwn(READERS, name)) {
    refuse(withSuggestion(`unknown instruction: ${sentence.keyword}`, sentence.keyword, INSTRUCTION_NAMES, false));
  }
  const own = READERS[name as InstructionKind](sentence);
  const { keyword, lines } = sentence;
  return { ...own, keyword, code: trim(sentence.code), lines } as Instruction;
}

function runInstruction(sentence: Sentence): Own<InstructionOf<'RUN'>> {
  const flags = parseFlags(sentence.flags, FLAGS.RUN);
  const mounts = flags.all('mount').map(mountFlag);
  const devices = flags.all('device').map(deviceRequest);
  const network = sentence.flags.some((flag) => flag.startsWith('--network')) ? flags.text('network') : 'default';
  if (network !== 'default' && network !== 'none' && network !== 'host') {
    refuse(`invalid network mode ${goQuote(network)}`);
  }
  const security = sentence.flags.some((flag) => flag.startsWith('--security')) ? flags.text('security') : 'sandbox';
  if (security !== 'sandbox' && security !== 'insecure') refuse(`security ${goQuote(security)} is not valid`);
  return { kind: 'RUN', ...commandLine(sentence), mounts, devices, network, security };
}

function commandLine({ args, isJson, heredocs }: Sentence): CommandLine {
  return { words: args, inShell: !isJson, heredocs };
}

function onbuildInstruction(sentence: Sentence): Own<InstructionOf<'ONBUILD'>> {
  const [first = ''] = atLeastOne('ONBUILD', sentence);
  parseFlags(sentence.flags);
  const name = trim(first).toUpperCase();
  if (name === 'ONBUILD') refuse("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (name === 'MAINTAINER' || name === 'FROM') refuse(`${name} isn't allowed as an ONBUILD trigger`);
  const bodies = sentence.heredocs.map((heredoc) => `\n${heredoc.content}${heredoc.name}`);
  return { kind: 'ONBUILD', trigger: sentence.code.replace(/^\s*ONBUILD\s*/i, '') + bodies.join('') };
}

function argDefinitions(sentence: Sentence): ArgDefinition[] {
  return atLeastOne('ARG', sentence).map((word) => {
    const at = word.indexOf('=');
    if (at === 0) refuse('ARG names can not be blank');
    const key = at < 0 ? word : word.slice(0, at);
    return { key, ...(at >= 0 && { value: word.slice(at + 1) }), comment: describedBy(sentence.comments, key) };
  });
}

function pairs(name: 'ENV' | 'LABEL', sentence: Sentence): readonly KeyValue[] {
  parseFlags(sentence.flags);
  if (sentence.pairs.length === 0) refuse(`${name} requires at least one argument`);
  if (sentence.pairs.some(({ key }) => key === '')) refuse(`${name} names can not be blank`);
  return sentence.pairs;
}

function atLeastOne(name: string, { args }: Sentence): readonly string[] {
  return args.length > 0 ? args : refuse(`${name} requires at least one argument`);
}

function exactlyOne(name: string, { args }: Sentence): string {
  return args.length === 1 ? args[0]! : refuse(`${name} requires exactly one argument`);
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
