const OWN =
  /^(?:(?:index\.)?docker\.io\/)?docker\/dockerfile(?:-upstream)?(?::(?:1|1\.\d+|1\.\d+\.\d+|latest|master|labs|master-labs)(?:-(?:labs|rc\d+))*)?(?:@sha256:[0-9a-f]{64})?$/;

/** Whether a frontend is one of Docker's own for Dockerfiles, which this module stands in for. */
export function isOwnSyntax(reference: string): boolean {
  return reference.length < 1024 && OWN.test(reference);
}
