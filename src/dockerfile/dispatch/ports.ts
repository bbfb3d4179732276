import { isIP } from 'node:net';
import { goQuote } from '#template/quote';
import type { InstructionOf } from '../ast.ts';
import { refuse } from '../dockerfile-error.ts';
import { expandWord } from '../expand/lex.ts';
import { lookupIn } from '../expand/lookup.ts';
import type { Report } from '../finding.ts';
import type { Lines } from '../location.ts';
import type { DispatchContext } from './context.ts';
import type { StageState } from './stage-state.ts';

const LARGEST = 65535;
const PROTOCOLS = ['tcp', 'udp', 'sctp'];
const MOST_PORTS = 4 * (LARGEST + 1);

export function setPorts(state: StageState, context: DispatchContext, instruction: InstructionOf<'EXPOSE'>): void {
  const { ports, lines } = instruction;
  const words = ports.flatMap((word) => expandWord(word, lookupIn(state.env), { escape: context.escapeToken }).words);
  const exposed: string[] = [];
  for (const word of words) {
    exposed.push(...exposedPorts(word, { lines, report: context.report }));
    if (exposed.length > MOST_PORTS) refuse('too many ports in EXPOSE');
  }
  if (exposed.length > 0) {
    const added = Object.fromEntries(exposed.map((port) => [port, {}]));
    state.config = { ...state.config, ExposedPorts: { ...state.config.ExposedPorts, ...added } };
  }
  state.record(`EXPOSE [${exposed.join(' ')}]`);
}

/** The container ports of `[[ip:]host:]port[-port][/protocol]`; host parts are checked and dropped. */
export function exposedPorts(word: string, checks?: { lines: Lines; report: Report }): string[] {
  const parts = word.split(':');
  const [port = '', ...behind] = parts.at(-1)!.split('/');
  const protocol = behind.join('/') || 'tcp';
  const hostPort = parts.at(-2) ?? '';
  const ip = parts.slice(0, -2).join(':');
  if (port === '') refuse(`invalid port: ${goQuote(word)}: no port specified`);
  if (!PROTOCOLS.includes(protocol.toLowerCase())) {
    refuse(`invalid port: ${goQuote(word)}: invalid proto: ${protocol}`);
  }
  if (checks) checkWord(word, { isUpper: protocol !== protocol.toLowerCase(), hasHost: ip + hostPort !== '' }, checks);
  checkAddress(ip);
  const [low, high] = portRange(port) ?? refuse(`invalid containerPort: ${port}`);
  if (hostPort !== '') {
    const [hostLow, hostHigh] = portRange(hostPort) ?? refuse(`invalid hostPort: ${hostPort}`);
    if (high - low !== hostHigh - hostLow && high !== low) {
      refuse(`invalid ranges specified for container and host Ports: ${port} and ${hostPort}`);
    }
  }
  return Array.from({ length: high - low + 1 }, (_, i) => `${low + i}/${protocol.toLowerCase()}`);
}

function checkWord(
  word: string,
  { isUpper, hasHost }: { isUpper: boolean; hasHost: boolean },
  { lines, report }: { lines: Lines; report: Report },
): void {
  if (isUpper) {
    const detail = `Defined protocol '${word}' in EXPOSE instruction should be lowercase`;
    report({ rule: 'ExposeProtoCasing', lines, detail });
  }
  if (hasHost) {
    const detail = `EXPOSE instruction should not define an IP address or host-port mapping, found '${word}'`;
    report({ rule: 'ExposeInvalidFormat', lines, detail });
  }
}

function checkAddress(text: string): void {
  if (text === '') return;
  const bare = /^\[([^[\]]*)\]$/.exec(text)?.[1] ?? text;
  if (text.startsWith('[') && bare === text)
    refuse(`invalid IP address ${text}: address ${text}:: missing ']' in address`);
  if (bare !== '' && isIP(bare) === 0) refuse(`invalid IP address: ${bare}`);
}

function portRange(text: string): [low: number, high: number] | undefined {
  const [start = '', ...behind] = text.split('-');
  const end = behind.length > 0 ? behind.join('-') : start;
  const [low, high] = [portNumber(start), portNumber(end)];
  return low === undefined || high === undefined || high < low ? undefined : [low, high];
}

function portNumber(text: string): number | undefined {
  if (!/^\+?\d+$/.test(text)) return undefined;
  const port = Number(text);
  return port <= LARGEST ? port : undefined;
}
