/**
 * Docker's plugin protocol (version 1): processes of the host that offer themselves by a socket or a file in known
 * folders, are activated by a handshake, and are called by JSON over HTTP. Owns no state on disk; a plugin is looked up
 * and activated when it is first asked for, and its client is kept.
 *
 * Invariant: what a plugin says is bounded in size and time; it never holds up more than the call that asked it.
 */

export type { PluginAddress, PluginTls } from './address.ts';
export type { Authorizer, RequestFacts, ResponseFacts } from './authorize.ts';
export { createAuthorizer } from './authorize.ts';
export { PluginClient } from './client.ts';
export type { PluginFolders } from './discover.ts';
export { findPlugin, PLUGIN_FOLDERS, pluginNames } from './discover.ts';
export { Plugins } from './plugins.ts';
