import type { Platform } from '#oci';
import { formatPlatform } from '#oci';
import type { ArgInstruction, Escape } from '../ast.ts';
import type { ArgInfo } from '../dispatch/outline-capture.ts';
import { blaming } from '../dockerfile-error.ts';
import { expandWord } from '../expand/lex.ts';
import { lookupIn } from '../expand/lookup.ts';

export type Variables = ReadonlyMap<string, string>;

/** The arguments that are there without ARG in front of FROM; build arguments of these names win. */
export function platformArgs(
  platforms: { build: Platform; target: Platform },
  stage: string,
  given: Variables,
): Variables {
  const { build, target } = platforms;
  const defaults: [name: string, value: string][] = [
    ['BUILDPLATFORM', formatPlatform(build)],
    ['BUILDOS', build.os],
    ['BUILDOSVERSION', ''],
    ['BUILDARCH', build.architecture],
    ['BUILDVARIANT', build.variant ?? ''],
    ['TARGETPLATFORM', formatPlatform(target)],
    ['TARGETOS', target.os],
    ['TARGETOSVERSION', ''],
    ['TARGETARCH', target.architecture],
    ['TARGETVARIANT', target.variant ?? ''],
    ['TARGETSTAGE', stage || 'default'],
  ];
  return new Map(defaults.map(([name, value]) => [name, given.get(name) ?? value]));
}

/** The values of the ARGs before the first FROM, with what an outline tells of them. */
export function globalArgs(
  before: Variables,
  instructions: readonly ArgInstruction[],
  given: Variables,
  escapeToken: Escape,
): { values: Variables; args: Map<string, ArgInfo> } {
  const values = new Map(before);
  const args = new Map<string, ArgInfo>();
  for (const { args: definitions, lines } of instructions) {
    for (const { key, value: written, comment } of definitions) {
      const own = given.get(key);
      const expanded =
        own === undefined && written !== undefined
          ? blaming(lines, () => expandWord(written, lookupIn(values), { escape: escapeToken }))
          : undefined;
      const value = own ?? expanded?.text;
      const uses = new Set(expanded?.matched);
      if (uses.delete(key)) for (const name of args.get(key)?.uses ?? []) uses.add(name);
      if (value !== undefined) {
        values.delete(key);
        values.set(key, value);
      }
      args.set(key, { name: key, value: value ?? '', comment, lines, uses });
    }
  }
  return { values, args };
}

/** What a RUN gets to see of a proxy: HTTP_PROXY and its like need no ARG. */
export function proxyVariables(given: Variables): string[] {
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'];
  return names.flatMap((name) => {
    const value = [...given].findLast(([key]) => key.toUpperCase() === name)?.[1];
    return value ? [`${name}=${value}`, `${name.toLowerCase()}=${value}`] : [];
  });
}
