/**
 * BuildKit's front door: what `docker buildx` and its like speak. Clients call procedures on one connection and serve
 * their files, secrets, credentials and agents on another, a session; a build is asked for by several calls that name it. Owns
 * the copies of clients' folders, of which only changes are sent again, and the records of builds. What is built, `#build` knows.
 */

export { BuildDoor, type BuilderDeps } from './builder.ts';
export type { ContextFolders, OpenedFolder } from './files/folders.ts';
export { loadDefinition } from './solve/definition.ts';
export type { FindBase } from './solve/describe.ts';
export { failureOf } from './solve/failure.ts';
export { SessionInputs } from './solve/inputs.ts';
export type { WorkerFacts } from './workers.ts';
