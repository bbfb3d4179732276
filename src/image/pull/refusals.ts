import { RegistryError } from '#distribution';
import { notFound } from '#errdefs';
import type { Reference } from '#oci';
import { familiarName, familiarString } from '#oci';

/** Docker's words for what a registry refuses to a pull. */
export function pullFailure(error: unknown, reference: Reference): unknown {
  if (!(error instanceof RegistryError)) return error;
  const name = familiarName(reference);
  switch (error.code) {
    case 'DENIED':
      return notFound(
        `pull access denied for ${name}, repository does not exist or may require 'docker login': ${error.message}`,
        error,
      );
    case 'MANIFEST_UNKNOWN':
      return notFound(`manifest for ${familiarString(reference)} not found: ${error.message}`, error);
    case 'NAME_UNKNOWN':
      return notFound(`repository ${name} not found: ${error.message}`, error);
    default:
      return error;
  }
}
