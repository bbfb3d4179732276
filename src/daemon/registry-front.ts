import type { Registries } from '#distribution';
import { credentialsOf, decodeAuthHeader, login, searchIndex } from '#distribution';
import type { Images } from '#image';
import type { ServerDeps } from '#server';

/** What the server asks of registries, by the modules that can. */
export function registryFront(registries: Registries, images: Images): ServerDeps['registries'] {
  return {
    login: (config, { signal }) => login(registries, credentialsOf(config), signal),
    inspect: (name, options) => images.inspectRemote(name, options),
    search: (term, { auth, ...query }) => {
      const { isOfficial, isAutomated, ...rest } = query;
      return searchIndex(registries, {
        ...{ ...rest, term, credentials: decodeAuthHeader(auth) },
        ...(isOfficial !== undefined && { isOfficial }),
        ...(isAutomated !== undefined && { isAutomated }),
      });
    },
  };
}
