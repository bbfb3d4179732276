import { BytesMessage, method } from '#grpc';
import { bool, bytes, int32, int64, many, manyBytes, mapOf, message, of, string, stringMap, strings } from '#protobuf';
import { Definition, Platform, Range, SourceInfo } from './ops.ts';
import { RpcStatus, Timestamp } from './well-known.ts';

export const UsageRecord = message({
  id: string(1),
  mutable: bool(2),
  inUse: bool(3),
  size: int64(4),
  createdAt: of(6, Timestamp),
  lastUsedAt: of(7, Timestamp),
  usageCount: int64(8),
  description: string(9),
  recordType: string(10),
  shared: bool(11),
  parents: strings(12),
});

export const PruneRequest = message({
  filter: strings(1),
  all: bool(2),
  keepDuration: int64(3),
  reservedSpace: int64(4),
  maxUsedSpace: int64(5),
  minFreeSpace: int64(6),
});

export const DiskUsageRequest = message({ filter: strings(1), ageLimit: int64(2) });
export const DiskUsageResponse = message({ record: many(1, UsageRecord) });

/** An exporter, or a cache to import or export: its type and its settings. */
export const Typed = message({ type: string(1), attrs: stringMap(2) });

export const CacheOptions = message({
  exportRef: string(1),
  importRefs: strings(2),
  exportAttrs: stringMap(3),
  exports: many(4, Typed),
  imports: many(5, Typed),
});

export const SolveRequest = message({
  ref: string(1),
  definition: of(2, Definition),
  exporter: string(3),
  exporterAttrs: stringMap(4),
  session: string(5),
  frontend: string(6),
  frontendAttrs: stringMap(7),
  cache: of(8, CacheOptions),
  entitlements: strings(9),
  frontendInputs: mapOf(10, Definition),
  internal: bool(11),
  exporters: many(13, Typed),
  enableSessionExporter: bool(14),
});
export const SolveResponse = message({ exporterResponse: stringMap(1) });

export const StatusRequest = message({ ref: string(1) });

export const Vertex = message({
  digest: string(1),
  inputs: strings(2),
  name: string(3),
  cached: bool(4),
  started: of(5, Timestamp),
  completed: of(6, Timestamp),
  error: string(7),
});

export const VertexStatus = message({
  id: string(1),
  vertex: string(2),
  name: string(3),
  current: int64(4),
  total: int64(5),
  timestamp: of(6, Timestamp),
  started: of(7, Timestamp),
  completed: of(8, Timestamp),
});

export const VertexLog = message({ vertex: string(1), timestamp: of(2, Timestamp), stream: int64(3), msg: bytes(4) });

export const VertexWarning = message({
  vertex: string(1),
  level: int64(2),
  short: bytes(3),
  detail: manyBytes(4),
  url: string(5),
  info: of(6, SourceInfo),
  ranges: many(7, Range),
});

export const StatusResponse = message({
  vertexes: many(1, Vertex),
  statuses: many(2, VertexStatus),
  logs: many(3, VertexLog),
  warnings: many(4, VertexWarning),
});

const Version = message({ package: string(1), version: string(2), revision: string(3) });

const GcPolicy = message({
  all: bool(1),
  keepDuration: int64(2),
  filters: strings(4),
  reservedSpace: int64(3),
  maxUsedSpace: int64(5),
  minFreeSpace: int64(6),
});

export const WorkerRecord = message({
  id: string(1),
  labels: stringMap(2),
  platforms: many(3, Platform),
  gcPolicy: many(4, GcPolicy),
  version: of(5, Version),
});

export const ListWorkersRequest = message({ filter: strings(1) });
export const ListWorkersResponse = message({ record: many(1, WorkerRecord) });
export const InfoRequest = message({});
export const InfoResponse = message({ version: of(1, Version) });

export const BuildHistoryRequest = message({
  activeOnly: bool(1),
  ref: string(2),
  earlyExit: bool(3),
  filter: strings(4),
  limit: int32(5),
});

export const Descriptor = message({
  mediaType: string(1),
  digest: string(2),
  size: int64(3),
  annotations: stringMap(5),
});

export const BuildResult = message({ resultDeprecated: of(1, Descriptor), attestations: many(2, Descriptor) });

export const BuildHistoryRecord = message({
  ref: string(1),
  frontend: string(2),
  frontendAttrs: stringMap(3),
  exporters: many(4, Typed),
  error: of(5, RpcStatus),
  createdAt: of(6, Timestamp),
  completedAt: of(7, Timestamp),
  logs: of(8, Descriptor),
  exporterResponse: stringMap(9),
  result: of(10, BuildResult),
  generation: int32(12),
  pinned: bool(14),
  numCachedSteps: int32(15),
  numTotalSteps: int32(16),
  numCompletedSteps: int32(17),
  externalError: of(18, Descriptor),
  numWarnings: int32(19),
});

export const HISTORY = { started: 0, complete: 1, deleted: 2 } as const;
export const BuildHistoryEvent = message({ type: int32(1), record: of(2, BuildHistoryRecord) });
export const UpdateBuildHistoryRequest = message({
  ref: string(1),
  pinned: bool(2),
  delete: bool(3),
  finalize: bool(4),
});
export const UpdateBuildHistoryResponse = message({});

const SERVICE = '/moby.buildkit.v1.Control';

/** `moby.buildkit.v1.Control`. */
export const Control = {
  diskUsage: method(`${SERVICE}/DiskUsage`, DiskUsageRequest, DiskUsageResponse),
  prune: method(`${SERVICE}/Prune`, PruneRequest, UsageRecord),
  solve: method(`${SERVICE}/Solve`, SolveRequest, SolveResponse),
  status: method(`${SERVICE}/Status`, StatusRequest, StatusResponse),
  session: method(`${SERVICE}/Session`, BytesMessage, BytesMessage),
  listWorkers: method(`${SERVICE}/ListWorkers`, ListWorkersRequest, ListWorkersResponse),
  info: method(`${SERVICE}/Info`, InfoRequest, InfoResponse),
  listenBuildHistory: method(`${SERVICE}/ListenBuildHistory`, BuildHistoryRequest, BuildHistoryEvent),
  updateBuildHistory: method(`${SERVICE}/UpdateBuildHistory`, UpdateBuildHistoryRequest, UpdateBuildHistoryResponse),
};
