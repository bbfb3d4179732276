import { isatty } from 'node:tty';
import type { FlagValues } from '../../flags/flag-values.ts';
import type { Session } from '../../session.ts';
import { PlainProgress } from './plain.ts';
import type { Step, Steps } from './steps.ts';
import { TtyProgress } from './tty.ts';

/** How a build is shown while it runs. */
export interface Shown {
  readonly isQuiet: boolean;
  /** The message as it came, for machines. */
  raw?(status: unknown): void;
  update(steps: readonly Step[]): void;
  end(): void;
}

/** Chooses by `--progress` and `--quiet`; without a choice what standard error can show. */
export function showing(session: Session, flags: FlagValues, steps: Steps): Shown {
  const mode = flags.bool('quiet') ? 'quiet' : flags.text('progress');
  const write = (text: string) => session.err(text);
  const nothing = { isQuiet: true, update: () => {}, end: () => {} };
  switch (mode) {
    case 'quiet':
    case 'none':
      return nothing;
    case 'rawjson':
      return { ...nothing, raw: (status) => write(`${JSON.stringify(status, plainly)}\n`) };
    case 'plain':
      return withQuiet(new PlainProgress(write));
    case 'tty':
      if (!isatty(2)) throw new Error('failed to get console: provided file is not a console');
      return withQuiet(new TtyProgress(write, steps));
    case '':
    case 'auto':
      return withQuiet(isatty(2) ? new TtyProgress(write, steps) : new PlainProgress(write));
    default:
      throw new Error(`invalid progress mode ${mode}`);
  }
}

const withQuiet = (shown: Omit<Shown, 'isQuiet'>): Shown => ({
  isQuiet: false,
  update: (steps) => shown.update(steps),
  end: () => shown.end(),
});

function plainly(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Map) return Object.fromEntries(value);
  return typeof value === 'bigint' ? Number(value) : value;
}
