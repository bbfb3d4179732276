import { newestVersion } from '#client';
import { release } from '../version.ts';

/** What this client says of itself, with the API version in use. */
export function clientVersion(apiVersion: string, context: string): Record<string, string> {
  const architectures: Record<string, string> = { x64: 'amd64' };
  return {
    Version: release.version,
    ApiVersion: apiVersion,
    DefaultAPIVersion: newestVersion,
    GitCommit: release.commit,
    GoVersion: process.version,
    Os: process.platform,
    Arch: architectures[process.arch] ?? process.arch,
    BuildTime: release.built,
    Context: context,
  };
}
