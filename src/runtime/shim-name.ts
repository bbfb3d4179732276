/** What containerd calls runc. */
const RUNC = 'io.containerd.runc.v2';

/** Docker: any name of this form is taken at create, as that of a shim which the start looks for. */
export function isShimName(name: string): boolean {
  return /^io\.containerd\.[\w.-]+\.v\d+$/.test(name);
}

/** Whether it stands for a runtime as we start it, without a shim. */
export function isRuncShim(name: string): boolean {
  return name === RUNC;
}

/** Docker's end of `failed to create task for container: ` for a shim that is not installed; none is ever used here. */
export function missingShim(name: string): string {
  const [, kind, version] = /^io\.containerd\.(.+)\.(v\d+)$/.exec(name) ?? [];
  const binary = `containerd-shim-${kind}-${version}`;
  return `failed to start shim: failed to resolve runtime path: runtime "${name}" binary not installed "${binary}": file does not exist`;
}
