import { goQuote } from '#template/quote';

/** One resource limit. */
export interface Limit {
  Name: string;
  Hard: number;
  Soft: number;
}

const names = 'core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(
  ' ',
);

/** `--ulimit name=soft[:hard]`; the last of a name counts. */
export function ulimit(text: string, before: unknown): Limit[] {
  const at = text.indexOf('=');
  if (at < 0) throw new Error(`invalid ulimit argument: ${text}`);
  const name = text.slice(0, at);
  if (!names.includes(name)) throw new Error(`invalid ulimit type: ${name}`);
  const values = text.slice(at + 1).split(':');
  if (values.length > 2)
    throw new Error(`too many limit value arguments - ${text.slice(at + 1)}, can only have up to two, \`soft[:hard]\``);
  const [soft, hard = soft] = values.map(integer) as [number, number?];
  if (hard !== -1) {
    if (soft === -1)
      throw new Error(
        `ulimit soft limit must be less than or equal to hard limit: soft: -1 (unlimited), hard: ${hard}`,
      );
    if (soft > hard) throw new Error(`ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`);
  }
  const others = (before as Limit[]).filter((limit) => limit.Name !== name);
  return [...others, { Name: name, Hard: hard, Soft: soft }];
}

function integer(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new Error(`strconv.ParseInt: parsing ${goQuote(text)}: invalid syntax`);
  return Number(text);
}
