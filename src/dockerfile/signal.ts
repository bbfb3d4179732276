import { constants } from 'node:os';

const LOWEST_REALTIME = 34;
const HIGHEST_REALTIME = 64;

/** Whether Docker takes this as a signal: a number, negative ones too, or a name with or without SIG, RTMIN+n and RTMAX-n too. */
export function isSignal(text: string): boolean {
  if (/^[+-]?\d+$/.test(text)) return Number(text) !== 0 && Math.abs(Number(text)) < 2 ** 63;
  const name = text.toUpperCase().replace(/^SIG/, '');
  const [, base, distance] = /^RT(MIN|MAX)(?:[+-](\d{1,2}))?$/.exec(name) ?? [];
  if (base === undefined) return Object.hasOwn(constants.signals, `SIG${name}`);
  const isForward = name.includes('+');
  if (distance !== undefined && isForward !== (base === 'MIN')) return false;
  return Number(distance ?? 0) <= HIGHEST_REALTIME - LOWEST_REALTIME;
}
