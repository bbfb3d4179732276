/**
 * Networks: bridges, addresses, published ports, the firewall, and each sandbox's place in them. A start *reserves* (rows
 * in the caller's transaction), then *attaches* (interface, ways in); an end *detaches* and *releases*. Owns the tables
 * networks, sandboxes, attachments, endpoints, published_ports, network_facts; in the kernel the bridge, the nft table
 * `inet gantry…`, the links `gv…` and accepts in foreign forward chains. Rows are the truth: the table is rendered from
 * them whole, elements are the fast path of the same rendering. What may wait for the kernel runs in the net worker.
 */
export type { NetworkConfig } from './context.ts';
export { Networks } from './networks.ts';
export type { Live } from './recover.ts';
export type { PortSocket, Reservation, SandboxRequest } from './reserve.ts';
