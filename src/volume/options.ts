import { invalid } from '#errdefs';

export type DriverOptions = Readonly<Record<string, string>>;

const KNOWN = ['type', 'o', 'device', 'size'];
const REQUIRED: readonly (readonly [option: string, requires: readonly string[]])[] = [
  ['device', ['type']],
  ['type', ['device']],
  ['o', ['device', 'type']],
];

/** Throws Docker's message for options that the local driver does not take. */
export function checkOptions(name: string, options: DriverOptions): void {
  const given = Object.keys(options);
  const unknown = given.find((option) => !KNOWN.includes(option));
  if (unknown !== undefined) throw invalid(`create ${name}: invalid option: ${JSON.stringify(unknown)}`);
  if (options.size !== undefined) {
    const isSize = /^\d+(?:\.\d+)? ?[bkmgtp]?i?b?$/i.test(options.size);
    const reason = isSize ? 'quota size requested but no quota support' : `invalid size: '${options.size}'`;
    throw invalid(`create ${name}: ${reason}`);
  }
  for (const [option, requires] of REQUIRED) {
    const missing = given.includes(option) && requires.find((one) => !given.includes(one));
    if (missing) throw invalid(`create ${name}: missing required option: ${JSON.stringify(missing)}`);
  }
}

/** Whether something is mounted on a volume's folder while a container uses it. */
export function needsMount(options: DriverOptions | null): options is DriverOptions {
  return Boolean(options?.device || options?.type);
}
