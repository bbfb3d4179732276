import type { Instruction, KeyValue, SourcesAndDestination } from '../ast.ts';

/** How the words of an instruction are expanded: ordinary ones, and the bodies of heredocs, whose quotes stay. */
export interface Expanders {
  readonly word: (word: string) => string;
  readonly body: (text: string) => string;
}

/**
 * An instruction with its variables expanded, in BuildKit's order. ARG, EXPOSE and the mounts of RUN are expanded by who
 * applies them; ONBUILD, CMD, ENTRYPOINT, HEALTHCHECK, SHELL and the command of RUN never.
 */
export function expandInstruction(instruction: Instruction, expanders: Expanders): Instruction {
  const { word } = expanders;
  switch (instruction.kind) {
    case 'ENV':
    case 'LABEL':
      return { ...instruction, pairs: instruction.pairs.map((pair) => expandPair(pair, word)) };
    case 'ADD': {
      const { chown, chmod, checksum } = instruction;
      const owners = { chown: word(chown), chmod: word(chmod), checksum: word(checksum) };
      return { ...instruction, ...owners, ...expandSources(instruction, expanders) };
    }
    case 'COPY': {
      const owners = { chown: word(instruction.chown), chmod: word(instruction.chmod) };
      return { ...instruction, ...owners, ...expandSources(instruction, expanders) };
    }
    case 'USER':
      return { ...instruction, user: word(instruction.user) };
    case 'WORKDIR':
      return { ...instruction, path: word(instruction.path) };
    case 'VOLUME':
      return { ...instruction, volumes: instruction.volumes.map(word) };
    case 'STOPSIGNAL':
      return { ...instruction, signal: word(instruction.signal) };
    default:
      return instruction;
  }
}

function expandPair({ key, value, legacy }: KeyValue, word: Expanders['word']): KeyValue {
  return { key: word(key), value: word(value), legacy };
}

function expandSources(from: SourcesAndDestination, { word, body }: Expanders): SourcesAndDestination {
  return {
    sources: from.sources.map(word),
    destination: word(from.destination),
    files: from.files.map((file) => (file.expand ? { ...file, data: body(file.data), expand: false } : file)),
  };
}
