import type { Publication } from './elements.ts';
import { elementOf } from './elements.ts';

/** A bridge network as the firewall sees it. */
export interface BridgeRules {
  bridge: string;
  four?: { subnet: string; gateway: string };
  six?: { subnet: string; gateway: string };
  /** What leaves the bridge gets an address of this host. */
  masquerade: { four: boolean; six: boolean };
  /** Whether containers on it may talk to each other. */
  icc: boolean;
  /** Nothing but this host and its own containers reach it, nor does it reach anything else. */
  internal: boolean;
  /** Whether its containers may be reached by their own addresses from elsewhere, on any port. */
  direct: { four: boolean; six: boolean };
}

export interface TableInput {
  /** Name in the family `inet`. */
  table: string;
  bridges: readonly BridgeRules[];
  publications: readonly Publication[];
  /** We switched forwarding on: what neither comes from nor goes to a bridge is dropped, as the host never routed it. */
  dropTransit: { four: boolean; six: boolean };
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
${lines(bridges, isolation)}${lines(bridges, inbound)}${lines(bridges, outbound)}${transit(dropTransit)}  }
}
`;
}

/** Nothing but the bridge itself and this host reaches a container by its own address. */
function directAccess({ bridge, four, six, direct }: BridgeRules): string[] {
  return [
    ...(four && !direct.four
      ? [`iifname != "${bridge}" ip daddr ${four.subnet} ip daddr != ${four.gateway} drop`]
      : []),
    ...(six && !direct.six ? [`iifname != "${bridge}" ip6 daddr ${six.subnet} ip6 daddr != ${six.gateway} drop`] : []),
  ];
}

function sourceNat({ bridge, four, six, masquerade, internal }: BridgeRules): string[] {
  if (internal) return [];
  // The second: a container that reaches a neighbour (or itself) by a published port must see the answer come back here.
  return [
    ...(four && masquerade.four ? [`ip saddr ${four.subnet} oifname != "${bridge}" masquerade`] : []),
    ...(four ? [`ip saddr ${four.subnet} oifname "${bridge}" ct status dnat masquerade`] : []),
    ...(six && masquerade.six ? [`ip6 saddr ${six.subnet} oifname != "${bridge}" masquerade`] : []),
  ];
}

/** Before anything is accepted: what an internal network may not do. */
function isolation({ bridge, internal }: BridgeRules): string[] {
  if (!internal) return [];
  return [`iifname "${bridge}" oifname != "${bridge}" drop`, `oifname "${bridge}" iifname != "${bridge}" drop`];
}

function inbound({ bridge, icc, direct }: BridgeRules): string[] {
  return [
    ...(icc ? [`iifname "${bridge}" oifname "${bridge}" accept`] : []),
    `oifname "${bridge}" ct state established,related accept`,
    `oifname "${bridge}" ct status dnat accept`,
    ...(direct.four ? [`oifname "${bridge}" meta nfproto ipv4 accept`] : []),
    ...(direct.six ? [`oifname "${bridge}" meta nfproto ipv6 accept`] : []),
    `oifname "${bridge}" drop`,
  ];
}

const outbound = ({ bridge }: BridgeRules): string[] => [`iifname "${bridge}" accept`];

function transit({ four, six }: TableInput['dropTransit']): string {
  if (!four && !six) return '';
  const family = four && six ? '' : `meta nfproto ${four ? 'ipv4' : 'ipv6'} `;
  return `    ${family}meta iifkind != "bridge" meta oifkind != "bridge" drop\n`;
}

function lines(bridges: readonly BridgeRules[], rulesOf: (bridge: BridgeRules) => string[]): string {
  return bridges
    .flatMap(rulesOf)
    .map((rule) => `    ${rule}\n`)
    .join('');
}

/** Removes our table; absent is success. */
export const removeTable = (table: string): string => `add table inet ${table}\ndelete table inet ${table}\n`;
