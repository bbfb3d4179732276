import { failpoint, isErrno, NETLINK_NETFILTER, NetlinkSocket, nfnetlink } from '#sys';
import type { Accept } from '../firewall/foreign.ts';
import { placeAccepts, removeAccepts } from '../firewall/foreign.ts';
import type { Reply } from './protocol.ts';

const NFNLGRP_NFTABLES = 7;
const POLL = 500;
/** Legacy iptables tells nobody when its tables change: looked at every so many polls. */
const LEGACY_POLLS = 6;

/** Watches the firewall of this namespace: has our table rendered again after a flush, keeps our accepts in place. */
export class Guard {
  readonly #socket: NetlinkSocket;
  readonly #tell: (news: Reply) => void;
  #watch: NetlinkSocket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #table = '';
  #bridges: string[] = [];
  #polls = 0;
  #failure = '';

  constructor(socket: NetlinkSocket, tell: (news: Reply) => void) {
    this.#socket = socket;
    this.#tell = tell;
  }

  start({ table, bridges }: { table: string; bridges: string[] }): Accept[] {
    const gone = this.#bridges.filter((bridge) => !bridges.includes(bridge));
    if (gone.length > 0) removeAccepts(this.#socket, gone);
    this.#table = table;
    this.#bridges = bridges;
    this.#watch ??= new NetlinkSocket(NETLINK_NETFILTER, 1 << (NFNLGRP_NFTABLES - 1));
    this.#timer ??= setInterval(() => this.#poll(), POLL);
    return this.#place();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
    removeAccepts(this.#socket, this.#bridges);
  }

  /** After a rendering of our own: what was said about our table until now is old, unless the table is gone again. */
  settle(): void {
    const heard = this.#watch?.poll();
    if (!this.#watch || !this.#isTableThere()) return;
    if (heard?.some((reply) => this.#isForeign(reply)) ?? true) this.#place();
  }

  #poll(): void {
    try {
      const heard = this.#watch!.poll();
      const isDamaged = heard?.some((reply) => this.#isDamage(reply)) ?? true;
      if (isDamaged) this.#tell({ news: 'table-damaged' });
      const isLegacyDue = ++this.#polls % LEGACY_POLLS === 0;
      if (!isDamaged && !isLegacyDue && !heard!.some((reply) => this.#isForeign(reply))) return;
      const accepts = this.#place();
      if (accepts.length > 0) this.#tell({ news: 'accepts-placed', accepts });
      this.#failure = '';
    } catch (error) {
      // Said once until it changes: this comes round twice a second.
      const { message } = error as Error;
      if (message !== this.#failure) this.#tell({ news: 'guard-failed', message });
      this.#failure = message;
    }
  }

  #place(): Accept[] {
    const accepts = placeAccepts(this.#socket, this.#bridges);
    failpoint('network.guard.placed');
    return accepts;
  }

  #isDamage(reply: Parameters<typeof nfnetlink.decodeNotice>[0]): boolean {
    const notice = nfnetlink.decodeNotice(reply);
    return notice?.table === this.#table && !notice.ofElements;
  }

  #isForeign(reply: Parameters<typeof nfnetlink.decodeNotice>[0]): boolean {
    const notice = nfnetlink.decodeNotice(reply);
    return notice !== undefined && notice.table !== this.#table && !notice.ofElements;
  }

  #isTableThere(): boolean {
    try {
      this.#socket.ask(nfnetlink.getTable(nfnetlink.FAMILY.inet, this.#table), this.#table);
      return true;
    } catch (error) {
      if (isErrno(error, 'ENOENT')) {
        this.#tell({ news: 'table-damaged' });
        return false;
      }
      throw error;
    }
  }
}
