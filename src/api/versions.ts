/** The newest API version that the engine speaks, and what unversioned paths get. */
export const API_VERSION = '1.50';
export const MIN_API_VERSION = '1.24';
/** The release of Docker whose behaviour this is: tools parse it out of `/version` and the `Server` header. */
export const DOCKER_VERSION = '28.5.2';

/** Orders API versions by their numbers: negative when `a` is older. A missing part is 0. */
export function compareVersions(a: string, b: string): number {
  const left = a.split('.');
  const right = b.split('.');
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = Number(left[i] ?? 0) - Number(right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether `version` is older than `than`. */
export const before = (version: string, than: string): boolean => compareVersions(version, than) < 0;
