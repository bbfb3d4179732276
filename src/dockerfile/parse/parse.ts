import type { ArgInstruction, Dockerfile, Instruction, Stage } from '../ast.ts';
import { blaming, DockerfileError } from '../dockerfile-error.ts';
import type { Report } from '../finding.ts';
import { IGNORE_FINDINGS } from '../finding.ts';
import { checkArg, checkFrom, checkInstruction } from '../lint/check-sentence.ts';
import { readFrom } from './from.ts';
import { readInstruction } from './instruction.ts';
import { readSentences } from './sentences.ts';
import type { Sentence } from './statement.ts';

/** Far more than any real Dockerfile. */
export const LARGEST_DOCKERFILE = 4 * 1024 * 1024;

/** Reads a Dockerfile; throws {@link DockerfileError} with Docker's text. What checks find on the way is reported. */
export function parseDockerfile(bytes: Uint8Array, report: Report = IGNORE_FINDINGS): Dockerfile {
  if (bytes.length > LARGEST_DOCKERFILE) {
    throw new DockerfileError(`the Dockerfile is larger than ${LARGEST_DOCKERFILE} bytes`);
  }
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  const { escapeToken, directives, sentences } = readSentences(source, report);
  return { source, escapeToken, directives, ...stagesOf(sentences, report) };
}

function stagesOf(sentences: readonly Sentence[], report: Report): Pick<Dockerfile, 'globalArgs' | 'stages'> {
  const globalArgs: ArgInstruction[] = [];
  const stages: Stage[] = [];
  let instructions: Instruction[] = [];
  for (const sentence of sentences) {
    const read = meaningOf(sentence, report);
    if (read.kind === 'FROM') {
      instructions = [];
      stages.push({ ...read, instructions });
    } else if (stages.length > 0) instructions.push(read);
    else if (read.kind === 'ARG') globalArgs.push(read);
    else throw new DockerfileError('no build stage in current context', [sentence.lines]);
  }
  return { globalArgs, stages };
}

function meaningOf(sentence: Sentence, report: Report): Stage | Instruction {
  const inWords = (message: string) => `dockerfile parse error on line ${sentence.lines.first}: ${message}`;
  return blaming(sentence.lines, () => read(sentence, report), inWords);
}

function read(sentence: Sentence, report: Report): Stage | Instruction {
  if (sentence.keyword.toUpperCase() === 'FROM') {
    checkFrom(sentence, report);
    const stage = readFrom(sentence);
    checkArg('FROM', stage.name === '' ? [] : [stage.name], sentence, report);
    return stage;
  }
  checkInstruction(sentence, report);
  const instruction = readInstruction(sentence);
  if (instruction.kind === 'ARG')
    checkArg(
      'ARG',
      instruction.args.map(({ key }) => key),
      sentence,
      report,
    );
  return instruction;
}

/** Reads the trigger of an ONBUILD for the stage that inherits it, whose FROM is to blame for all of it. */
export function parseTrigger(trigger: string, lines: Stage['lines']): Instruction {
  const { sentences } = readSentences(trigger, IGNORE_FINDINGS);
  if (sentences.length !== 1) throw new DockerfileError('onbuild trigger should be a single expression', [lines]);
  const sentence = { ...sentences[0]!, lines };
  return blaming(lines, () => {
    if (sentence.keyword.toUpperCase() === 'FROM') {
      throw new DockerfileError('*instructions.Stage is not a command type');
    }
    return readInstruction(sentence);
  });
}

/** Reads instructions that belong to no stage, such as changes of an image; each name is looked at before any is read. */
export function parseInstructions(text: string, allow: (keyword: string) => void): Instruction[] {
  if (text.length > LARGEST_DOCKERFILE) throw new DockerfileError('the instructions are too long');
  const { sentences } = readSentences(text, IGNORE_FINDINGS);
  for (const { keyword } of sentences) allow(keyword);
  return sentences.map(readInstruction);
}
