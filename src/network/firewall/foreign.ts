import { spawnSync } from 'node:child_process';
import type { NetlinkSocket } from '#sys';
import { isErrno, legacyForward, nfnetlink } from '#sys';

/**
 * Accepts of ours in forward chains of others. A packet must pass every base chain, so an accept in our own table is not
 * the last word: a chain of iptables, ufw or plain nft that drops would cut the containers off. What our own table
 * drops stays dropped. Runs in the net worker.
 */
export interface Accept {
  backend: 'nft' | 'legacy';
  table: string;
  chain: string;
  bridge: string;
}

/** Our engines' tables begin so; they leave each other's bridges alone. */
const OWN_PREFIX = 'gantry';
/** Docker's chain for the user's own rules: it keeps the first word. */
const USER_CHAIN = 'DOCKER-USER';
const MATCHES = ['iifname', 'oifname'] as const;

/** Places what is missing for these bridges, in every forward chain that drops anything; says what it placed. */
export function placeAccepts(socket: NetlinkSocket, bridges: readonly string[]): Accept[] {
  const placed: Accept[] = [];
  for (const chain of forwardChains(socket)) placed.push(...placeInChain(socket, chain, bridges));
  return [...placed, ...placeLegacy(bridges)];
}

/** Removes the accepts of these bridges everywhere. */
export function removeAccepts(socket: NetlinkSocket, bridges: readonly string[]): void {
  for (const chain of forwardChains(socket)) {
    const own = rulesOf(socket, chain).filter(({ accepts }) => accepts && bridges.includes(accepts.link));
    if (own.length === 0) continue;
    socket.transact(nfnetlink.batch(own.map(({ handle }) => nfnetlink.deleteRule(chain, handle))), chain.table);
  }
  const legacy = legacyForward();
  for (const rule of legacy?.accepts ?? []) {
    if (bridges.includes(rule.in)) iptablesLegacy(['-D', 'FORWARD', '-i', rule.in, '-j', 'ACCEPT']);
    else if (bridges.includes(rule.out)) iptablesLegacy(['-D', 'FORWARD', '-o', rule.out, '-j', 'ACCEPT']);
  }
}

function forwardChains(socket: NetlinkSocket): nfnetlink.ForwardChain[] {
  const chains = socket.ask(nfnetlink.dumpChains, 'chains').map((reply) => nfnetlink.decodeChain(reply).forward);
  const families: number[] = [nfnetlink.FAMILY.ip, nfnetlink.FAMILY.inet];
  return chains
    .filter((chain) => chain !== undefined)
    .filter(({ family, table }) => families.includes(family) && !table.startsWith(OWN_PREFIX));
}

function rulesOf(socket: NetlinkSocket, chain: nfnetlink.ChainRef): nfnetlink.Rule[] {
  const replies = socket.ask(nfnetlink.dumpRules(chain), chain.chain);
  return replies.map((reply) => nfnetlink.decodeRule(chain, reply)).filter((rule) => rule !== undefined);
}

function placeInChain(socket: NetlinkSocket, chain: nfnetlink.ForwardChain, bridges: readonly string[]): Accept[] {
  const rules = rulesOf(socket, chain);
  if (!chain.dropsByDefault && rules.every((rule) => rule.accepts)) return [];
  const isThere = (match: string, link: string) =>
    rules.some(({ accepts }) => accepts?.match === match && accepts.link === link);
  const userRules = rules.find(({ jumpsTo }) => jumpsTo === USER_CHAIN)?.handle;
  const missing = bridges.flatMap((link) => MATCHES.map((match) => ({ match, link })));
  const wanted = missing.filter(({ match, link }) => !isThere(match, link));
  if (wanted.length === 0) return [];
  const inserts = wanted.map((accept) => nfnetlink.insertAccept(chain, accept, userRules));
  try {
    socket.transact(nfnetlink.batch(inserts), chain.table);
  } catch (error) {
    // A table with an owner (firewalld's) takes rules from its owner only; ENOENT: the chain went away meanwhile.
    if (isErrno(error, 'EPERM', 'EOPNOTSUPP', 'ENOENT')) return [];
    throw error;
  }
  return wanted.map(({ link }) => ({ backend: 'nft', table: chain.table, chain: chain.chain, bridge: link }));
}

function placeLegacy(bridges: readonly string[]): Accept[] {
  const found = legacyForward();
  if (!found?.dropsByDefault && !found?.others) return [];
  const placed: Accept[] = [];
  for (const bridge of bridges) {
    const isIn = found.accepts.some((rule) => rule.in === bridge && rule.out === '');
    const isOut = found.accepts.some((rule) => rule.out === bridge && rule.in === '');
    if (isIn && isOut) continue;
    if (!isIn) iptablesLegacy(['-I', 'FORWARD', '-i', bridge, '-j', 'ACCEPT']);
    if (!isOut) iptablesLegacy(['-I', 'FORWARD', '-o', bridge, '-j', 'ACCEPT']);
    placed.push({ backend: 'legacy', table: 'filter', chain: 'FORWARD', bridge });
  }
  return placed;
}

/** The legacy tables take no rule by itself, only whole tables: their own tool does that, under its lock. */
function iptablesLegacy(args: string[]): void {
  const { status, error, stderr } = spawnSync('iptables-legacy', ['-w', '5', ...args], {
    timeout: 8000,
    encoding: 'utf8',
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`iptables-legacy ${args.join(' ')}: ${stderr.trim()}`);
}
