/**
 * Talking to registries (OCI distribution 1.1, Docker's registry API): which hosts stand for a registry, who is trusted,
 * which secret goes where, and what a failure is called. It keeps nothing but tokens; what is pulled and pushed belongs
 * to the images. To speak to one:
 *
 *     await registries.use(reference, { actions: ['pull'], credentials, signal }, async (remote) => {
 *       const { answer, bytes } = await remote.read({ method: 'GET', at: 'tags/list' }, 1 << 20);
 *       const upload = await remote.request({ method: 'POST', at: 'blobs/uploads/', accepts: [202] });
 *     });
 *
 * `use` asks mirrors and the registry in their order; `request` authenticates, follows redirects of GET and HEAD without
 * credentials, waits as a 429 asks, and throws a {@link RegistryError} with Docker's text for any other answer. Redirects
 * never lead to link-local addresses; credentials go to no other host unless hosts.toml names it.
 */
export type { Challenge } from './challenge.ts';
export { parseChallenges } from './challenge.ts';
export type { Credentials } from './credentials.ts';
export {
  credentialsByHost,
  credentialsOf,
  decodeAuthHeader,
  decodeConfigHeader,
  hasCredentials,
} from './credentials.ts';
export type { Endpoint } from './endpoint.ts';
export type { Incoming } from './exchange.ts';
export { readAll } from './exchange.ts';
export { isTransient, RegistryError, requestFailure } from './failure.ts';
export { decode as decodeHostsFile } from './hosts-file.ts';
export { nextPage } from './link.ts';
export type { LoginResult } from './login.ts';
export { login, registryOf } from './login.ts';
export type { Access } from './registries.ts';
export { Registries } from './registries.ts';
export type { Asked, Remote } from './remote.ts';
export type { SearchQuery } from './search.ts';
export { searchIndex } from './search.ts';
export type { RegistriesOptions, RegistrySettings } from './settings.ts';
