import type { Log } from '#log';
import { apparmorParser, loadDefaultProfile, removeDefaultProfile } from '#runtime';

/** Gives the kernel the profile of containers that ask for none. What goes wrong is told again by each of their starts. */
export async function loadProfile(suffix: string, log: Log): Promise<void> {
  const parser = apparmorParser();
  if (parser === undefined) return;
  await loadDefaultProfile(parser, suffix).catch((error) =>
    log.error('AppArmor is on, but the profile of containers could not be loaded: they will not start', { error }),
  );
}

/** Takes it out of the kernel again. */
export async function unloadProfile(suffix: string, log: Log): Promise<void> {
  const parser = apparmorParser();
  if (parser === undefined) return;
  await removeDefaultProfile(parser, suffix).catch((error) =>
    log.warn('the AppArmor profile of containers stays in the kernel', { error }),
  );
}
