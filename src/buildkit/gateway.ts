import { method } from '#grpc';
import { bool, bytes, bytesMap, int32, int64, many, mapOf, message, of, string, stringMap } from '#protobuf';
import { Typed, WorkerRecord } from './control.ts';
import { Stat } from './filesync.ts';
import { Definition, Platform } from './ops.ts';
import { RpcStatus } from './well-known.ts';

const ApiCap = message({
  id: string(1),
  enabled: bool(2),
  deprecated: bool(3),
  disabledReason: string(4),
  disabledReasonMsg: string(5),
});

export const PingRequest = message({});
export const PongResponse = message({
  frontendApiCaps: many(1, ApiCap),
  llbCaps: many(2, ApiCap),
  workers: many(3, WorkerRecord),
});

export const Ref = message({ id: string(1), def: of(2, Definition) });
const RefMap = message({ refs: mapOf(1, Ref) });

export const Result = message({
  refDeprecated: string(1),
  ref: of(3, Ref),
  refs: of(4, RefMap),
  metadata: bytesMap(10),
});

export const ReturnRequest = message({ result: of(1, Result), error: of(2, RpcStatus) });
export const ReturnResponse = message({});

export const GatewaySolveRequest = message({
  definition: of(1, Definition),
  frontend: string(2),
  frontendOpt: stringMap(3),
  allowResultReturn: bool(5),
  allowResultArrayRef: bool(6),
  cacheImports: many(12, Typed),
  frontendInputs: mapOf(13, Definition),
  evaluate: bool(14),
});
export const GatewaySolveResponse = message({ ref: string(1), result: of(3, Result) });

const FileRange = message({ offset: int64(1), length: int64(2) });
export const ReadFileRequest = message({ ref: string(1), filePath: string(2), range: of(3, FileRange) });
export const ReadFileResponse = message({ data: bytes(1) });
export const ReadDirRequest = message({ ref: string(1), dirPath: string(2), includePattern: string(3) });
export const ReadDirResponse = message({ entries: many(1, Stat) });
export const StatFileRequest = message({ ref: string(1), path: string(2) });
export const StatFileResponse = message({ stat: of(1, Stat) });
export const EvaluateRequest = message({ ref: string(1) });
export const EvaluateResponse = message({});
export const InputsRequest = message({});
export const InputsResponse = message({ definitions: mapOf(1, Definition) });
export const WarnRequest = message({ digest: string(1), level: int64(2), short: bytes(3), url: string(5) });
export const WarnResponse = message({});

export const ResolveImageConfigRequest = message({
  ref: string(1),
  platform: of(2, Platform),
  resolveMode: string(3),
  logName: string(4),
  resolverType: int32(5),
});
export const ResolveImageConfigResponse = message({ digest: string(1), config: bytes(2), ref: string(3) });

const SERVICE = '/moby.buildkit.v1.frontend.LLBBridge';

/** `moby.buildkit.v1.frontend.LLBBridge`, as far as it is served. */
export const Gateway = {
  ping: method(`${SERVICE}/Ping`, PingRequest, PongResponse),
  solve: method(`${SERVICE}/Solve`, GatewaySolveRequest, GatewaySolveResponse),
  return: method(`${SERVICE}/Return`, ReturnRequest, ReturnResponse),
  evaluate: method(`${SERVICE}/Evaluate`, EvaluateRequest, EvaluateResponse),
  inputs: method(`${SERVICE}/Inputs`, InputsRequest, InputsResponse),
  warn: method(`${SERVICE}/Warn`, WarnRequest, WarnResponse),
  readFile: method(`${SERVICE}/ReadFile`, ReadFileRequest, ReadFileResponse),
  readDir: method(`${SERVICE}/ReadDir`, ReadDirRequest, ReadDirResponse),
  statFile: method(`${SERVICE}/StatFile`, StatFileRequest, StatFileResponse),
};
