import type { Case } from '../call.ts';
import { builds } from './builds.ts';
import { commit } from './commit.ts';
import { configNetworks } from './config-networks.ts';
import { createErrors } from './create-errors.ts';
import { createMerge } from './create-merge.ts';
import { deviceCases } from './devices.ts';
import { diskUsage } from './disk-usage.ts';
import { doors } from './doors.ts';
import { told } from './events.ts';
import { exec } from './exec.ts';
import { files } from './files.ts';
import { images } from './images.ts';
import { lifecycle } from './lifecycle.ts';
import { lists } from './lists.ts';
import { logging } from './logging.ts';
import { mountCases } from './mounts.ts';
import { namespaces } from './namespaces.ts';
import { networks } from './networks.ts';
import { ownNetworks } from './own-networks.ts';
import { policies } from './policies.ts';
import { protocol } from './protocol.ts';
import { registries } from './registries.ts';
import { sixNetworks } from './six-networks.ts';
import { statistics } from './stats.ts';
import { streams } from './streams.ts';
import { tops } from './top.ts';
import { updates } from './update.ts';
import { volumes } from './volumes.ts';

/** All cases by group; each group has its file of facts. */
export const CASES: Readonly<Record<string, readonly Case[]>> = {
  protocol,
  'create-errors': createErrors,
  'create-merge': createMerge,
  lifecycle,
  streams,
  policies,
  devices: deviceCases,
  exec,
  files,
  commit,
  lists,
  images,
  'disk-usage': diskUsage,
  registries,
  mounts: mountCases,
  namespaces,
  networks,
  'own-networks': ownNetworks,
  'config-networks': configNetworks,
  'six-networks': sixNetworks,
  volumes,
  update: updates,
  top: tops,
  stats: statistics,
  events: told,
  doors,
  logging,
  builds,
};
