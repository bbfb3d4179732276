import type { FlagValues } from './flags/flag-values.ts';
import type { Session } from './session.ts';

/** How a flag's text becomes its value; throws an Error whose message says what is wrong with the text. */
export type ReadFlag = (text: string, before: unknown) => unknown;

/** What a flag holds. A bool needs no argument; lists collect; the others keep the last text. */
export type FlagKind =
  | 'bool'
  | 'string'
  | 'list'
  | 'strings'
  | 'map'
  | 'int'
  | 'int64'
  | 'uint'
  | 'uint16'
  | 'duration'
  | 'bytes'
  | 'decimal'
  | 'filter'
  | 'mount'
  | 'network'
  | 'ulimit'
  | 'gpu-request';

/** One flag as data: parsing, help and completion all come from it. */
export interface Flag {
  name: string;
  short?: string;
  kind: FlagKind;
  usage: string;
  /** The value when the flag isn't given; else the kind's zero. */
  initial?: unknown;
  /** What help shows as its default. */
  shown?: string;
  /** What help shows as its value's name, where that is not the kind. */
  holds?: string;
  hidden?: boolean;
  /** It is said when the flag is used. */
  deprecated?: string;
  /** Another flag that this one is a second name of. */
  alias?: string;
  /** Reads and checks the text in place of the kind's own reader. */
  read?: ReadFlag;
}

/** How many operands a command takes. */
export interface Operands {
  least: number;
  most: number;
}

/** A command: what help says of it, what it accepts, and what it does. `run` answers with the exit code. */
export interface Command {
  /** What follows the command's path in its usage line, e.g. `[OPTIONS] CONTAINER`. */
  usage: string;
  /** What help says below the short line. */
  long?: string;
  operands: Operands;
  flags: readonly Flag[];
  /** Flags end at the first operand (run, exec). */
  stopsAtOperand?: boolean;
  run(session: Session, input: CommandInput): Promise<number>;
}

/** A command's parsed arguments, and the path it was called by (`gantry run`). */
export interface CommandInput {
  flags: FlagValues;
  operands: string[];
  path: string;
}
