import { readFileSync, statSync, writeFileSync } from 'node:fs';
import type { Context } from './context.ts';
import { containerFiles } from './folder.ts';
import { hasProcess } from './record.ts';

/** What the network says the files should hold. */
interface Contents {
  readonly hosts: string;
  readonly resolvConf: string;
}

/** A longer file is the container's own work, and is left alone. */
const LONGEST = 1024 * 1024;

/**
 * Brings the files of a running container up to date, in place: they are bound into it. Docker: of hosts only our own lines
 * change; a resolv.conf that somebody edited stays as it is.
 */
export function rewriteNetworkFiles(
  { settings, log }: Pick<Context, 'settings' | 'log'>,
  id: string,
  { before, after }: { before: Contents; after: Contents },
): void {
  const { hosts, resolvConf } = containerFiles(settings, id);
  for (const path of [hosts, resolvConf]) {
    if (statSync(path).size <= LONGEST) continue;
    log.warn('network files too long to be changed', { container: id, path });
    return;
  }
  writeFileSync(hosts, changeHosts(readFileSync(hosts, 'utf8'), { before: before.hosts, after: after.hosts }));
  if (readFileSync(resolvConf, 'utf8') === before.resolvConf) writeFileSync(resolvConf, after.resolvConf);
}

/**
 * Docker: a running container that is linked to this one is told of its new address. The lines it had are found by the names
 * in them: the old address is nowhere on record.
 */
export function rewriteLinks(context: Pick<Context, 'settings' | 'log' | 'rows' | 'networks'>, id: string): void {
  const { settings, rows, networks } = context;
  for (const holderId of new Set(rows.linkedTo(id))) {
    const holder = rows.get(holderId);
    if (!holder || !hasProcess(holder)) continue;
    const after = networks.files(holder.id).hosts;
    const names = new Map(after.split('\n').map((line) => [namesOf(line), line]));
    const there = readFileSync(containerFiles(settings, holder.id).hosts, 'utf8').split('\n');
    const stale = there.filter((line) => names.has(namesOf(line)) && names.get(namesOf(line)) !== line);
    const fresh = stale.map((line) => names.get(namesOf(line)));
    rewriteNetworkFiles(context, holder.id, {
      before: { hosts: stale.join('\n'), resolvConf: '' },
      after: { hosts: fresh.join('\n'), resolvConf: '' },
    });
  }
}

const namesOf = (line: string): string => line.replace(/^\S+\s*/, '');

/** The text without lines that we no longer want, and with those that we want now. Pure. */
export function changeHosts(text: string, { before, after }: { before: string; after: string }): string {
  const [was, is] = [before.split('\n'), after.split('\n')];
  const gone = was.filter((line) => !is.includes(line));
  const come = is.filter((line) => !was.includes(line));
  const kept = text.split('\n').filter((line) => !gone.includes(line));
  if (kept.at(-1) === '') kept.pop();
  return [...kept, ...come].map((line) => `${line}\n`).join('');
}
