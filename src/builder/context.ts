import type { Builder } from '#build';
import type { Log } from '#log';
import type { ContextFolders } from './files/folders.ts';
import type { History } from './history/history.ts';
import type { Sessions } from './session/sessions.ts';
import type { FindBase } from './solve/describe.ts';
import type { Jobs } from './solve/jobs.ts';
import type { WorkerFacts } from './workers.ts';

/** What the procedures work with. */
export interface BuilderContext {
  readonly builder: Builder;
  readonly sessions: Sessions;
  readonly folders: ContextFolders;
  readonly jobs: Jobs;
  readonly history: History;
  readonly worker: () => WorkerFacts;
  readonly findBase: FindBase;
  readonly log: Log;
}
