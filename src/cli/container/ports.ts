import type { PortSummary } from '#api';
import { joinHostPort } from '../format/text.ts';

interface Run {
  key: string;
  first: number;
  last: number;
}

/** A container's ports in a line: runs of equal ports as ranges, then what is published under another number. */
export function displayPorts(ports: readonly PortSummary[]): string {
  const open = new Map<string, Run>();
  const done: string[] = [];
  const renumbered: string[] = [];
  for (const port of [...ports].sort(compare)) {
    const { PrivatePort: inside, PublicPort: outside = 0, IP: ip = '', Type: type } = port;
    if (ip !== '' && outside !== inside) {
      renumbered.push(`${joinHostPort(ip, outside)}->${inside}/${type}`);
      continue;
    }
    const key = ip === '' ? type : `${ip}/${type}`;
    const run = open.get(key);
    if (run && inside === run.last + 1) {
      run.last = inside;
      continue;
    }
    if (run) done.push(showRun(run));
    open.set(key, { key, first: inside, last: inside });
  }
  // Docker: a key keeps the place where it was first met.
  return [...done, ...[...open.values()].map(showRun), ...renumbered].join(', ');
}

function showRun({ key, first, last }: Run): string {
  const slash = key.indexOf('/');
  const range = first === last ? String(first) : `${first}-${last}`;
  if (slash < 0) return `${range}/${key}`;
  return `${joinHostPort(key.slice(0, slash), range)}->${range}/${key.slice(slash + 1)}`;
}

function compare(a: PortSummary, b: PortSummary): number {
  if (a.PrivatePort !== b.PrivatePort) return a.PrivatePort - b.PrivatePort;
  if ((a.IP ?? '') !== (b.IP ?? '')) return (a.IP ?? '') < (b.IP ?? '') ? -1 : 1;
  if ((a.PublicPort ?? 0) !== (b.PublicPort ?? 0)) return (a.PublicPort ?? 0) - (b.PublicPort ?? 0);
  return a.Type < b.Type ? -1 : 1;
}
