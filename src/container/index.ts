/**
 * Containers: the engine's heart. Owns the tables `containers`, `container_mounts`, `container_ends` and
 * `operations`, the folder `containers/<id>` of the data root, and every verb on them.
 *
 * A container's status is one of seven (`state.ts`, the only judge of what may happen). A verb decides, puts its intent on
 * record, acts, records the outcome, and its events with it; what a verb left half done, `recover.ts` plans to finish or to
 * take back. Verbs that change a container run one at a time on it ({@link Containers}); the end of a process is recorded
 * whenever it comes. Reads touch committed rows only: nothing that hangs stands behind `list` and `inspect`.
 */
export { Containers } from './containers.ts';
export type {
  ContainerSettings,
  Deps,
  ExecRequest,
  ExecSpecRequest,
  ExitRecord,
  Observed,
  Rendered,
  SpecRequest,
  Started,
} from './deps.ts';
export { transitions } from './state.ts';
