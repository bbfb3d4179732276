/**
 * Containers as processes: the OCI spec and the cgroup that a container's configuration means (`spec/`, `cgroup/`,
 * `seccomp/`: values computed from values), and the monitors and OCI runtimes that run it. Owns the cgroups under
 * `/gantry<suffix>` (or scopes of that name) and what lies below the exec root. The only module that starts OCI runtimes.
 */
export { defaultProfile, loadDefaultProfile, removeDefaultProfile } from './apparmor/load.ts';
export type { CdiRegistry } from './cdi/registry.ts';
export { readRegistry } from './cdi/registry.ts';
export { freeze, isFrozen, thaw } from './cgroup/freeze.ts';
export { killAll } from './cgroup/kill-all.ts';
export { planCgroup, updateSteps } from './cgroup/make-plan.ts';
export { ensureParents } from './cgroup/parents.ts';
export type { CgroupDriver } from './cgroup/place.ts';
export { cgroupDriver, validateCgroupParent } from './cgroup/place.ts';
export type { CgroupDirectory, CgroupPlan, CgroupRequest, CgroupStep } from './cgroup/plan.ts';
export { removeCgroup } from './cgroup/remove.ts';
export { removeMarkedParents } from './cgroup/remove-parents.ts';
export { runSetup } from './cgroup/steps.ts';
export { markedCgroups } from './cgroup/sweep.ts';
export type { CgroupPlace } from './cgroup/tree.ts';
export { listPids, oomKills } from './cgroup/tree.ts';
export { disablesCgroups } from './command.ts';
export { rootfsPath, runDirectory } from './context.ts';
export type { ExecRequest } from './exec.ts';
export type { HostFacts, ResourceFacts } from './host-facts.ts';
export { detectHostFacts, hostWarnings } from './host-facts.ts';
export type { RuntimeInfo, RuntimeSetting } from './info.ts';
export type { Streams } from './monitor/attach.ts';
export type { PlacedMount, UserNamespace } from './monitor/instructions.ts';
export type { Observed } from './observe.ts';
export { runnablePlatforms } from './platforms.ts';
export type { LogTarget, Prepared, PrepareRequest, SandboxLinks } from './prepare.ts';
export type { ExitRecord, Started } from './records.ts';
export type { RuntimeOptions, Size } from './runtime.ts';
export { Runtime } from './runtime.ts';
export { SeccompCompiler } from './seccomp/compile.ts';
export { isRuncShim, isShimName } from './shim-name.ts';
export { apparmorProfile } from './spec/apparmor.ts';
export type { BuiltSpec } from './spec/build.ts';
export { buildCgroup, buildSpec, stubSysctls } from './spec/build.ts';
export { apparmorParser, detectSpecHost, hostArchitecture } from './spec/detect-host.ts';
export type { ExecProcessInput } from './spec/exec-process.ts';
export { execProcess } from './spec/exec-process.ts';
export { findDevices } from './spec/find-devices.ts';
export type { NamespaceSources, ResolvedMount, SpecDefaults, SpecHost, SpecInput } from './spec/input.ts';
export { maskedPaths, readonlyPaths } from './spec/paths.ts';
export type { Resources } from './spec/resources.ts';
export { containerResources } from './spec/resources.ts';
export { parseSecurityOptions } from './spec/security-options.ts';
export { resolveUser } from './spec/user.ts';
export type { HostConfigContext } from './spec/validate-host-config.ts';
export { validateHostConfig } from './spec/validate-host-config.ts';
export type { Validated } from './spec/validate-resources.ts';
export { validateResources } from './spec/validate-resources.ts';
export type { PortSocket, StartRequest } from './start.ts';
export type { Sample } from './stats/sample.ts';
export type { LimitChange } from './update.ts';
