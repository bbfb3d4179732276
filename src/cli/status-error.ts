/** An error that ends the program with a given exit code; the message is printed as it is (nothing when empty). */
export class StatusError extends Error {
  readonly code: number;
  constructor(message: string, code: number) {
    super(message);
    this.code = code;
  }
}
