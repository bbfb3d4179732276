import type { NetlinkSocket } from '#sys';
import { isErrno, nfnetlink } from '#sys';
import type { Element } from '../firewall/elements.ts';
import type { ElementChange } from './protocol.ts';

/** Removes and adds elements of our table in one transaction; an element that is absent is as good as removed. */
export function publishAll(socket: NetlinkSocket, change: ElementChange): void {
  try {
    transact(socket, change);
  } catch (error) {
    // ENOENT: one to remove is absent. EEXIST, EBUSY: one to add stands there with the target of an earlier owner.
    if (!isErrno(error, 'ENOENT', 'EEXIST', 'EBUSY')) throw error;
    for (const element of [...change.remove, ...change.add]) removeOne(socket, change.table, element);
    if (change.add.length > 0) transact(socket, { ...change, remove: [] });
  }
}

function removeOne(socket: NetlinkSocket, table: string, element: Element): void {
  try {
    transact(socket, { table, remove: [element], add: [] });
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

function transact(socket: NetlinkSocket, { table, remove, add }: ElementChange): void {
  const bytes = ({ key, data }: Element) => ({ key: Buffer.from(key), ...(data && { data: Buffer.from(data) }) });
  const of = (element: Element) => ({ family: nfnetlink.FAMILY.inet, table, set: element.set });
  socket.transact(
    nfnetlink.batch([
      ...remove.map((e) => nfnetlink.removeElements(of(e), [{ key: Buffer.from(e.key) }])),
      ...add.map((e) => nfnetlink.addElements(of(e), [bytes(e)])),
    ]),
    table,
  );
}
