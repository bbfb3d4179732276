/** What of a container its log driver knows. */
export interface LogSubject {
  readonly id: string;
  /** Without the slash. */
  readonly name: string;
  readonly createdNano: bigint;
  readonly imageId: string;
  readonly imageName: string;
  readonly path: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Of the one log file. */
  readonly logPath: string;
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
}

/** The folder name that people see: first 12 hex digits. */
export const shortId = (id: string): string => id.slice(0, 12);
