import type { CliCase } from './command.ts';
import { contextCases } from './contexts.ts';
import { copyCases } from './copy.ts';
import { flagCases, helpCases } from './flags.ts';
import { lifeCases } from './life.ts';
import { listCases } from './lists.ts';
import { networkCases } from './networks.ts';
import { observeCases } from './observe.ts';
import { registryCases } from './registries.ts';
import { runCases } from './run.ts';
import { volumeCases } from './volumes.ts';

/** All command lines whose outcome is compared with what docker made of them on a real dockerd. */
export const CLI_CASES: readonly CliCase[] = [
  ...runCases,
  ...lifeCases,
  ...listCases,
  ...networkCases,
  ...observeCases,
  ...volumeCases,
  ...copyCases,
  ...flagCases,
  ...helpCases,
  ...contextCases,
  ...registryCases,
];
