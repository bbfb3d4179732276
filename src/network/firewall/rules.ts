import type { Publication } from './elements.ts';
import { elementOf } from './elements.ts';

/** A bridge network as the firewall sees it. */
export interface BridgeRules {
  bridge: string;
  subnet: string;
  gateway: string;
  masquerade: boolean;
  /** Whether containers on it may talk to each other. */
  icc: boolean;
}

export interface TableInput {
  /** Name in the family `inet`. */
  table: string;
  bridges: readonly BridgeRules[];
  publications: readonly Publication[];
  /** We switched forwarding on: what neither comes from nor goes to a bridge is dropped, as the host never routed it. */
  dropTransit: boolean;
}

/**
 * Our whole table as nft text that replaces what is there in one transaction. Pure; everything that decides who may
 * reach whom stands in here.
 */
export function renderTable({ table, bridges, publications, dropTransit }: TableInput): string {
  const elements = publications.map(elementOf).filter((element) => element !== undefined);
  const listed = (set: string) => {
    const texts = elements.filter((element) => element.set === set).map(({ text }) => text);
    return texts.length > 0 ? `\n    elements = { ${texts.join(', ')} }` : '';
  };
  return `add table inet ${table}
delete table inet ${table}
table inet ${table} {
  map publish {
    type inet_proto . inet_service : ipv4_addr . inet_service${listed('publish')}
  }
  map publish_on {
    type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service${listed('publish_on')}
  }
  set loopback {
    type ipv4_addr . inet_proto . inet_service${listed('loopback')}
  }
  chain raw {
    type filter hook prerouting priority raw; policy accept;
    iifname != "lo" ip daddr . meta l4proto . th dport @loopback drop
${lines(bridges, directAccess)}  }
  chain published {
    dnat ip to ip daddr . meta l4proto . th dport map @publish_on
    dnat ip to meta l4proto . th dport map @publish
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local jump published
  }
  chain output {
    type nat hook output priority -100; policy accept;
    ip daddr != 127.0.0.0/8 fib daddr type local jump published
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
${lines(bridges, sourceNat)}  }
  chain forward {
    type filter hook forward priority filter; policy accept;
${lines(bridges, inbound)}${lines(bridges, ({ bridge }) => [`iifname "${bridge}" accept`])}${
  dropTransit ? '    meta iifkind != "bridge" meta oifkind != "bridge" drop\n' : ''
}  }
}
`;
}

/** Nothing but the bridge itself and this host reaches a container by its own address. */
function directAccess({ bridge, subnet, gateway }: BridgeRules): string[] {
  return [`iifname != "${bridge}" ip daddr ${subnet} ip daddr != ${gateway} drop`];
}

function sourceNat({ bridge, subnet, masquerade }: BridgeRules): string[] {
  // The second: a container that reaches a neighbour (or itself) by a published port must see the answer come back here.
  return [
    ...(masquerade ? [`ip saddr ${subnet} oifname != "${bridge}" masquerade`] : []),
    `ip saddr ${subnet} oifname "${bridge}" ct status dnat masquerade`,
  ];
}

function inbound({ bridge, icc }: BridgeRules): string[] {
  return [
    ...(icc ? [`iifname "${bridge}" oifname "${bridge}" accept`] : []),
    `oifname "${bridge}" ct state established,related accept`,
    `oifname "${bridge}" ct status dnat accept`,
    `oifname "${bridge}" drop`,
  ];
}

function lines(bridges: readonly BridgeRules[], rulesOf: (bridge: BridgeRules) => string[]): string {
  return bridges
    .flatMap(rulesOf)
    .map((rule) => `    ${rule}\n`)
    .join('');
}

/** Removes our table; absent is success. */
export const removeTable = (table: string): string => `add table inet ${table}\ndelete table inet ${table}\n`;
