import { invalid, notImplemented } from '#errdefs';

export type DriverOptions = Readonly<Record<string, string>>;

/** What is bound into a container that uses a volume. */
export interface VolumeMount {
  readonly source: string;
  readonly readonly: boolean;
}

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
  if (options.device && !isBind(options)) {
    throw notImplemented(
      `create ${name}: volumes of type ${JSON.stringify(options.type)} are not supported yet, only o=bind`,
    );
  }
}

const isBind = ({ o = '' }: DriverOptions) => o.split(',').some((flag) => flag === 'bind' || flag === 'rbind');

/** What is bound for a volume: the folder of the host that its options name, without one its own. */
export function mountOf(folder: string, options: DriverOptions | null): VolumeMount {
  if (!options?.device) return { source: folder, readonly: false };
  return { source: options.device, readonly: (options.o ?? '').split(',').includes('ro') };
}
